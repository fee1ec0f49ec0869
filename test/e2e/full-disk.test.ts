import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listTree } from '../support/channel.js';
import { assertSettled, command, crossingOfFile, packages, workLeftIn } from '../support/crossing.js';
import { nextRuns } from '../support/importing.js';
import { mountExt4, mountTmpfs, skipWithoutMounts } from '../support/mounts.js';
import { skipWithout } from '../support/run-command.js';
import { startSlowly } from '../support/strace.js';

const noarch = packages(200, 210);
const crossing = crossingOfFile(
  [
    { 'linux-64': packages(0, 60), noarch },
    { 'linux-64': [...packages(10, 55), ...packages(55, 60, 'replaced '), ...packages(100, 200)], noarch },
  ],
  { zst: true, shards: 'shards' },
);

const next = nextRuns(process.env.CONDA_DIFF_CALLS === 'all');

/** A copy in the first state on another disk. */
async function copyOn(disk: string): Promise<string> {
  const copy = join(disk, 'copy');
  execFileSync('cp', ['-a', (await crossing).base, copy]);
  return copy;
}

async function argumentsFor(copy: string): Promise<string[]> {
  return ['apply', (await crossing).updates[0] ?? '', copy];
}

/** Writes zeros until this many bytes are left, or none. */
function fill(disk: string, left: number): string {
  const ballast = join(disk, 'ballast');
  const file = openSync(ballast, 'a');
  const free = (): number => statfsSync(disk).bavail * statfsSync(disk).bsize;
  try {
    while (free() > left) writeSync(file, Buffer.alloc(Math.min(65_536, free() - left)));
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  } finally {
    closeSync(file);
  }
  return ballast;
}

describe('A full disk', { skip: skipWithoutMounts() || skipWithout('strace') }, () => {
  for (const [what, mount] of [
    ['ext4', mountExt4],
    ['tmpfs', (t, megabytes) => mountTmpfs(t, `${megabytes}m`)],
  ] satisfies [string, typeof mountExt4][]) {
    it(`${what}: is refused before anything is written, with what is needed and what is free`, async (t) => {
      const disk = mount(t, 24);
      const copy = await copyOn(disk);
      const ballast = fill(disk, 1_500_000);
      const before = await listTree(copy);
      const { stderr } = await command('conda-diff-import', await argumentsFor(copy), 15);
      assert.match(stderr, /cannot be applied to .*; nothing was changed/);
      assert.match(stderr, /[23]\.\d MB are needed, 1\.[45] MB are free/);
      assert.match(stderr, /free space, or give up undo with --no-undo/);
      assert.deepEqual(await listTree(copy), before);
      rmSync(ballast);
      await next.apply(copy, (await crossing).updates[0] ?? '');
      assertSettled(copy, await crossing, [1]);
    });

    it(`${what}: fills while files are staged: exit 15, the base, and nothing of ours is left`, async (t) => {
      const disk = mount(t, 24);
      const copy = await copyOn(disk);
      const run = startSlowly('write', 2, 'conda-diff-import', await argumentsFor(copy));
      while (!existsSync(join(copy, '.conda-diff/stage/5')) && !run.hasEnded()) await sleep(1);
      const ballast = fill(disk, 0);
      const { code, stderr } = await run.ended;
      assert.equal(code, 15, stderr);
      assert.match(stderr, /Cannot write .* to the stage: ENOSPC: no space left on device/);
      assertSettled(copy, await crossing, [0]);
      assert.deepEqual(workLeftIn(copy), []);
      rmSync(ballast);
      await next.apply(copy, (await crossing).updates[0] ?? '');
      assertSettled(copy, await crossing, [1]);
    });
  }

  it('without room for more files is refused before anything is written', async (t) => {
    const copy = await copyOn(mountTmpfs(t, '24m', 300));
    const before = await listTree(copy);
    const { stderr } = await command('conda-diff-import', await argumentsFor(copy), 15);
    assert.match(stderr, /\d+ inodes are needed, \d+ are free/);
    assert.deepEqual(await listTree(copy), before);
  });
});
