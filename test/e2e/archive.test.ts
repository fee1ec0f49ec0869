import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, link, mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { listTree, writeChannel } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';
import {
  applyUpdate,
  assertSameTrees,
  createUpdate,
  init,
  refuse,
  type Sides,
  twoSides,
  visibleTree,
} from './two-sides.js';

const needsTar = skipWithout('tar');

/** Copies a tree file by file in reverse order, so that inodes and directory entries have another order. */
async function copyReversed(from: string, to: string): Promise<void> {
  for (const { path, mtimeMs } of (await listTree(from)).reverse()) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await writeFile(join(to, path), await readFile(join(from, path)));
    await utimes(join(to, path), mtimeMs / 1000, mtimeMs / 1000);
  }
}

/** A second mirror of the same test. */
function another(sides: Sides): Sides {
  return { ...sides, mirror: join(sides.folder, 'other'), outbox: `${join(sides.folder, 'outbox-2')}/` };
}

async function bytesOf(file: string): Promise<string> {
  return (await readFile(file)).toString('base64');
}

/** A mirror with every kind of file; times in whole seconds, so that they can be copied. */
async function mirrorOfAllKinds(t: TestContext): Promise<Sides> {
  const sides = await twoSides(t);
  await writeChannel(
    sides.mirror,
    {
      noarch: [{ name: 'a' }, { name: 'b' }],
      'linux-64': [{ name: 'c', files: { big: Buffer.alloc(1_500_000, 'c') } }, { name: 'd' }],
    },
    { zst: true, gz: true, current: true, shards: 'shards', channeldata: true },
  );
  await writeFile(join(sides.mirror, 'noarch/run_exports.json'), '{}\n');
  await writeFile(join(sides.mirror, 'linux-64/empty.txt'), '');
  let time = 1_700_000_000;
  for (const { path } of await listTree(sides.mirror)) await utimes(join(sides.mirror, path), time, time++);
  return sides;
}

describe('update.tar', { concurrency: 2 }, () => {
  test('has the same bytes for the same tree, whatever inodes, links, modes and owners it has', async (t) => {
    const sides = await mirrorOfAllKinds(t);
    const other = another(sides);
    await copyReversed(sides.mirror, other.mirror);
    const at = (path: string): string => join(other.mirror, path);
    await link(at('noarch/a-1.0-0.conda'), join(sides.folder, 'linked.conda'));
    await link(at('noarch/run_exports.json'), join(sides.folder, 'linked.json'));
    await chmod(at('noarch/a-1.0-0.conda'), 0o600);
    await chmod(at('noarch/b-1.0-0.conda'), 0o755);
    await chmod(at('noarch/repodata.json'), 0o4700);
    if (process.getuid?.() === 0) await chown(at('linux-64/c-1.0-0.conda'), 12345, 54321);
    await init(sides, '--empty');
    await init(other, '--empty');
    const [one, two] = [await createUpdate(sides), await createUpdate(other)];
    assert.equal(one.files.length, 25);
    assert.equal(one.update.id, two.update.id);
    assert.equal(await bytesOf(one.outputs.volume), await bytesOf(two.outputs.volume));
    assert.equal(await bytesOf(one.outputs.baseReference), await bytesOf(two.outputs.baseReference));
    const again = await createUpdate(sides, '--base', 'empty', '-o', join(sides.folder, 'again.tar'));
    assert.notEqual(again.update.id, one.update.id, 'the number of the update is part of its id');
    assert.deepEqual(again.files, one.files);
    assert.deepEqual(
      (await bytesOf(again.outputs.volume)).length,
      (await bytesOf(one.outputs.volume)).length,
    );
  });

  test(
    'holds regular files of mode 0644 and owner 0 only; hard links cross as files',
    { skip: needsTar },
    async (t) => {
      const sides = await mirrorOfAllKinds(t);
      const at = (path: string): string => join(sides.mirror, path);
      await link(at('noarch/run_exports.json'), at('linux-64/run_exports.json'));
      await link(at('noarch/run_exports.json'), at('linux-64/notes.json'));
      await chmod(at('linux-64/notes.json'), 0o600);
      await init(sides, '--empty');
      const created = await createUpdate(sides);
      const listing = execFileSync('tar', ['tvf', created.outputs.volume, '--numeric-owner'], {
        encoding: 'utf8',
      });
      const lines = listing.trimEnd().split('\n');
      assert.equal(lines.length, 27);
      for (const line of lines) assert.match(line, /^-rw-r--r-- 0\/0 +\d+ \d{4}-\d\d-\d\d \d\d:\d\d [^ ]+$/);
      const marked = execFileSync('tar', ['tvf', created.outputs.volume], { encoding: 'utf8' });
      const mark = ` update:${created.update.id.slice(0, 12)}/volume:1-of-1 `;
      for (const line of marked.trimEnd().split('\n')) assert.ok(line.includes(mark), line);
      assert.deepEqual(
        lines.map((line) => line.split(/ +/).at(-1)),
        created.files.map(({ path }) => path),
      );
      for (const { path, mtime } of created.files)
        assert.equal(mtime, Math.floor((await stat(at(path))).mtimeMs / 1000), path);
      await applyUpdate(sides, created.outputs.volume);
      await assertSameTrees(sides);
      for (const name of ['noarch/run_exports.json', 'linux-64/run_exports.json', 'linux-64/notes.json'])
        assert.equal((await stat(join(sides.copy, name))).nlink, 1);
    },
  );

  test(
    'holds long and non-ASCII names so that tar and the import give them back',
    { skip: needsTar },
    async (t) => {
      const sides = await twoSides(t);
      const deep = `main/${'d'.repeat(60)}/${'e'.repeat(70)}/noarch`; // 143 bytes: ustar has room for 155
      await writeChannel(join(sides.mirror, dirname(deep)), { noarch: [{ name: 'a' }] });
      const lengths = [90, 98, 99, 100, 101, 102, 107, 108, 155, 156, 157, 200, 254, 255, 256, 257, 260, 262];
      const names = lengths.map((length) => `${String(length)}-`.padEnd(length - 'noarch/'.length, 'n'));
      const odd = [
        'größe.json',
        'gro\u0308nde.json',
        '日本語のファイル名'.repeat(5),
        '\u{1F40D}.txt',
        '\u{FF5E}.txt',
      ];
      const tricky = ['@listed', '-rf', 'with space', "quote'.txt", '$(x).txt', 'percent%2F.txt'];
      await writeChannel(sides.mirror, { noarch: [] });
      for (const name of [...names, ...odd, ...tricky]) {
        await writeFile(join(sides.mirror, 'noarch', name), name);
        await writeFile(join(sides.mirror, deep, name), `deep ${name}`);
      }
      for (const { path } of await listTree(sides.mirror)) await utimes(join(sides.mirror, path), 1e9, 1e9);
      await init(sides, '--empty');
      const created = await createUpdate(sides);
      const crossed = new Set(created.files.map(({ path }) => Buffer.byteLength(path)));
      for (const length of lengths) assert.ok(crossed.has(length), String(length));
      await applyUpdate(sides, created.outputs.volume);
      await assertSameTrees(sides);
      const plain = join(sides.folder, 'plain');
      await mkdir(plain);
      execFileSync('tar', ['xf', created.outputs.volume, '-C', plain]);
      const simple = async (root: string): Promise<string[]> =>
        (await visibleTree(root)).map(({ path, sha256, mtimeMs }) => `${sha256} ${mtimeMs} ${path}`);
      assert.deepEqual(await simple(plain), await simple(sides.mirror));
      assert.deepEqual(await simple(sides.copy), await simple(sides.mirror));
    },
  );

  test('is never written with names that no checksum list can hold', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, { noarch: [{ name: 'a' }] });
    await init(sides, '--empty');
    const file = join(sides.mirror, 'noarch/notes.txt');
    await writeFile(file, 'x');
    for (const name of ['line\nfeed', 'back\\slash', 'bell\u0007']) {
      await rename(file, join(sides.mirror, 'noarch', name));
      const { text } = await refuse('conda-diff-export', ['create', sides.mirror, '-o', sides.outbox], 10);
      assert.ok(text.includes(JSON.stringify(`noarch/${name}`)), text);
      await rename(join(sides.mirror, 'noarch', name), file);
    }
    const record = { 'packages.conda': { 'odd\u0000-1.conda': { size: 1 } } };
    await writeFile(join(sides.mirror, 'noarch/repodata.json'), JSON.stringify(record));
    const create = ['create', sides.mirror, '-o', sides.outbox];
    const { text } = await refuse('conda-diff-export', create, 10);
    assert.match(text, /"noarch\/odd\\u0000-1\.conda" has a backslash or a control character/);
    assert.deepEqual(await listTree(sides.outbox), []);
    await createUpdate(sides, '--ignore', 'noarch/odd*');
  });
});
