/** What the disk says of files that it is given while others are still being written. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { writeChannel } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';
import { type Call, runTraced } from '../support/strace.js';
import { init, prepared } from './two-sides.js';

/** More than is written before the disk is given it. */
const LARGE = 'x'.repeat(17 << 20);

const sides = prepared(async (made) => {
  const artifact = { name: 'a', files: { 'share/a': LARGE } };
  await writeChannel(made.mirror, { noarch: [artifact, { ...artifact, name: 'b' }, { name: 'c' }] });
  await init(made, '--empty');
});

describe('A disk that fails behind what is being written', { skip: skipWithout('strace') }, () => {
  test('while an archive is written: exit 15, and there is no update', async (t) => {
    const made = await sides(t);
    const args = ['create', made.mirror, '-o', `${made.folder}/update.tar`];
    const { code, stderr, calls } = await runTraced('conda-diff-export', args, failing('fdatasync'));
    assert.equal(code, 15, stderr);
    assert.match(stderr, /Cannot write .*update\.tar.*EIO/);
    assert.equal(calls.filter(({ isInjected }) => isInjected).length, 1);
    assert.equal(existsSync(`${made.folder}/update.tar`), false);
    assert.equal(existsSync(`${made.folder}/update.manifest.json`), false);
  });
});

const failing = (call: Call): { call: Call; error: string; when: number } => ({
  call,
  error: 'EIO',
  when: 1,
});
