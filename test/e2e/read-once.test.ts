import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { writeChannel } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';
import { runTraced } from '../support/strace.js';
import { createUpdate, init, succeed, twoSides } from './two-sides.js';

test(
  'a document of an update is opened once: what was verified is what is parsed',
  { skip: skipWithout('strace') },
  async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, { noarch: [{ name: 'a' }, { name: 'b' }] });
    await mkdir(join(sides.folder, 'keys'));
    const key = join(sides.folder, 'keys/k');
    await succeed('conda-diff-export', ['keygen', key, '-q']);
    await init(sides, '--empty');
    const { outputs } = await createUpdate(sides, '--sign-key', `${key}.private.pem`);
    const { manifest, baseReference, volume, signatures } = outputs;
    const args = ['check', manifest, sides.copy, '--trusted-key', `${key}.public.pem`];
    const { code, stderr, calls } = await runTraced('conda-diff-import', args);
    assert.equal(code, 0, stderr);
    const opened = (file: string): number =>
      calls.filter(({ call, paths }) => call === 'open' && paths.some((path) => path === file)).length;
    for (const file of [manifest, baseReference, ...signatures])
      assert.equal(opened(file), 1, `${basename(file)} was opened ${opened(file)} times`);
    // At first only to see which volume it is; then every byte is held against the manifest.
    assert.equal(opened(volume), 2);
  },
);
