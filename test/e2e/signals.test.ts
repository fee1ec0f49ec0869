import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDirectory } from '../support/channel.js';
import {
  assertSettled,
  command,
  crossingOfFile,
  packages,
  separateCopy,
  unexcused,
} from '../support/crossing.js';
import { setFirstBase } from '../support/exporting.js';
import { nextRuns } from '../support/importing.js';
import { hashTree, isIndex } from '../support/index-reader.js';
import { skipWithout } from '../support/run-command.js';
import { type Spawned } from '../support/spawned.js';
import { startSlowly } from '../support/strace.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const next = nextRuns(process.env.CONDA_DIFF_CALLS === 'all');

/** The first file that the import of the update publishes. */
const FIRST_PUBLISHED = 'linux-64/p100-1.0-0.conda';

const noarch = packages(200, 210);
const crossing = crossingOfFile(
  [
    { 'linux-64': packages(0, 60), noarch },
    { 'linux-64': [...packages(10, 55), ...packages(55, 60, 'replaced '), ...packages(100, 140)], noarch },
  ],
  { zst: true, shards: 'shards' },
);

/** Waits until something is so. */
async function until(run: Spawned, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    assert.ok(!run.hasEnded(), 'it ended too early');
    await sleep(1);
  }
}

const skip = skipWithout('strace');

describe('A signal to an import', { skip }, () => {
  for (const signal of SIGNALS) {
    it(`${signal} while it stages: exit 130, nothing was changed, the next run applies`, async (t) => {
      const copy = await separateCopy(await crossing, t);
      const args = ['apply', (await crossing).updates[0] ?? '', copy];
      const run = startSlowly('fsync', 5, 'conda-diff-import', args);
      await until(run, () => existsSync(join(copy, '.conda-diff/stage/0')));
      run.kill(signal);
      const { code, stderr } = await run.ended;
      assert.equal(code, 130, stderr);
      assert.match(stderr, new RegExp(`Interrupted by ${signal}`));
      assertSettled(copy, await crossing, [0]);
      await next.apply(copy, (await crossing).updates[0] ?? '');
      assertSettled(copy, await crossing, [1]);
    });
  }

  it('while apply publishes new files: exit 130 before the burst, the next run goes on', async (t) => {
    const { updates, trees } = await crossing;
    const [before = new Map(), after = new Map()] = trees;
    const copy = await separateCopy(await crossing, t);
    const args = ['apply', updates[0] ?? '', copy];
    const run = startSlowly('rename', 10, 'conda-diff-import', args);
    await until(run, () => existsSync(join(copy, FIRST_PUBLISHED)));
    run.kill('SIGTERM');
    const { code, stderr } = await run.ended;
    assert.equal(code, 130, stderr);
    assert.deepEqual(unexcused(copy, before, after), []);
    const found = hashTree(copy);
    for (const path of found.keys()) if (isIndex(path)) assert.equal(found.get(path), before.get(path), path);
    await next.apply(copy, updates[0] ?? '');
    assertSettled(copy, await crossing, [1]);
  });

  it('while undo is in the burst: exit 130 after it, recovery goes on', async (t) => {
    const { updates, trees } = await crossing;
    const [base = new Map(), target = new Map()] = trees;
    const copy = await separateCopy(await crossing, t);
    await next.apply(copy, updates[0] ?? '');
    const first = join(copy, 'linux-64/p55-1.0-0.conda');
    const { ino } = statSync(first);
    const run = startSlowly('rename', 10, 'conda-diff-import', ['undo', copy]);
    await until(run, () => statSync(first).ino !== ino);
    run.kill('SIGHUP');
    const { code, stderr } = await run.ended;
    assert.equal(code, 130, stderr);
    assert.deepEqual(unexcused(copy, target, base), []);
    const status = await command('conda-diff-import', ['status', copy]);
    assert.match(status.stdout, /Interrupted undo of update 1/);
    await next.recover(copy);
    assertSettled(copy, await crossing, [0]);
  });

  for (const second of ['SIGINT', 'SIGTERM'] as const) {
    it(`SIGINT and then ${second}: it ends at once, which is safe`, async (t) => {
      const { updates, trees } = await crossing;
      const [before = new Map(), after = new Map()] = trees;
      const copy = await separateCopy(await crossing, t);
      const args = ['apply', updates[0] ?? '', copy];
      const run = startSlowly('rename', 20, 'conda-diff-import', args);
      await until(run, () => existsSync(join(copy, FIRST_PUBLISHED)));
      run.kill('SIGINT');
      await sleep(100);
      assert.ok(!run.hasEnded(), 'the first signal waits for the end of the step');
      run.kill(second);
      assert.equal((await run.ended).signal, second);
      assert.deepEqual(unexcused(copy, before, after), []);
      await next.apply(copy, (await crossing).updates[0] ?? '');
      assertSettled(copy, await crossing, [1]);
    });
  }
});

describe('A signal to an export', { skip }, () => {
  for (const signal of ['SIGHUP'] as const) {
    it(`${signal} while it writes: exit 130, nothing is left, the next run is right`, async (t) => {
      const { mirror } = await crossing;
      const folder = await temporaryDirectory(t);
      const outbox = join(folder, 'outbox');
      const args = ['create', mirror, '-o', `${outbox}/`, '--state-dir', join(folder, 'state')];
      await setFirstBase(mirror, undefined, join(folder, 'state'));
      const run = startSlowly('write', 2, 'conda-diff-export', args);
      const isPartial = (name: string): boolean => /^update\.tar\..*\.partial$/.test(name);
      await until(run, () => listed(join(outbox, 'default-1')).some(isPartial));
      run.kill(signal);
      const { code, stderr } = await run.ended;
      assert.equal(code, 130, stderr);
      assert.deepEqual(listed(join(outbox, 'default-1')), []);
      assert.deepEqual(
        listed(join(mirror, '.conda-diff')).filter((name) => /partial|lock|capture/.test(name)),
        [],
      );
      await command('conda-diff-export', args);
      const copy = join(folder, 'copy');
      await next.apply(copy, join(outbox, 'default-2'));
      assertSettled(copy, await crossing, [1]);
    });
  }
});

function listed(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
