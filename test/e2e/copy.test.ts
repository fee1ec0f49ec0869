import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type ChannelSpec, listTree, writeChannel } from '../support/channel.js';
import { type RunResult, skipWithout } from '../support/run-command.js';
import {
  applyUpdate,
  assertReference,
  assertSameTrees,
  contents,
  createUpdate,
  cross,
  everything,
  init,
  prepared,
  refuse,
  retired,
  succeed,
  untouched,
} from './two-sides.js';

const one: ChannelSpec = { noarch: [{ name: 'a' }, { name: 'b' }], 'linux-64': [{ name: 'c' }] };
const two: ChannelSpec = {
  noarch: [{ name: 'a', files: { x: 'new' } }],
  'linux-64': [{ name: 'c' }, { name: 'd' }],
  'osx-64': [{ name: 'e' }],
};

/** What the second update removes. */
const B = 'noarch/b-1.0-0.conda';

/** A copy after its first import, and the second update in the outbox. */
const secondUpdate = prepared(async (sides) => {
  await writeChannel(sides.mirror, one, { channeldata: true });
  await init(sides, '--empty');
  await cross(sides);
  await writeChannel(sides.mirror, two, { channeldata: true });
  await createUpdate(sides, '--allow-removals');
});

describe('an import', { concurrency: 2 }, () => {
  test('for the second time changes nothing', async (t) => {
    const sides = await secondUpdate(t);
    const update = join(sides.outbox, 'default-2/update.tar');
    assert.equal((await applyUpdate(sides, update)).outcome, 'apply');
    await assertSameTrees(sides);
    await untouched(join(sides.copy, 'noarch'), async () => {
      assert.equal((await applyUpdate(sides, update)).outcome, 'already-applied');
    });
    await assertSameTrees(sides);
  });

  test(
    'after tar xf by hand completes it: what was removed is retired, the reference is written',
    { skip: skipWithout('tar') },
    async (t) => {
      const sides = await secondUpdate(t);
      const update = join(sides.outbox, 'default-2/update.tar');
      execFileSync('tar', ['xf', update, '-C', sides.copy]);
      assert.ok(existsSync(join(sides.copy, B)));
      const imported = await applyUpdate(sides, update);
      assert.equal(imported.outcome, 'already-applied');
      await assertSameTrees(sides);
      await assertReference(sides.copy, imported.target.digest);
      assert.deepEqual(Object.keys(await retired(sides.copy)), [B]);
      await writeChannel(sides.mirror, { ...two, 'linux-64': [{ name: 'd' }] }, { channeldata: true });
      await cross(sides, '--allow-removals');
      assert.ok(!existsSync(join(sides.copy, B)));
    },
  );

  test('takes the archive, the manifest or their directory, and never changes them', async (t) => {
    const sides = await secondUpdate(t);
    const update = join(sides.outbox, 'default-2');
    for (const name of ['update.tar', 'update.manifest.json', 'update.base.json.gz'])
      await chmod(join(update, name), 0o444);
    const before = await everything(sides.outbox);
    for (const name of ['', 'update.tar', 'update.manifest.json'])
      await succeed('conda-diff-import', ['check', join(update, name), sides.copy]);
    await succeed('conda-diff-import', [update, sides.copy]);
    assert.deepEqual(await everything(sides.outbox), before);
    await assertSameTrees(sides);
  });

  test('is only looked at with check and --dry-run: nothing at all changes', async (t) => {
    const sides = await secondUpdate(t);
    await untouched(sides.folder, async () => {
      const check = await succeed('conda-diff-import', [
        'check',
        join(sides.outbox, 'default-2'),
        sides.copy,
      ]);
      assert.match(
        check.stdout,
        /^Update 2 is whole \(7 files, .*\) and fits and can be applied\nIt is not signed\n$/,
      );
      const dry = await succeed('conda-diff-import', [
        join(sides.outbox, 'default-2'),
        sides.copy,
        '--dry-run',
      ]);
      assert.deepEqual(dry.stdout.trim().split('\n').slice(1), [
        '1 publish linux-64/d-1.0-0.conda',
        '1 publish osx-64/e-1.0-0.conda',
        '4 publish noarch/a-1.0-0.conda',
        '4 publish linux-64/repodata.json',
        '4 publish noarch/repodata.json',
        '4 publish osx-64/repodata.json',
        '5 publish channeldata.json',
        `6 retire ${B}`,
      ]);
      const fresh = join(sides.folder, 'fresh');
      await succeed('conda-diff-import', ['check', join(sides.outbox, 'default-1'), fresh]);
      assert.ok(!existsSync(fresh));
    });
  });

  test("gives replaced metadata a later time, also where its time lies in the future; artifacts keep the archive's", async (t) => {
    const sides = await secondUpdate(t);
    const future = Math.floor(Date.now() / 1000) + 100_000;
    await utimes(join(sides.copy, 'noarch/repodata.json'), future, future);
    const began = Math.floor(Date.now() / 1000);
    await applyUpdate(sides, join(sides.outbox, 'default-2'));
    const seconds = async (root: string, path: string): Promise<number> =>
      (await stat(join(root, path))).mtimeMs / 1000;
    assert.equal(await seconds(sides.copy, 'noarch/repodata.json'), future + 1);
    assert.ok((await seconds(sides.copy, 'linux-64/repodata.json')) >= began);
    assert.ok((await seconds(sides.copy, 'channeldata.json')) >= began);
    for (const path of ['noarch/a-1.0-0.conda', 'linux-64/d-1.0-0.conda', 'osx-64/repodata.json'])
      assert.equal(await seconds(sides.copy, path), Math.floor(await seconds(sides.mirror, path)), path);
  });

  test('gives files the mode and owner of what they replace, or of their directory', async (t) => {
    const sides = await secondUpdate(t);
    const at = (path: string): string => join(sides.copy, path);
    const isRoot = process.getuid?.() === 0;
    for (const { path } of await listTree(sides.copy)) {
      if (!path.startsWith('linux-64/')) continue;
      await chmod(at(path), 0o640);
      if (isRoot) await chown(at(path), 1234, 2345);
    }
    await chmod(at('noarch/repodata.json'), 0o604);
    await chmod(sides.copy, 0o2775);
    await rm(at('.conda-diff'), { recursive: true });
    await applyUpdate(sides, join(sides.outbox, 'default-2'));
    const modeOf = async (path: string): Promise<string> =>
      ((await stat(at(path))).mode & 0o7777).toString(8);
    assert.equal(await modeOf('linux-64/d-1.0-0.conda'), '640');
    assert.equal(await modeOf('linux-64/repodata.json'), '640');
    assert.equal(await modeOf('noarch/repodata.json'), '604');
    assert.equal(await modeOf('osx-64'), '2775');
    assert.equal(await modeOf('osx-64/e-1.0-0.conda'), '644');
    assert.equal((await stat(at('.conda-diff'))).mode & 0o777, 0o700);
    if (!isRoot) return;
    const { uid, gid } = await stat(at('linux-64/d-1.0-0.conda'));
    assert.deepEqual([uid, gid], [1234, 2345]);
  });

  test('leaves alone what nobody tracks', async (t) => {
    const sides = await secondUpdate(t);
    const own = [
      'README.txt',
      'noarch/local-1.0-0.conda',
      'noarch/download.part',
      '.git/config',
      'docs/guide.html',
    ];
    for (const path of own) {
      await mkdir(join(sides.copy, path, '..'), { recursive: true });
      await writeFile(join(sides.copy, path), path);
    }
    await applyUpdate(sides, join(sides.outbox, 'default-2'));
    for (const path of own) assert.equal(await readFile(join(sides.copy, path), 'utf8'), path);
  });

  test('removes the directories that it empties, once readers had time', async (t) => {
    const sides = await secondUpdate(t);
    await applyUpdate(sides, join(sides.outbox, 'default-2'));
    await rm(join(sides.mirror, 'osx-64'), { recursive: true });
    await cross(sides, '--allow-removals');
    assert.deepEqual(await readdir(join(sides.copy, 'osx-64')), ['e-1.0-0.conda']);
    await writeChannel(sides.mirror, one, { channeldata: true });
    await cross(sides, '--allow-removals');
    assert.ok(!existsSync(join(sides.copy, 'osx-64')));
  });
});

describe('what an import removes', { concurrency: 2 }, () => {
  const gc = (copy: string, age: string): Promise<RunResult> =>
    succeed('conda-diff-import', ['gc', copy, '--json', '--older-than', age]);

  test('stays untracked while readers may want it, until gc or the next import deletes it', async (t) => {
    const sides = await secondUpdate(t);
    const wanted = (await contents(sides.copy))[B] ?? '';
    const { target } = await applyUpdate(sides, join(sides.outbox, 'default-2'));
    assert.deepEqual(await retired(sides.copy), { [B]: wanted });
    await assertReference(sides.copy, target.digest);
    await succeed('conda-diff-import', ['verify', sides.copy]);
    const kept = (await gc(sides.copy, '48h')).json<Record<string, unknown>>();
    assert.deepEqual([kept['files'], kept['waiting']], [0, 1]);
    await assertSameTrees(sides);
    const gone = (await gc(sides.copy, '0m')).json<Record<string, unknown>>();
    assert.deepEqual([gone['files'], gone['waiting']], [1, 0]);
    assert.deepEqual(await contents(sides.copy), await contents(sides.mirror));
    const { text } = await refuse('conda-diff-import', ['undo', sides.copy], 13);
    assert.match(text, /noarch\/b-1\.0-0\.conda[^]*Retired files may have been deleted by gc/);
    assert.deepEqual(await contents(sides.copy), await contents(sides.mirror));
  });

  test('goes at once with --remove-now, with the directories that it empties, and undo brings it back', async (t) => {
    const sides = await secondUpdate(t);
    await applyUpdate(sides, join(sides.outbox, 'default-2'));
    await rm(join(sides.mirror, 'osx-64'), { recursive: true });
    const { outputs } = await createUpdate(sides, '--allow-removals');
    await applyUpdate(sides, outputs.volume, '--remove-now');
    assert.deepEqual(await contents(sides.copy), await contents(sides.mirror));
    assert.deepEqual(await retired(sides.copy), {});
    assert.deepEqual((await readdir(sides.copy)).sort(), [
      '.conda-diff',
      'channeldata.json',
      'linux-64',
      'noarch',
    ]);
    await succeed('conda-diff-import', ['undo', sides.copy]);
    await succeed('conda-diff-import', ['verify', sides.copy]);
    assert.deepEqual((await readdir(join(sides.copy, 'osx-64'))).sort(), ['e-1.0-0.conda', 'repodata.json']);
  });

  test('and what it replaces may be a link that stays inside', async (t) => {
    const sides = await secondUpdate(t);
    for (const path of [B, 'noarch/a-1.0-0.conda', 'noarch/repodata.json']) {
      const name = `pool-${path.replace('/', '-')}`;
      await rename(join(sides.copy, path), join(sides.copy, name));
      await symlink(`../${name}`, join(sides.copy, path));
    }
    await succeed('conda-diff-import', ['verify', sides.copy]);
    const before = Object.keys(await contents(join(sides.copy, 'noarch')));
    await applyUpdate(sides, join(sides.outbox, 'default-2'), '--remove-now');
    assert.deepEqual(
      await contents(join(sides.copy, 'noarch')),
      await contents(join(sides.mirror, 'noarch')),
    );
    await succeed('conda-diff-import', ['undo', sides.copy]);
    await succeed('conda-diff-import', ['verify', sides.copy]);
    assert.deepEqual(Object.keys(await contents(join(sides.copy, 'noarch'))), before);
  });
});

describe('verify', { concurrency: 2 }, () => {
  test('of a copy lists whatever is not as the last import left it', async (t) => {
    const sides = await secondUpdate(t);
    const at = (path: string): string => join(sides.copy, path);
    await succeed('conda-diff-import', ['verify', sides.copy]);
    await appendFile(at('noarch/repodata.json'), ' ');
    await rm(at('linux-64/c-1.0-0.conda'));
    await writeFile(at('linux-64/notes.txt'), 'x');
    const bytes = await readFile(at('noarch/b-1.0-0.conda'));
    bytes[99] = (bytes[99] ?? 0) ^ 1;
    await writeFile(at('noarch/b-1.0-0.conda'), bytes);
    await refuse('conda-diff-import', ['verify', sides.copy], 13); // the hash cache learns what is right
    await untouched(sides.copy, async () => {
      const { details } = await refuse('conda-diff-import', ['verify', sides.copy], 13);
      assert.deepEqual(details.map((line) => line.replaceAll(/[0-9a-f]{64}/g, '<hash>')).sort(), [
        'linux-64/c-1.0-0.conda: no such file',
        'linux-64/notes.txt: not part of the last import',
        'noarch/b-1.0-0.conda: expected sha256 <hash>, found sha256 <hash>',
        'noarch/repodata.json: expected sha256 <hash>, found sha256 <hash>',
      ]);
    });
  });

  test('hashes again what changed since it was hashed, and with --all everything', async (t) => {
    const sides = await secondUpdate(t);
    for (const [program, root] of [
      ['conda-diff-import', sides.copy],
      ['conda-diff-export', sides.mirror],
    ] as const) {
      const unchanged = async (...flags: string[]): Promise<unknown> => {
        const { stdout } = await succeed(program, ['verify', root, '--json', ...flags]);
        return (JSON.parse(stdout) as { unchanged: unknown }).unchanged;
      };
      const artifacts = Object.keys(await contents(root)).filter((path) => path.endsWith('.conda'));
      await rm(join(root, '.conda-diff/hash-cache'));
      assert.equal(await unchanged(), 0);
      assert.equal(await unchanged(), artifacts.length);
      assert.equal(await unchanged('--all'), 0);
      assert.equal(await unchanged('--quick'), 0);
      const file = join(root, artifacts[0] ?? '');
      await writeFile(file, await readFile(file));
      assert.equal(await unchanged(), artifacts.length - 1, 'written again with the same bytes');
    }
  });

  test('--quick of a copy looks at presence and size only', async (t) => {
    const sides = await secondUpdate(t);
    const file = join(sides.copy, 'noarch/b-1.0-0.conda');
    const quick = ['verify', sides.copy, '--quick'];
    const { stdout } = await succeed('conda-diff-import', quick);
    assert.match(stdout, /^All 6 files \(.*\) are right in presence and size\n/);
    await truncate(file, 5);
    assert.match(
      (await refuse('conda-diff-import', quick, 13)).text,
      /noarch\/b-1\.0-0\.conda: expected \d+ bytes, found 5 bytes/,
    );
    await rm(file);
    assert.match(
      (await refuse('conda-diff-import', quick, 13)).text,
      /noarch\/b-1\.0-0\.conda: no such file/,
    );
  });

  test('of a mirror says which records have no file, and has exit code 10 for these alone', async (t) => {
    const sides = await secondUpdate(t);
    await rm(join(sides.mirror, 'osx-64/e-1.0-0.conda'));
    const missing = await refuse('conda-diff-export', ['verify', sides.mirror, '--quick'], 10);
    assert.deepEqual(missing.details, ['osx-64/e-1.0-0.conda: no such file']);
    await truncate(join(sides.mirror, 'linux-64/d-1.0-0.conda'), 5);
    assert.equal((await refuse('conda-diff-export', ['verify', sides.mirror], 13)).details.length, 2);
  });
});
