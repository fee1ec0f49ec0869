import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CondaDiffError } from '../../shared/errors.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { remarks, requireReadable, writeReference } from '../../shared/present-state.js';
import { encodeReference, referenceOf } from '../../shared/reference.js';
import { stateOf } from '../../shared/state.js';
import { entryOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { refuses, rejects } from '../support/refusal.js';
import { surveyOf } from '../support/survey.js';

const REFERENCE = referenceOf(stateOf([entryOf('a')]), NO_GLOBS);

describe('writeReference', () => {
  it('writes anywhere outside, and inside under a name that is never tracked', async (t) => {
    const root = await temporaryDirectory(t);
    const outside = await temporaryDirectory(t);
    await mkdir(join(root, 'noarch'));
    for (const file of [
      join(outside, 'any name.json'),
      join(root, 'reference.json'),
      join(root, 'noarch/reference.json'),
    ]) {
      await writeReference({ repository: root }, file, REFERENCE);
      assert.deepEqual(await readFile(file), Buffer.concat([...encodeReference(REFERENCE)]));
    }
    assert.deepEqual((await readdir(root)).sort(), ['noarch', 'reference.json']);
  });

  it('refuses to become a file of the repository, also by way of a link', async (t) => {
    const root = await temporaryDirectory(t);
    const outside = await temporaryDirectory(t);
    await symlink(root, join(outside, 'link'));
    for (const file of [join(root, 'state.json'), join(outside, 'link', 'state.json')]) {
      await rejects(
        writeReference({ repository: root }, file, REFERENCE),
        'usage',
        /would become a file of the repository/,
      );
    }
    assert.deepEqual(await readdir(root), []);
  });

  it('names the directory that is not there', async (t) => {
    const root = await temporaryDirectory(t);
    await rejects(
      writeReference({ repository: root }, join(root, 'none/reference.json'), REFERENCE),
      'io',
      /Cannot write .*ENOENT/,
    );
  });
});

describe('requireReadable', () => {
  it('throws the first problem, with the others as details', () => {
    requireReadable(surveyOf({}));
    const unreadable = ['one', 'two'].map(
      (message) => new CondaDiffError('source', message, { hint: 'Do this' }),
    );
    const error = refuses(
      () => requireReadable(surveyOf({}, { unreadable })),
      'source',
      /^one\ntwo\nDo this$/,
    );
    assert.equal(error.exitCode, 10);
  });
});

describe('remarks', () => {
  it('has a line for each thing worth knowing, with three examples', () => {
    assert.deepEqual(remarks(surveyOf({})), []);
    const found = remarks(
      surveyOf(
        {},
        {
          missing: ['a', 'b', 'c', 'd'],
          unindexed: ['x'],
          external: ['https://y'],
          withoutRepodata: [''],
          strayLinks: [{ path: 'l', target: '/etc' }],
        },
      ),
    );
    assert.deepEqual(found, [
      'Records without a file: 4 (a, b, c, …)',
      'Artifacts that no index names, left out: 1 (x)',
      'Records that lead out of the repository, left out: 1 (https://y)',
      'Directories with index variants but no repodata.json: 1 (.)',
      'Symbolic links that lead out of the repository or nowhere, left out: 1 (l -> /etc)',
    ]);
  });
});
