import assert from 'node:assert/strict';
import { cp, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { writeChannel } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';
import { runTraced } from '../support/strace.js';
import { applyUpdate, assertSameTrees, createUpdate, init, twoSides } from './two-sides.js';

/** More than an export of three volumes renames. */
const MOST = 40;
/** Every so manieth rename is tried. */
const EVERY = process.env['CONDA_DIFF_CALLS'] === 'all' ? 1 : 3;

test(
  'an export of three volumes that is killed at any rename leaves no update, and the next one is whole',
  { skip: skipWithout('strace') },
  async (t) => {
    const sides = await twoSides(t);
    const at = (name: string) => ({ name, files: { text: name.repeat(60_000) } });
    await writeChannel(sides.mirror, { noarch: [at('a'), at('b'), at('c')] });
    await init(sides, '--empty');
    const kept = join(sides.folder, 'kept');
    await cp(sides.mirror, kept, { recursive: true, preserveTimestamps: true });
    const size = ['--volume-size', '80k'];
    const killed = new Set<string>();
    for (let when = 1; when < MOST; when += EVERY) {
      await rm(sides.mirror, { recursive: true });
      await rm(sides.outbox, { recursive: true, force: true });
      await rm(sides.copy, { recursive: true, force: true });
      await cp(kept, sides.mirror, { recursive: true, preserveTimestamps: true });
      const args = ['create', sides.mirror, '-o', join(sides.outbox, 'update.tar'), ...size];
      const { code, calls } = await runTraced('conda-diff-export', args, {
        ...{ call: 'rename', error: 'SIGKILL', when },
      });
      if (code === 0) break;
      killed.add(basename(calls.at(-1)?.paths.at(-1) ?? ''));
      const left = await readdir(sides.outbox).catch((): string[] => []);
      const isWhole = left.includes('update.manifest.json');
      const volumes = left.filter((name) => name.endsWith('.tar'));
      assert.ok(!isWhole || volumes.length === 3, left.join());
      const next = await createUpdate(sides, ...size, '-o', join(sides.outbox, 'update.tar'));
      const files = (await readdir(sides.outbox)).sort();
      assert.deepEqual(
        files.filter((name) => !name.startsWith('.')),
        ['001.tar', '002.tar', '003.tar', 'base.json.gz', 'manifest.json'].map((name) => `update.${name}`),
        `killed at rename ${when}: ${next.outcome}`,
      );
      assert.deepEqual(files.length, 5, files.join());
      await applyUpdate(sides, sides.outbox);
      await assertSameTrees(sides);
    }
    t.diagnostic([...killed].join(', '));
    assert.ok(killed.size > 2, 'it was hardly ever killed');
  },
);
