import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, chown, lstat, readdir, readFile, readlink, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { attributesIn, finishStage, missingDirectories } from '../../importer/attributes.js';
import { commit, type Workbench } from '../../importer/commit.js';
import { type CommitAction, goneOf, inOrder, publishOf } from '../../importer/commit-plan.js';
import { benchFor } from '../../importer/import.js';
import { requireInside } from '../../importer/inside.js';
import type { Journal } from '../../importer/journal.js';
import { leftovers } from '../../importer/leftovers.js';
import { clearOwnFiles, readJournal } from '../../importer/own-files.js';
import { asIoError } from '../../shared/errors.js';
import { NO_GLOBS } from '../../shared/globs.js';
import type { Manifest } from '../../shared/manifest.js';
import type { Kind } from '../../shared/rules.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { listTree, temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';
import { type Contents, writeFiles, originOf } from '../support/update.js';

const MTIME = 1_600_000_000;
const ATTEMPT = '0123456789abcdef';
const TOTALS = { digest: hashOf(''), count: 0, bytes: 0 };

/** Puts the text at the path, in place of another one where it is given. */
const publish = (path: string, kind: Kind, text: string, before?: string): Change => ({
  action: publishOf(
    { ...entryOf(path, text), kind },
    before === undefined ? undefined : entryOf(path, before),
  ),
  text,
});
/** Lets the file with this text go. */
const gone = (path: string, text: string, kind: Kind = 'artifact', removeNow = true): Change => ({
  action: goneOf(entryOf(path, text), kind, { removeNow }),
  text: undefined,
});

interface Change {
  readonly action: CommitAction;
  readonly text: string | undefined;
}

interface Place {
  readonly repository: string;
  readonly bench: Workbench;
}

async function place(t: TestContext, here: Contents, signal = new AbortController().signal): Promise<Place> {
  const repository = await temporaryDirectory(t);
  await writeFiles(repository, here);
  return { repository, bench: benchFor({ repository, signal }) };
}

/** Stages and commits, as an import does after it verified everything. */
async function make(
  { repository, bench }: Place,
  changes: readonly Change[],
  keepsUndo = true,
): Promise<Journal> {
  const actions = inOrder(changes.map(({ action }) => action));
  const texts = new Map(changes.map(({ action, text }) => [action, text]));
  const staged = [...actions.entries()].flatMap(([n, action]) => {
    const text = texts.get(action);
    return text === undefined ? [] : [[String(n), text] as const];
  });
  requireInside(bench.layout, actions);
  await writeFiles(bench.layout.stage, { '.made': '', ...Object.fromEntries(staged) });
  try {
    await finishStage(
      bench,
      actions,
      attributesIn(repository, () => MTIME),
    );
  } catch (error) {
    throw asIoError(error);
  }
  const journal: Journal = {
    ...{ attempt: ATTEMPT, kind: 'import', globs: NO_GLOBS, keepsUndo, actions, from: TOTALS, to: TOTALS },
    ...originOf(),
    at: '2024-01-02T03:04:05Z',
    directories: missingDirectories(repository, actions),
  };
  await commit(bench, journal);
  return journal;
}

async function contentsOf(repository: string): Promise<Contents> {
  const paths = (await listTree(repository))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith('.conda-diff/'));
  const pairs = paths.map(async (path) => [path, await readFile(join(repository, path), 'utf8')]);
  return Object.fromEntries(await Promise.all(pairs)) as Contents;
}

describe('commit', () => {
  it('publishes, replaces and removes, and leaves retired files where they are', async (t) => {
    const here = {
      'noarch/a.conda': '1',
      'noarch/b.conda': '1',
      'noarch/x.html': '1',
      'old/deep/c.conda': '1',
      'kept/d.conda': '1',
      'kept/note': '',
    };
    const at = await place(t, here);
    const journal = await make(at, [
      publish('new/deep/e.conda', 'artifact', '2'),
      publish('noarch/a.conda', 'artifact', '2', '1'),
      gone('noarch/b.conda', '1'),
      gone('noarch/x.html', '1', 'metadata'),
      gone('old/deep/c.conda', '1', 'artifact', false),
      gone('kept/d.conda', '1', 'shard', false),
    ]);
    const after = {
      'kept/d.conda': '1',
      'kept/note': '',
      'new/deep/e.conda': '2',
      'noarch/a.conda': '2',
      'old/deep/c.conda': '1',
    };
    assert.deepEqual(await contentsOf(at.repository), after);
    assert.deepEqual(journal.directories, ['new', 'new/deep']);
    assert.deepEqual(await readJournal(at.bench.layout.committed), journal);
    assert.equal(await readJournal(at.bench.layout.journal), undefined);
  });

  it('keeps what it replaces or removes for undo, and nothing of what is new or retired', async (t) => {
    const here = { 'noarch/a.conda': '1', 'noarch/b.conda': '2', 'noarch/c.conda': '3' };
    const at = await place(t, here);
    const { actions } = await make(at, [
      publish('noarch/a.conda', 'artifact', 'new', '1'),
      publish('noarch/d.conda', 'artifact', 'new'),
      gone('noarch/b.conda', '2'),
      gone('noarch/c.conda', '3', 'artifact', false),
    ]);
    const kept = await contentsOf(join(at.bench.layout.undo, ATTEMPT));
    const byPath = Object.entries(kept).map(([n, text]) => [actions[Number(n)]?.path, text]);
    assert.deepEqual(byPath.sort(), [
      ['noarch/a.conda', '1'],
      ['noarch/b.conda', '2'],
    ]);
    await clearOwnFiles(at.bench, ATTEMPT);
    assert.deepEqual((await readdir(at.bench.layout.own)).sort(), ['committed.json', 'undo']);
    await clearOwnFiles(at.bench, undefined);
    assert.deepEqual(await readdir(at.bench.layout.undo), []);
  });

  it('keeps nothing where undo was given up', async (t) => {
    const at = await place(t, { 'noarch/a.conda': '1' });
    await make(at, [publish('noarch/a.conda', 'artifact', '2', '1')], false);
    assert.ok(!(await readdir(at.bench.layout.own)).includes('undo'));
    assert.deepEqual(await contentsOf(at.repository), { 'noarch/a.conda': '2' });
  });

  it('that is interrupted before the journal has changed nothing', async (t) => {
    const reason = new Error('interrupted');
    const at = await place(t, { 'noarch/a.conda': '1' }, AbortSignal.abort(reason));
    await assert.rejects(make(at, [publish('noarch/a.conda', 'artifact', '2', '1')]), reason);
    assert.deepEqual(await contentsOf(at.repository), { 'noarch/a.conda': '1' });
    assert.ok(!(await readdir(at.bench.layout.own)).includes('journal.json'));
  });

  it('gives artifacts and new files the time of the archive, replaced metadata a later one than before', async (t) => {
    const at = await place(t, { 'noarch/a.conda': '1', 'noarch/repodata.json': '1', 'noarch/x.html': '1' });
    const future = Math.floor(Date.now() / 1000) + 1000;
    await utimes(join(at.repository, 'noarch/x.html'), future, future);
    const before = Math.floor(Date.now() / 1000);
    await make(at, [
      publish('noarch/a.conda', 'artifact', '2', '1'),
      publish('noarch/repodata.json', 'index', '2', '1'),
      publish('noarch/x.html', 'metadata', '2', '1'),
      publish('noarch/y.html', 'metadata', '2'),
    ]);
    const seconds = async (path: string): Promise<number> =>
      (await stat(join(at.repository, path))).mtimeMs / 1000;
    assert.equal(await seconds('noarch/a.conda'), MTIME);
    assert.equal(await seconds('noarch/y.html'), MTIME);
    assert.ok((await seconds('noarch/repodata.json')) >= before);
    assert.equal(await seconds('noarch/x.html'), future + 1);
  });

  it('follows mode and owner of the replaced file, or of the other files of the directory', async (t) => {
    const at = await place(t, { 'noarch/a.conda': '1', 'noarch/.hidden': '1', 'linux-64/b.conda': '1' });
    const { repository } = at;
    const isRoot = process.getuid?.() === 0;
    await chmod(join(repository, 'noarch/a.conda'), 0o4640);
    await chmod(join(repository, 'linux-64/b.conda'), 0o664);
    await chmod(repository, 0o2775);
    if (isRoot) {
      await chown(join(repository, 'noarch/a.conda'), 1234, 2345);
      await chown(repository, 3456, 4567);
    }
    await make(at, [
      publish('linux-64/new.conda', 'artifact', '2'),
      publish('win-64/deep/new.conda', 'artifact', '2'),
      publish('noarch/a.conda', 'artifact', '2', '1'),
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
    for (const [to, change, said] of [
      [outside, publish('noarch/a.conda', 'artifact', '2', '1'), /noarch leads out of the repository, to /],
      [outside, publish('noarch/new.conda', 'artifact', '2'), /noarch leads out of the repository, to /],
      [outside, publish('noarch/deep/new.conda', 'artifact', '2'), /noarch leads out of the repository, to /],
      [outside, gone('noarch/a.conda', 'precious'), /noarch leads out of the repository, to /],
      ['nowhere', publish('noarch/deep/new.conda', 'artifact', '2'), /noarch is a link that leads nowhere/],
    ] as const) {
      const at = await place(t, { 'index.html': '1' });
      await symlink(to, join(at.repository, 'noarch'));
      const before = await listTree(at.repository);
      await rejects(make(at, [publish('index.html', 'root', '2', '1'), change]), 'malformed', said);
      assert.deepEqual(await listTree(at.repository), before);
      assert.deepEqual(await contentsOf(outside), { 'a.conda': 'precious' });
    }
  });

  it('leaves retired files alone, also where their directory leads out now', async (t) => {
    const outside = await temporaryDirectory(t);
    const at = await place(t, { 'index.html': '1' });
    await symlink(outside, join(at.repository, 'noarch'));
    await make(at, [publish('index.html', 'root', '2', '1'), gone('noarch/a.conda', '1', 'artifact', false)]);
    assert.equal(await readFile(join(at.repository, 'index.html'), 'utf8'), '2');
  });

  it('replaces a link by the file, does not write through it, and keeps what it pointed at', async (t) => {
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { target: 'precious' });
    const at = await place(t, { 'noarch/x': '1', 'noarch/y': '1' });
    await symlink(join(outside, 'target'), join(at.repository, 'noarch/a.conda'));
    await symlink('y', join(at.repository, 'noarch/b.conda'));
    await symlink('y', join(at.repository, 'noarch/c.conda'));
    await make(at, [
      publish('noarch/a.conda', 'artifact', '2'),
      publish('noarch/b.conda', 'artifact', '2', '1'),
      gone('noarch/c.conda', '1'),
    ]);
    for (const name of ['a', 'b'])
      assert.ok((await lstat(join(at.repository, `noarch/${name}.conda`))).isFile());
    assert.deepEqual(await contentsOf(outside), { target: 'precious' });
    assert.equal(await readFile(join(at.repository, 'noarch/y'), 'utf8'), '1');
    const undo = join(at.bench.layout.undo, ATTEMPT);
    for (const name of await readdir(undo)) assert.ok((await lstat(join(undo, name))).isFile());
    assert.deepEqual(Object.values(await contentsOf(undo)), ['1', '1']);
  });

  it('follows a directory link that stays inside', async (t) => {
    const at = await place(t, { 'real/x': '1' });
    await symlink('real', join(at.repository, 'noarch'));
    await make(at, [publish('noarch/a.conda', 'artifact', '2')]);
    assert.equal(await readlink(join(at.repository, 'noarch')), 'real');
    assert.equal(await readFile(join(at.repository, 'real/a.conda'), 'utf8'), '2');
  });

  it('finds what is in the way before anything is published', async (t) => {
    const at = await place(t, { 'index.html': '1', 'noarch/a.conda/x': '', file: '' });
    await chmod(join(at.repository, 'file'), 0o755);
    for (const path of ['noarch/a.conda', 'file/b.conda', 'file/deep/b.conda']) {
      const changes = [publish('index.html', 'root', '2', '1'), publish(path, 'artifact', '2')];
      await rejects(make(at, changes), 'io');
      assert.equal(await readFile(join(at.repository, 'index.html'), 'utf8'), '1');
      assert.ok(!existsSync(at.bench.layout.journal));
      if (existsSync(at.bench.layout.own)) await clearOwnFiles(at.bench, undefined);
    }
  });
});

describe('leftovers', () => {
  it('are removed files that are still here, unchanged and inside', async (t) => {
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { 'f.conda': 'f' });
    const { repository } = await place(t, {
      'noarch/a.conda': 'a',
      'noarch/b.conda': 'x',
      'noarch/c.conda': 'longer',
    });
    await symlink(outside, join(repository, 'out'));
    const removed = [
      entryOf('noarch/a.conda', 'a'),
      entryOf('noarch/b.conda', 'b'),
      entryOf('noarch/c.conda', 'c'),
      entryOf('noarch/d.conda', 'd'),
      entryOf('out/f.conda', 'f'),
    ];
    const manifest = { removed } as unknown as Manifest;
    const found = await leftovers({ repository }, manifest, new AbortController().signal);
    assert.deepEqual(found, [entryOf('noarch/a.conda', 'a')]);
    assert.deepEqual(
      await leftovers({ repository: join(repository, 'none') }, manifest, new AbortController().signal),
      [],
    );
  });
});
