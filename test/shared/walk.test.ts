import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { indexDirectoriesOf, walk } from '../../shared/walk.js';
import { temporaryDirectory } from '../support/channel.js';
import { writeFiles } from '../support/update.js';

function listed(root: string): { files: Record<string, string[]>; stray: Record<string, string> } {
  const { files, strayLinks } = walk(root);
  return {
    files: Object.fromEntries([...files].map(([directory, names]) => [directory, [...names].sort()])),
    stray: Object.fromEntries(strayLinks.map(({ path, target }) => [path, target])),
  };
}

describe('walk', () => {
  it('lists files by directory, dot-files and dot-directories left out', async (t) => {
    const root = await temporaryDirectory(t);
    await writeFiles(root, { a: '', '.b': '', 'c/d': '', 'c/e/f': '', 'c/.g/h': '', '.conda-diff/lock': '' });
    await mkdir(join(root, 'empty'));
    assert.deepEqual(listed(root), { files: { '': ['a'], c: ['d'], 'c/e': ['f'], empty: [] }, stray: {} });
  });

  it('reads links that stay inside as what they point at', async (t) => {
    const root = await temporaryDirectory(t);
    await writeFiles(root, { 'pkgs/a': '', 'noarch/x': '' });
    await symlink('../pkgs/a', join(root, 'noarch/a'));
    await symlink(join(root, 'pkgs'), join(root, 'absolute'));
    await symlink('absolute', join(root, 'twice'));
    assert.deepEqual(listed(root), {
      files: { '': [], pkgs: ['a'], noarch: ['a', 'x'], absolute: ['a'], twice: ['a'] },
      stray: {},
    });
  });

  it('reports links that lead outside, nowhere, in a circle, or to our own state', async (t) => {
    const outside = await temporaryDirectory(t);
    const root = await temporaryDirectory(t);
    await writeFiles(outside, { 'secret/x': '' });
    await writeFiles(root, { 'noarch/x': '', '.conda-diff/ledger.jsonl': '' });
    const links: Readonly<Record<string, string>> = {
      'noarch/file': join(outside, 'secret/x'),
      'noarch/directory': join(outside, 'secret'),
      'noarch/dangling': 'nothing-here',
      'noarch/self': 'self',
      'noarch/up': '..',
      'noarch/here': '.',
      state: '.conda-diff',
      ledger: '.conda-diff/ledger.jsonl',
      // the sibling whose name begins like the repository's
      beside: `${root}-beside`,
    };
    for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
    await mkdir(`${root}-beside`);
    t.after(() => import('node:fs/promises').then(({ rmdir }) => rmdir(`${root}-beside`)));
    const { files, stray } = listed(root);
    assert.deepEqual(files, { '': [], noarch: ['x'] });
    assert.deepEqual(Object.keys(stray).sort(), Object.keys(links).sort());
    assert.equal(stray['noarch/file'], join(outside, 'secret/x'));
    assert.equal(stray['noarch/dangling'], 'nothing');
    assert.match(stray['noarch/here'] ?? '', /a circle/);
  });

  it('ends where two directories link to each other', async (t) => {
    const root = await temporaryDirectory(t);
    await writeFiles(root, { 'a/x': '', 'b/y': '' });
    await symlink('../b', join(root, 'a/b'));
    await symlink('../a', join(root, 'b/a'));
    const { files, stray } = listed(root);
    assert.deepEqual(files, { '': [], a: ['x'], 'a/b': ['y'], b: ['y'], 'b/a': ['x'] });
    assert.deepEqual(Object.keys(stray).sort(), ['a/b/a', 'b/a/b']);
  });

  it('follows the repository itself when it is a link', async (t) => {
    const folder = await temporaryDirectory(t);
    await writeFiles(folder, { 'real/noarch/repodata.json': '{}', 'real/x': '' });
    await symlink('noarch', join(folder, 'real/link'));
    await symlink('real', join(folder, 'mirror'));
    assert.deepEqual(listed(join(folder, 'mirror')).files, {
      '': ['x'],
      noarch: ['repodata.json'],
      link: ['repodata.json'],
    });
  });

  it('finds the index directories at any depth', async (t) => {
    const root = await temporaryDirectory(t);
    await writeFiles(root, {
      'repodata.json': '',
      'chan/label/dev/linux-64/repodata.json': '',
      'chan/noarch/repodata.json.zst': '',
      'any name/repodata.json': '',
      '.hidden/repodata.json': '',
    });
    assert.deepEqual(indexDirectoriesOf(walk(root)).sort(), ['', 'any name', 'chan/label/dev/linux-64']);
  });

  it('says which directory cannot be listed', async (t) => {
    const root = await temporaryDirectory(t);
    await writeFile(join(root, 'file'), '');
    assert.throws(() => walk(join(root, 'file')), { code: 'io', message: /Cannot list .*file: ENOTDIR/ });
  });
});
