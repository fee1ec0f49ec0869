import assert from 'node:assert/strict';
import { layoutOf } from '../../importer/layout.js';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Attributes } from '../../importer/attributes.js';
import { type ContentPart, type FileSink, readVolume } from '../../importer/read-volume.js';
import { realDisk } from '../../importer/disk.js';
import { type CommitAction, publishOf } from '../../importer/commit-plan.js';
import { DISCARD, readUpdate, StageSink } from '../../importer/stage.js';
import type { ShippedFile, Volume } from '../../shared/manifest.js';
import { BLOCK_BYTES, END_BYTES, paddingBytes, type TarMark, tarHeader } from '../../shared/tar-entry.js';
import { volumeMark } from '../../shared/volume-mark.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { listTree, temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';
import { makeUpdate, type SmallUpdate } from '../support/update.js';

const CONTENTS = {
  'noarch/a-1-0.conda': 'a'.repeat(700),
  'noarch/empty-1-0.conda': '',
  'noarch/größe-1-0.conda': 'ä',
  'noarch/repodata.json': '{}',
};
const MARK = volumeMark(hashOf('an update'), 1, 1);
const SIGNAL = new AbortController().signal;
const { uid, gid } = userInfo();
const ATTRIBUTES = (): Attributes => ({ ownership: { mode: 0o640, uid, gid }, mtime: 1_700_000_000 });

/** Keeps what it is given. */
class Kept implements FileSink {
  readonly files = new Map<string, string>();
  #parts: Buffer[] = [];
  take(contents: readonly ContentPart[], memory: SharedArrayBuffer): Promise<{ done: Promise<void> }> {
    for (const { file, from, at, length, isLast } of contents) {
      if (from === 0) this.#parts = [];
      this.#parts.push(Buffer.from(Buffer.from(memory, at, length)));
      if (isLast) this.files.set(file.path, Buffer.concat(this.#parts).toString());
    }
    return Promise.resolve({ done: Promise.resolve() });
  }
}

async function update(
  t: TestContext,
): Promise<SmallUpdate & { volume: Volume; mark: TarMark; file: string; bytes: Buffer }> {
  const made = await makeUpdate(await temporaryDirectory(t), {}, CONTENTS);
  const volume = made.manifest.volumes[0]!;
  const file = join(made.directory, volume.name);
  return { ...made, volume, mark: volumeMark(made.manifest.id, 1, 1), file, bytes: await readFile(file) };
}

const shipped = (path: string, text: string): ShippedFile => ({
  ...entryOf(path, text),
  kind: 'artifact',
  mtime: 0,
});

function archiveOf(...files: readonly [ShippedFile, string][]): Buffer {
  const parts = files.flatMap(([file, text]) => [
    tarHeader(file, MARK),
    Buffer.from(text),
    Buffer.alloc(paddingBytes(file.size)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(END_BYTES)]);
}

/** Reads an archive of these bytes that the manifest names rightly, hash and size included. */
async function readSealed(t: TestContext, bytes: Buffer, files: readonly ShippedFile[]): Promise<unknown> {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'update.tar'), bytes);
  const volume = { name: 'update.tar', size: bytes.length, sha256: hashOf(bytes), files: files.length };
  return readVolume(directory, volume, files, MARK, new Kept(), SIGNAL);
}

describe('readVolume', () => {
  it('passes on the content of every file, in order', async (t) => {
    const { manifest, directory, volume, mark } = await update(t);
    const sink = new Kept();
    assert.deepEqual(await readVolume(directory, volume, manifest.files, mark, sink, SIGNAL), []);
    assert.deepEqual(Object.fromEntries(sink.files), CONTENTS);
    assert.deepEqual(
      [...sink.files.keys()],
      manifest.files.map(({ path }) => path),
    );
  });

  it('hashes what is large on several threads, which are ready in any order', async (t) => {
    const small = Array.from({ length: 2000 }, (_, n) => [
      `noarch/p${n}-1-0.conda`,
      `${n} `.repeat((n * 131) % 9000),
    ]);
    const large = [0, 1, 2].map((n) => [`linux-64/p${n}-1-0.conda`, `${n} `.repeat(1_200_000)]);
    const contents = Object.fromEntries([...small, ...large]) as Record<string, string>;
    const { manifest, directory } = await makeUpdate(await temporaryDirectory(t), {}, contents, {
      perVolume: 9999,
    });
    const volume = manifest.volumes[0]!;
    assert.ok(volume.size > 24 << 20, 'large enough for threads');
    const file = join(directory, volume.name);
    const read = async (): Promise<unknown> => {
      const sink = new Kept();
      const wrong = await readVolume(
        directory,
        volume,
        manifest.files,
        volumeMark(manifest.id, 1, 1),
        sink,
        SIGNAL,
      );
      assert.ok(
        manifest.files.every(({ path }) => sink.files.get(path) === contents[path]) || wrong.length > 0,
      );
      return wrong.map(({ path }) => path);
    };
    for (let n = 0; n < 3; n++) assert.deepEqual(await read(), []);
    const bytes = await readFile(file);
    const damaged = ['linux-64/p1-1-0.conda', 'noarch/p77-1-0.conda', 'noarch/p1409-1-0.conda'];
    for (const path of damaged) bytes[bytes.indexOf(path) + BLOCK_BYTES + 9]! ^= 1;
    await writeFile(file, bytes);
    const inOrder = manifest.files.map(({ path }) => path).filter((path) => damaged.includes(path));
    assert.deepEqual(await read(), inOrder);
  });

  it('accepts only the exact bytes: any changed one is refused', async (t) => {
    const { manifest, directory, volume, mark, file, bytes } = await update(t);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= change;
        await writeFile(file, flipped);
        const result = await readVolume(directory, volume, manifest.files, mark, new Kept(), SIGNAL).catch(
          (error: unknown) => error,
        );
        if (Array.isArray(result)) assert.equal(result.length, 1, `byte ${String(at)}`);
        else assert.match((result as { code: string }).code, /^(malformed|integrity)$/);
        await assert.rejects(readUpdate(manifest, directory, DISCARD, SIGNAL), {
          code: /^(malformed|integrity)$/,
        });
      }),
      { numRuns: 200 },
    );
  });

  it('refuses an archive that is cut off or longer, at any length', async (t) => {
    const { manifest, directory, volume, mark, file, bytes } = await update(t);
    const read = (): Promise<unknown> =>
      readVolume(directory, volume, manifest.files, mark, new Kept(), SIGNAL);
    for (let length = 0; length < bytes.length; length += 97) {
      await writeFile(file, bytes.subarray(0, length));
      await rejects(read(), 'integrity', /is cut off/);
    }
    await writeFile(file, Buffer.concat([bytes, Buffer.alloc(512)]));
    await rejects(read(), 'integrity', /is too long/);
    await rm(file);
    await rejects(read(), 'malformed', /is missing\nCopy all files/);
  });

  it('names every file whose content is wrong, not the first', async (t) => {
    const { manifest, directory, file, bytes } = await update(t);
    for (const { path } of manifest.files.filter(({ size }) => size > 0)) {
      const text = CONTENTS[path as keyof typeof CONTENTS];
      bytes[bytes.indexOf(Buffer.from(text), bytes.indexOf(path))]! ^= 1;
    }
    await writeFile(file, bytes);
    const error = await rejects(readUpdate(manifest, directory, DISCARD, SIGNAL), 'integrity', /are damaged/);
    assert.deepEqual(
      error.details.map((line) => line.replace(/: .*/, '')),
      ['noarch/a-1-0.conda', 'noarch/größe-1-0.conda', 'noarch/repodata.json'],
    );
    assert.match(
      error.details[0] ?? '',
      new RegExp(`expected sha256 ${hashOf('a'.repeat(700))}, found sha256 `),
    );
  });

  const [a, b] = [shipped('a', 'text a'), shipped('b', 'text b')];
  const other = volumeMark(hashOf('another update'), 2, 3);
  const marked = (mark?: TarMark): Buffer =>
    Buffer.concat([tarHeader(a, mark), Buffer.from('text a'.padEnd(512, '\0')), archiveOf([b, 'text b'])]);
  const wrong: readonly [what: string, bytes: Buffer, text: RegExp][] = [
    [
      'another path',
      archiveOf([{ ...a, path: 'c' }, 'text a'], [b, 'text b']),
      /expected the file 'a' of 6 bytes, found File 'c' of 6 bytes/,
    ],
    [
      'a path that leads out',
      archiveOf([{ ...a, path: '../a' }, 'text a'], [b, 'text b']),
      /found File '\.\.\/a'/,
    ],
    [
      'another time',
      archiveOf([{ ...a, mtime: 1 }, 'text a'], [b, 'text b']),
      /does not hold what the manifest says/,
    ],
    ['another size', archiveOf([{ ...a, size: 7 }, 'text aa'], [b, 'text b']), /found File 'a' of 7 bytes/],
    [
      'the files in another order',
      archiveOf([b, 'text b'], [a, 'text a']),
      /expected the file 'a' .* found File 'b'/,
    ],
    ['a file less', archiveOf([a, 'text a']), /expected the file 'b' .* found the end of the archive/],
    [
      'a file more',
      archiveOf([a, 'text a'], [b, 'text b'], [shipped('c', ''), '']),
      /holds bytes at its end/,
    ],
    [
      'a file twice',
      archiveOf([a, 'text a'], [a, 'text a'], [b, 'text b']),
      /expected the file 'b' .* found File 'a'/,
    ],
    [
      'bytes in the padding',
      Buffer.from(archiveOf([a, 'text a'], [b, 'text b']).map((byte, i) => (i === 600 ? 1 : byte))),
      /holds bytes after a that/,
    ],
    [
      'something after its end',
      Buffer.concat([archiveOf([a, 'text a'], [b, 'text b']), Buffer.alloc(512, 1)]),
      /holds bytes after its end that/,
    ],
    [
      'the mark of another update and volume',
      marked(other),
      /expected the file 'a' .*found File 'a' of 6 bytes \(update:[0-9a-f]{12}, volume:2-of-3\)/,
    ],
    ['no mark', marked(), /found File 'a' of 6 bytes$/m],
    ['no tar', Buffer.alloc(4096, 'x'), /a block that is not a tar header/],
  ];
  for (const [what, bytes, text] of wrong) {
    it(`refuses an archive with ${what}, though the manifest gives its hash`, async (t) => {
      await rejects(readSealed(t, bytes, [a, b]), 'malformed', text);
    });
  }

  it('refuses links and directories in place of files', async (t) => {
    for (const type of '0123456789gxLK'.slice(1)) {
      const block = tarHeader(a, MARK);
      block.write(type, 156);
      block.fill(' ', 148, 156);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      const bytes = Buffer.concat([block, Buffer.from('text a'.padEnd(512, '\0')), Buffer.alloc(END_BYTES)]);
      await rejects(readSealed(t, bytes, [a]), 'malformed', /does not hold what the manifest says/);
    }
  });

  it('stops when it is interrupted', async (t) => {
    const { manifest, directory, volume, mark } = await update(t);
    const reason = new Error('interrupted');
    await assert.rejects(
      readVolume(directory, volume, manifest.files, mark, new Kept(), AbortSignal.abort(reason)),
      reason,
    );
  });
});

describe('readUpdate', () => {
  it('writes what the plan publishes to the stage, by number, and touches nothing else', async (t) => {
    const folder = await temporaryDirectory(t);
    const { manifest, directory } = await makeUpdate(folder, {}, CONTENTS, { perVolume: 3 });
    const before = await listTree(folder);
    assert.equal(manifest.volumes.length, 2);
    const stage = await temporaryDirectory(t);
    const [left, ...published] = manifest.files;
    const retired = { ...entryOf('noarch/old-1-0.conda'), kind: 'artifact' } as const;
    const plan: CommitAction[] = [
      ...published.map((file) => publishOf(file, undefined)),
      { action: 'retire', step: 6, path: retired.path, kind: retired.kind, before: retired },
    ];
    await readUpdate(
      manifest,
      directory,
      new StageSink(realDisk, { ...layoutOf('/'), stage }, plan, ATTRIBUTES),
      SIGNAL,
    );
    assert.equal(left?.path, 'noarch/a-1-0.conda');
    assert.deepEqual(
      (await listTree(stage)).map(({ path, sha256, mode }) => [path, sha256, mode]),
      published.map(({ sha256 }, n) => [String(n), sha256, 0o640]),
    );
    assert.deepEqual(await listTree(folder), before);
    const again = readUpdate(
      manifest,
      directory,
      new StageSink(realDisk, { ...layoutOf('/'), stage }, plan, ATTRIBUTES),
      SIGNAL,
    );
    await rejects(again, 'io', /Cannot write .* to the stage.*EEXIST/);
  });

  it('verifies what the plan leaves alone, too', async (t) => {
    const { manifest, directory, file, bytes } = await update(t);
    bytes[bytes.indexOf('a'.repeat(700))]! ^= 1;
    await writeFile(file, bytes);
    const stage = await temporaryDirectory(t);
    const nothing = readUpdate(
      manifest,
      directory,
      new StageSink(realDisk, { ...layoutOf('/'), stage }, [], ATTRIBUTES),
      SIGNAL,
    );
    await rejects(nothing, 'integrity', /noarch\/a-1-0\.conda: expected sha256/);
    assert.deepEqual(await listTree(stage), []);
  });
});
