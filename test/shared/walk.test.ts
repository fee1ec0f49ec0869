import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { indexDirectoriesOf, walk } from '../../shared/walk.js';
import { temporaryDirectory } from '../support/channel.js';
import { writeFiles } from '../support/update.js';

for (const threads of [false, true])
  describe(threads ? 'walk, with other threads' : 'walk', () => {
    const walkHere = (root: string) => walk(root, { threads });

    async function listed(
      root: string,
    ): Promise<{ files: Record<string, string[]>; stray: Record<string, string> }> {
      const { files, strayLinks } = await walkHere(root);
      return {
        files: Object.fromEntries([...files].map(([directory, names]) => [directory, [...names].sort()])),
        stray: Object.fromEntries(strayLinks.map(({ path, target }) => [path, target])),
      };
    }

    it('lists files by directory, dot-files and dot-directories left out', async (t) => {
      const root = await temporaryDirectory(t);
      await writeFiles(root, {
        a: '',
        '.b': '',
        'c/d': '',
        'c/e/f': '',
        'c/.g/h': '',
        '.conda-diff/lock': '',
      });
      await mkdir(join(root, 'empty'));
      assert.deepEqual(await listed(root), {
        files: { '': ['a'], c: ['d'], 'c/e': ['f'], empty: [] },
        stray: {},
      });
    });

    it('reads links that stay inside as what they point at', async (t) => {
      const root = await temporaryDirectory(t);
      await writeFiles(root, { 'pkgs/a': '', 'noarch/x': '' });
      await symlink('../pkgs/a', join(root, 'noarch/a'));
      await symlink(join(root, 'pkgs'), join(root, 'absolute'));
      await symlink('absolute', join(root, 'twice'));
      assert.deepEqual(await listed(root), {
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
      const { files, stray } = await listed(root);
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
      const { files, stray } = await listed(root);
      assert.deepEqual(files, { '': [], a: ['x'], 'a/b': ['y'], b: ['y'], 'b/a': ['x'] });
      assert.deepEqual(Object.keys(stray).sort(), ['a/b/a', 'b/a/b']);
    });

    it('follows the repository itself when it is a link', async (t) => {
      const folder = await temporaryDirectory(t);
      await writeFiles(folder, { 'real/noarch/repodata.json': '{}', 'real/x': '' });
      await symlink('noarch', join(folder, 'real/link'));
      await symlink('real', join(folder, 'mirror'));
      assert.deepEqual((await listed(join(folder, 'mirror'))).files, {
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
      assert.deepEqual(indexDirectoriesOf(await walkHere(root)), ['', 'any name', 'chan/label/dev/linux-64']);
    });

    it('says which directory cannot be listed', async (t) => {
      const root = await temporaryDirectory(t);
      await writeFile(join(root, 'file'), '');
      await assert.rejects(walkHere(join(root, 'file')), {
        code: 'io',
        message: /Cannot list .*file: ENOTDIR/,
      });
    });

    it('adds linked packages to those that are there', async (t) => {
      const root = await temporaryDirectory(t);
      const names = [...Array.from({ length: 15 }, (_, n) => `p${String(n)}-1-0.conda`), 'ü-1-0.conda'];
      await writeFiles(root, Object.fromEntries(names.map((name) => [`noarch/${name}`, ''])));
      await writeFiles(root, { 'pkgs/z-1-0.conda': '' });
      await symlink('../pkgs/z-1-0.conda', join(root, 'noarch/z-1-0.conda'));
      const { files } = await walkHere(root);
      const { packed, others } = files.get('noarch')!;
      assert.deepEqual([[...packed].sort(), others], [[...names, 'z-1-0.conda'].sort(), []]);
    });

    it('stops when it is asked to', async (t) => {
      const root = await temporaryDirectory(t);
      await writeFiles(root, { 'noarch/x': '' });
      const reason = new Error('stopped');
      await assert.rejects(walk(root, { threads, signal: AbortSignal.abort(reason) }), reason);
    });

    it('gives directories and stray links in the order of their paths', async (t) => {
      const root = await temporaryDirectory(t);
      await writeFiles(root, { 'b/c/x': '', 'b-/x': '', 'a/x': '' });
      for (const link of ['b/z', 'b-/z', 'a/z']) await symlink('nothing', join(root, link));
      const { files, strayLinks } = await walkHere(root);
      assert.deepEqual([...files.keys()], ['', 'a', 'b', 'b-', 'b/c']);
      assert.deepEqual(
        strayLinks.map(({ path }) => path),
        ['a/z', 'b-/z', 'b/z'],
      );
    });
  });

describe('walk, where there are many names', () => {
  it('lists them all, with the few of other directories', async (t) => {
    const root = await temporaryDirectory(t);
    const names = Array.from({ length: 20_500 }, (_, n) => `p-${String(n)}-0.conda`);
    await writeFiles(root, { 'noarch/repodata.json': '', 'linux-64/x.conda': '', x: '' });
    for (const name of names) writeFileSync(join(root, 'noarch', name), '');
    const { files } = await walk(root);
    assert.deepEqual([...files.keys()], ['', 'linux-64', 'noarch']);
    assert.deepEqual([...files.get('noarch')!].sort(), [...names, 'repodata.json'].sort());
    assert.deepEqual([...files.get('linux-64')!], ['x.conda']);
  });

  it('stops when it is asked to while another thread lists', async (t) => {
    const root = await temporaryDirectory(t);
    await writeFiles(root, { x: '' });
    const controller = new AbortController();
    const walking = walk(root, { threads: true, signal: controller.signal });
    const reason = new Error('stopped');
    controller.abort(reason);
    await assert.rejects(walking, reason);
  });
});
