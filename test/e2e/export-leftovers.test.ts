/** What an export that was killed leaves in the state directory, and what the next one makes of it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { partialName } from '../../shared/atomic-file.js';
import { writeChannel } from '../support/channel.js';
import { applyUpdate, createUpdate, init, prepared, succeed } from './two-sides.js';

const sides = prepared(async (made) => {
  await writeChannel(made.mirror, { noarch: [{ name: 'a' }, { name: 'b' }] });
  await init(made, '--empty');
});

describe('What a killed export left', { concurrency: 2 }, () => {
  test('files that were not complete are removed wherever the next one writes, and no others', async (t) => {
    const made = await sides(t);
    const own = join(made.mirror, '.conda-diff');
    const stateDirectory = join(made.folder, 'state');
    await init(made, '--empty', '--state-dir', stateDirectory);
    const references = join(stateDirectory, 'references');
    const places = [own, stateDirectory, references];
    await mkdir(references, { recursive: true });
    for (const place of places) {
      await writeFile(partialName(join(place, 'ledger.jsonl')), 'half');
      await writeFile(join(place, 'note.partial'), 'of somebody else');
    }
    await createUpdate(made, '--state-dir', stateDirectory);
    for (const place of places) {
      const partials = (await readdir(place)).filter((name) => name.endsWith('.partial'));
      assert.deepEqual(partials, ['note.partial'], place);
    }
  });

  test('captured metadata is not written over or through: the next one begins with none', async (t) => {
    const made = await sides(t);
    const captured = join(made.mirror, '.conda-diff/capture');
    const elsewhere = join(made.folder, 'elsewhere');
    await mkdir(elsewhere);
    const theirs = join(elsewhere, 'repodata.json');
    await writeFile(theirs, 'of somebody else');
    await mkdir(captured);
    await symlink(elsewhere, join(captured, 'noarch'));
    const { outputs } = await createUpdate(made, '-o', join(made.folder, 'first.tar'));
    assert.equal(await readFile(theirs, 'utf8'), 'of somebody else');
    assert.ok(!existsSync(captured));
    await applyUpdate(made, outputs.volume);
    const index = 'noarch/repodata.json';
    assert.deepEqual(await readFile(join(made.copy, index)), await readFile(join(made.mirror, index)));
  });

  test('a torn last line of the ledger is flagged by every command that goes on without it', async (t) => {
    const made = await sides(t);
    const said = /The last line of the ledger was torn by a crash and is left out/;
    await appendFile(join(made.mirror, '.conda-diff/ledger.jsonl'), '{"event":"planned","site":"def');
    for (const command of ['status', 'log'])
      assert.match((await succeed('conda-diff-export', [command, made.mirror])).stderr, said, command);
    const create = ['create', made.mirror, '-o', made.outbox];
    assert.match((await succeed('conda-diff-export', create)).stderr, said);
    const after = await succeed('conda-diff-export', ['status', made.mirror]);
    assert.doesNotMatch(after.stderr, said, 'it was cut off when the next line was written');
  });
});
