import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { commit } from '../../importer/commit.js';
import type { CommitAction } from '../../importer/commit-plan.js';
import { leftovers, removeLeftovers } from '../../importer/leftovers.js';
import type { Manifest } from '../../shared/manifest.js';
import type { Kind } from '../../shared/rules.js';
import { entryOf } from '../support/arbitrary.js';
import { listTree, temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';
import { type Contents, writeFiles } from '../support/update.js';

const MTIME = 1_600_000_000;
const publish = (path: string, kind: Kind = 'artifact', replacing = false): CommitAction => ({
  action: 'publish',
  step: 1,
  path,
  kind,
  replacing,
  mtime: MTIME,
});
const remove = (path: string): CommitAction => ({ action: 'remove', step: 6, path });

async function place(
  t: TestContext,
  here: Contents,
  staged: Contents,
): Promise<{ repository: string; stage: string }> {
  const repository = await temporaryDirectory(t);
  const stage = join(repository, '.conda-diff/stage');
  await writeFiles(repository, here);
  await mkdir(stage, { recursive: true });
  await writeFiles(stage, staged);
  return { repository, stage };
}

async function contentsOf(repository: string): Promise<Contents> {
  const paths = (await listTree(repository))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith('.conda-diff/'));
  const pairs = paths.map(async (path) => [path, await readFile(join(repository, path), 'utf8')]);
  return Object.fromEntries(await Promise.all(pairs)) as Contents;
}

describe('commit', () => {
  it('publishes, replaces and removes; directories that it emptied go, others stay', async (t) => {
    const here = {
      'noarch/a.conda': '1',
      'noarch/b.conda': '1',
      'old/deep/c.conda': '1',
      'kept/d.conda': '1',
      'kept/note': '',
    };
    const { repository, stage } = await place(t, here, { 'noarch/a.conda': '2', 'new/deep/e.conda': '2' });
    await commit(repository, stage, [
      publish('new/deep/e.conda'),
      publish('noarch/a.conda', 'artifact', true),
      ...['noarch/b.conda', 'old/deep/c.conda', 'kept/d.conda', 'not/there'].map(remove),
    ]);
    assert.deepEqual(await contentsOf(repository), {
      'kept/note': '',
      'new/deep/e.conda': '2',
      'noarch/a.conda': '2',
    });
    assert.deepEqual((await readdir(repository)).sort(), ['.conda-diff', 'kept', 'new', 'noarch']);
  });

  it('never removes the repository itself', async (t) => {
    const { repository, stage } = await place(t, { a: '1' }, {});
    await commit(repository, stage, [remove('a')]);
    assert.deepEqual(await readdir(repository), ['.conda-diff']);
  });

  it('gives artifacts and new files the time of the archive, replaced metadata a later one than before', async (t) => {
    const here = { 'noarch/a.conda': '1', 'noarch/repodata.json': '1', 'noarch/x.html': '1' };
    const staged = {
      'noarch/a.conda': '2',
      'noarch/repodata.json': '2',
      'noarch/x.html': '2',
      'noarch/y.html': '2',
    };
    const { repository, stage } = await place(t, here, staged);
    const future = Math.floor(Date.now() / 1000) + 1000;
    await utimes(join(repository, 'noarch/x.html'), future, future);
    const before = Math.floor(Date.now() / 1000);
    await commit(repository, stage, [
      publish('noarch/a.conda', 'artifact', true),
      publish('noarch/repodata.json', 'index', true),
      publish('noarch/x.html', 'metadata', true),
      publish('noarch/y.html', 'metadata'),
    ]);
    const seconds = async (path: string): Promise<number> =>
      (await stat(join(repository, path))).mtimeMs / 1000;
    assert.equal(await seconds('noarch/a.conda'), MTIME);
    assert.equal(await seconds('noarch/y.html'), MTIME);
    assert.ok((await seconds('noarch/repodata.json')) >= before);
    assert.equal(await seconds('noarch/x.html'), future + 1);
  });

  it('follows mode and owner of the replaced file, or of the other files of the directory', async (t) => {
    const here = { 'noarch/a.conda': '1', 'noarch/.hidden': '1', 'linux-64/b.conda': '1' };
    const { repository, stage } = await place(t, here, {
      'noarch/a.conda': '2',
      'linux-64/new.conda': '2',
      'win-64/deep/new.conda': '2',
    });
    const isRoot = process.getuid?.() === 0;
    await chmod(join(repository, 'noarch/a.conda'), 0o4640);
    await chmod(join(repository, 'linux-64/b.conda'), 0o664);
    await chmod(repository, 0o2775);
    if (isRoot) {
      await chown(join(repository, 'noarch/a.conda'), 1234, 2345);
      await chown(repository, 3456, 4567);
    }
    await commit(repository, stage, [
      publish('linux-64/new.conda'),
      publish('win-64/deep/new.conda'),
      publish('noarch/a.conda', 'artifact', true),
    ]);
    const mode = async (path: string): Promise<number> => (await stat(join(repository, path))).mode & 0o7777;
    assert.equal(await mode('noarch/a.conda'), 0o640);
    assert.equal(await mode('linux-64/new.conda'), 0o664);
    assert.equal(await mode('win-64/deep/new.conda'), 0o644);
    assert.equal(await mode('win-64/deep'), 0o2775);
    if (!isRoot) return;
    const owner = async (path: string): Promise<number[]> => {
      const { uid, gid } = await stat(join(repository, path));
      return [uid, gid];
    };
    assert.deepEqual(await owner('noarch/a.conda'), [1234, 2345]);
    assert.deepEqual(await owner('win-64/deep'), [3456, 4567]);
    assert.deepEqual(await owner('win-64/deep/new.conda'), [3456, 4567]);
  });

  it('touches nothing outside: a directory that leads out is refused before anything is published', async (t) => {
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { 'a.conda': 'precious' });
    for (const action of [
      publish('noarch/a.conda', 'artifact', true),
      publish('noarch/new.conda'),
      remove('noarch/a.conda'),
    ]) {
      const { repository, stage } = await place(
        t,
        { 'index.html': '1' },
        { 'index.html': '2', 'noarch/a.conda': '2', 'noarch/new.conda': '2' },
      );
      await symlink(outside, join(repository, 'noarch'));
      await rejects(
        commit(repository, stage, [publish('index.html', 'root', true), action]),
        'malformed',
        /leads out of the repository, to /,
      );
      assert.equal(await readFile(join(repository, 'index.html'), 'utf8'), '1');
      assert.deepEqual(await contentsOf(outside), { 'a.conda': 'precious' });
    }
  });

  it('replaces a link by the file, and does not write through it', async (t) => {
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { target: 'precious' });
    const { repository, stage } = await place(t, { 'noarch/x': '1' }, { 'noarch/a.conda': '2' });
    await symlink(join(outside, 'target'), join(repository, 'noarch/a.conda'));
    await symlink(join(outside, 'target'), join(repository, 'noarch/b.conda'));
    await commit(repository, stage, [publish('noarch/a.conda'), remove('noarch/b.conda')]);
    assert.ok((await lstat(join(repository, 'noarch/a.conda'))).isFile());
    assert.deepEqual(await contentsOf(outside), { target: 'precious' });
  });

  it('follows a directory link that stays inside', async (t) => {
    const { repository, stage } = await place(t, { 'real/x': '1' }, { 'noarch/a.conda': '2' });
    await symlink('real', join(repository, 'noarch'));
    await commit(repository, stage, [publish('noarch/a.conda')]);
    assert.equal(await readlink(join(repository, 'noarch')), 'real');
    assert.equal(await readFile(join(repository, 'real/a.conda'), 'utf8'), '2');
  });

  it('finds what is in the way before anything is published', async (t) => {
    const { repository, stage } = await place(
      t,
      { 'index.html': '1', 'noarch/a.conda/x': '', file: '' },
      { 'index.html': '2', 'noarch/a.conda': '2', 'file/b.conda': '2' },
    );
    for (const path of ['noarch/a.conda', 'file/b.conda']) {
      await rejects(commit(repository, stage, [publish('index.html', 'root', true), publish(path)]), 'io');
      assert.equal(await readFile(join(repository, 'index.html'), 'utf8'), '1');
    }
  });
});

describe('leftovers', () => {
  it('are removed files that are still here, unchanged and inside', async (t) => {
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { 'f.conda': 'f' });
    const { repository } = await place(
      t,
      { 'noarch/a.conda': 'a', 'noarch/b.conda': 'x', 'noarch/c.conda': 'longer' },
      {},
    );
    await symlink(outside, join(repository, 'out'));
    const removed = [
      entryOf('noarch/a.conda', 'a'),
      entryOf('noarch/b.conda', 'b'),
      entryOf('noarch/c.conda', 'c'),
      entryOf('noarch/d.conda', 'd'),
      entryOf('out/f.conda', 'f'),
    ];
    const found = await leftovers(
      repository,
      { removed } as unknown as Manifest,
      new AbortController().signal,
    );
    assert.deepEqual(found, ['noarch/a.conda']);
    await removeLeftovers(repository, found);
    assert.deepEqual(await readdir(join(repository, 'noarch')), ['b.conda', 'c.conda']);
    await removeLeftovers(repository, found);
  });
});
