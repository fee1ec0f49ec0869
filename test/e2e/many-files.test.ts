import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSyntheticChannel } from '../bench/synthetic-channel.js';
import { listTree } from '../support/channel.js';
import { command } from '../support/crossing.js';
import { memoryDirectory } from '../support/memory-directory.js';
import { Random, seedFromEnvironment } from '../support/random.js';
import { skipWithout } from '../support/run-command.js';
import { type Call, runTraced, startSlowly } from '../support/strace.js';

/** More than from where on threads write the files of an update (see `MANY_FILES`). */
const ARTIFACTS = 600;
/** Further than the main thread comes with any of these calls; how many files it opens depends on Node. */
const FAR = 300;
const CALLS: readonly Call[] = ['fchmod', 'fsync'];
const KILLS = Math.ceil(Number(process.env.CONDA_DIFF_KILLS ?? 10) / 5);

test('An update of many small files, written by threads', { skip: skipWithout('strace') }, async (t) => {
  const folder = await memoryDirectory(t);
  const [mirror, copy, outbox] = ['mirror', 'copy', 'outbox'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  buildSyntheticChannel(mirror, {
    ...{ subdirs: ['linux-64', 'noarch'], artifacts: ARTIFACTS, files: 'whole' },
    size: (n) => n % 500,
  });
  const published = (): string[] => readdirSync(copy).filter((name) => name !== '.conda-diff');
  await command('conda-diff-export', ['init', mirror, '--empty']);
  await command('conda-diff-export', ['create', mirror, '-o', `${outbox}/`]);
  const update = join(outbox, 'default-1');

  await t.test('has the content, modes and times of the mirror in the end', async () => {
    mkdirSync(copy, { mode: 0o755 });
    await command('conda-diff-import', ['apply', update, copy]);
    const shown = async (root: string): Promise<unknown[]> =>
      (await listTree(root))
        .filter(({ path }) => !path.startsWith('.conda-diff'))
        .map(({ path, sha256, mode, mtimeMs }) => [
          path,
          sha256,
          mode,
          mtimeMs && Math.floor(mtimeMs / 1000),
        ]);
    const files = await shown(mirror);
    assert.ok(files.length > 2 * ARTIFACTS);
    assert.deepEqual(await shown(copy), files);
  });

  await t.test(`${KILLS} kills while the threads write: nothing changed, the next run ends it`, async (t) => {
    const seed = seedFromEnvironment();
    t.diagnostic(`seed ${seed} (CONDA_DIFF_SEED), ${KILLS} kills (a fifth of CONDA_DIFF_KILLS)`);
    const random = new Random(seed);
    const stage = join(copy, '.conda-diff', 'stage');
    const staged = (): number => (existsSync(stage) ? readdirSync(stage).length : 0);
    for (let kill = 0; kill < KILLS; kill++) {
      await rm(copy, { recursive: true });
      mkdirSync(copy);
      const enough = 1 + random.next() * ARTIFACTS;
      const run = startSlowly('fsync', 5, 'conda-diff-import', ['apply', update, copy]);
      while (staged() < enough && !run.hasEnded()) await sleep(1);
      run.kill('SIGKILL');
      const { signal, stderr } = await run.ended;
      assert.equal(signal, 'SIGKILL', stderr);
      assert.ok(staged() >= enough, `${staged()} files are staged`);
      assert.deepEqual(published(), []);
      await command('conda-diff-import', ['apply', update, copy]);
      await command('conda-diff-import', ['verify', '--all', copy]);
    }
  });

  for (const call of CALLS) {
    await t.test(
      `of which a ${call} fails: exit 15, the file is named, nothing changed, the next run ends it`,
      async () => {
        await rm(copy, { recursive: true });
        mkdirSync(copy);
        const run = await runTraced('conda-diff-import', ['apply', update, copy], {
          call,
          error: 'EIO',
          when: FAR,
        });
        assert.ok(run.calls.some(({ isInjected }) => isInjected));
        assert.equal(run.code, 15, run.stderr);
        assert.match(run.stderr, /Cannot write (linux-64|noarch)\/\S+ to the stage: EIO/);
        assert.deepEqual(published(), []);
        assert.ok(!readdirSync(join(copy, '.conda-diff')).includes('stage'));
        await command('conda-diff-import', ['apply', update, copy]);
        await command('conda-diff-import', ['verify', '--all', copy]);
      },
    );
  }
});
