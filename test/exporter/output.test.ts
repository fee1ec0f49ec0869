import assert from 'node:assert/strict';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { existingOutputs, makeOutputDirectory, removeOutputs, resolveOutput } from '../../exporter/output.js';
import { outputNames } from '../../exporter/output-names.js';
import { temporaryDirectory } from '../support/channel.js';
import { refuses, rejects } from '../support/refusal.js';
import { writeFiles } from '../support/update.js';

describe('resolveOutput', () => {
  it('takes a .tar file as it is, and gives each update a directory of its own in a directory', async (t) => {
    const folder = await temporaryDirectory(t);
    const repository = join(folder, 'mirror');
    await mkdir(join(folder, 'there'));
    for (const [option, volume] of [
      ['week.tar', 'week.tar'],
      ['new/deep/week.tar', 'new/deep/week.tar'],
      ['there', 'there/default-7/update.tar'],
      ['there/', 'there/default-7/update.tar'],
      ['not-there/', 'not-there/default-7/update.tar'],
      ['mirror/update.tar', 'mirror/update.tar'],
      ['mirror/noarch/update.tar', 'mirror/noarch/update.tar'],
    ] as const) {
      const path = option.endsWith('/') ? join(folder, option) : join(folder, option);
      assert.deepEqual(resolveOutput(path, repository, 'default', 7), outputNames(join(folder, volume)));
    }
  });

  it('refuses what is neither a .tar file nor a directory', async (t) => {
    const folder = await temporaryDirectory(t);
    for (const name of ['week', 'week.tar.gz', 'week.zip']) {
      refuses(
        () => resolveOutput(join(folder, name), '/r', 'default', 1),
        'usage',
        /neither a \.tar file nor a directory/,
      );
    }
  });

  it('refuses names that cannot stand in a manifest', async (t) => {
    const folder = await temporaryDirectory(t);
    for (const name of ['.tar', '.hidden.tar', 'a\\b.tar', 'a\nb.tar']) {
      refuses(
        () => resolveOutput(join(folder, name), '/r', 'default', 1),
        'usage',
        /name that cannot stand in a manifest/,
      );
    }
  });

  it('refuses our own state, also by way of a link and where it is not there yet', async (t) => {
    const folder = await temporaryDirectory(t);
    const repository = join(folder, 'mirror');
    await mkdir(repository);
    await symlink(repository, join(folder, 'link'));
    for (const place of [
      'mirror/.conda-diff/update.tar',
      'mirror/.conda-diff/deep/',
      'link/.conda-diff/update.tar',
    ]) {
      refuses(
        () => resolveOutput(join(folder, place), repository, 'default', 1),
        'usage',
        /lies in our own state/,
      );
    }
    resolveOutput(join(folder, 'mirror/.conda-diff-2/update.tar'), repository, 'default', 1);
  });
});

describe('the files of an update', () => {
  it('are found, and removed with what an interrupted run left; nothing else is', async (t) => {
    const folder = await temporaryDirectory(t);
    const names = outputNames(join(folder, 'a/b/update.tar'));
    await makeOutputDirectory(names);
    await removeOutputs(outputNames(join(folder, 'nowhere/update.tar')));
    assert.deepEqual(existingOutputs(names), []);
    const signature = 'update.manifest.json.0123456789abcdef.sig';
    const ours = [
      ...['update.tar', 'update.manifest.json', 'update.base.json.gz', signature],
      ...['update.001.tar', 'update.002.tar'],
    ];
    const partial = ours.map((name) => `${name}.0a1b2c3d.partial`);
    const others = [
      'other.tar',
      'other.tar.0a1b2c3d.partial',
      'update.tar.partial',
      'update.tar.0a1b2c3d.partial.x',
      'update.tar2',
      'update.004.tar',
      'update.0002.tar',
      'update.20240131.tar',
      'update.manifest.json.officer.sig',
      'other.001.tar',
    ];
    await writeFiles(
      join(folder, 'a/b'),
      Object.fromEntries([...ours, ...partial, ...others].map((name) => [name, ''])),
    );
    assert.deepEqual(existingOutputs(names), [
      names.manifest,
      names.archive,
      names.baseReference,
      ...[signature, 'update.002.tar', 'update.001.tar'].map((name) => join(folder, 'a/b', name)),
    ]);
    await removeOutputs(names);
    assert.deepEqual((await readdir(join(folder, 'a/b'))).sort(), [...others].sort());
  });

  it('cannot be in a directory that cannot be made', async (t) => {
    const folder = await temporaryDirectory(t);
    await writeFiles(folder, { file: '' });
    await rejects(
      makeOutputDirectory(outputNames(join(folder, 'file/update.tar'))),
      'io',
      /Cannot create .*file: /,
    );
  });
});
