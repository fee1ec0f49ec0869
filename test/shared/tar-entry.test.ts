import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  anyHeader,
  archiveBytes,
  BLOCK_BYTES,
  describeHeader,
  END_BYTES,
  MARK_BYTES,
  paddingBytes,
  type TarEntry,
  tarHeader,
} from '../../shared/tar-entry.js';
import { volumeMark } from '../../shared/volume-mark.js';
import { temporaryDirectory } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';

const MTIME = 1_700_000_000;
const skip = skipWithout('tar');
const skipUnlessRoot = process.getuid?.() === 0 ? false : 'needs root';

function listed(file: string): string[][] {
  const options = {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
    maxBuffer: 1 << 26,
  } as const;
  const args = ['--full-time', '--numeric-owner', '--quoting-style=literal', '-tvf', file];
  const output = execFileSync('tar', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => /^(\S+) (\S+) +(\d+) (\S+ \S+) (.*)$/.exec(line)?.slice(1) ?? [line]);
}

/** A path of this many bytes, its directories no longer than a file system takes. */
function pathOf(length: number): string {
  const path = 'directory/'.repeat(Math.ceil(length / 10)).slice(0, length);
  return path.endsWith('/') ? `${path.slice(0, -1)}x` : path;
}

const entry = (changes: Partial<TarEntry>): TarEntry => ({ path: 'a', size: 0, mtime: MTIME, ...changes });

describe('tarHeader', () => {
  it('is the block that tar makes, also where it is made without it', () => {
    const number = fc.oneof(fc.nat(20_000), fc.nat(8 ** 11 + 9), fc.constantFrom(8 ** 11 - 1, 8 ** 11));
    const name = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string({ maxLength: 120 }));
    const path = fc.oneof(name, fc.nat(110).map(pathOf)).filter((text) => text !== '');
    const mark = fc.constantFrom(
      { owner: '', group: '' },
      volumeMark('5194a49f2900', 1, 3),
      volumeMark('5194a49f2900', 2, 3),
    );
    fc.assert(
      fc.property(path, number, number, mark, (aPath, size, mtime, aMark) => {
        const one = { path: aPath, size, mtime };
        assert.deepEqual(tarHeader(one, aMark), anyHeader(one, aMark));
      }),
      { numRuns: 2000 },
    );
  });

  it('is read by tar for paths of every length from 1 to 300, whole and in one name', { skip }, async (t) => {
    const file = join(await temporaryDirectory(t), 'a.tar');
    const lengths = Array.from({ length: 300 }, (_, i) => i + 1);
    const paths = [...lengths.map(pathOf), ...lengths.slice(0, 255).map((n) => 'n'.repeat(n))];
    await writeFile(
      file,
      Buffer.concat([...paths.map((path) => tarHeader(entry({ path }))), Buffer.alloc(END_BYTES)]),
    );
    const lines = listed(file);
    assert.equal(lines.length, paths.length);
    for (const [i, path] of paths.entries()) {
      // a single name of 100 bytes gets the prefix '.': another spelling of the same file
      const name = lines[i]?.[4]?.replace(/^\.\//, '');
      assert.deepEqual(
        [...lines[i]!.slice(0, 4), name],
        ['-rw-r--r--', '0/0', '0', '2023-11-14 22:13:20', path],
      );
    }
  });

  it('is read by tar for names that are not ASCII', { skip }, async (t) => {
    const file = join(await temporaryDirectory(t), 'a.tar');
    const paths = [
      ...[
        'noarch/größe.json',
        '中文/文件',
        '\u{10000}/\u{1f600}',
        '\ue000\uffee',
        ' leading',
        'quo\'te"',
        '@list',
        '-C',
      ],
      ...[
        'é'.repeat(50),
        `${'é'.repeat(50)}/${'é'.repeat(50)}`,
        `${'中'.repeat(80)}/${'\u{1f600}'.repeat(60)}`,
      ],
    ];
    await writeFile(
      file,
      Buffer.concat([...paths.map((path) => tarHeader(entry({ path }))), Buffer.alloc(END_BYTES)]),
    );
    assert.deepEqual(
      listed(file).map((line) => line[4]),
      paths,
    );
  });

  it('is read by tar for every size: the file is sparse', { skip }, async (t) => {
    const file = join(await temporaryDirectory(t), 'a.tar');
    const sizes = [0, 1, 511, 512, 513, 8 ** 11 - 1, 8 ** 11, 20 * 2 ** 30];
    let length = 0;
    await writeFile(file, '');
    for (const size of sizes) {
      const header = tarHeader(entry({ path: `noarch/${String(size)}.conda`, size }));
      await appendFile(file, header);
      length += header.length + size + paddingBytes(size);
      await truncate(file, length);
    }
    await truncate(file, length + END_BYTES);
    assert.deepEqual(
      listed(file).map(([, , size, , path]) => [Number(size), path]),
      sizes.map((size) => [size, `noarch/${String(size)}.conda`]),
    );
  });

  it('is read by tar for every time', { skip }, async (t) => {
    const file = join(await temporaryDirectory(t), 'a.tar');
    const times = [0, 1, MTIME, 2 ** 32, 8 ** 11 - 1, 8 ** 11, 8 ** 12];
    await writeFile(
      file,
      Buffer.concat([...times.map((mtime) => tarHeader(entry({ mtime }))), Buffer.alloc(END_BYTES)]),
    );
    assert.deepEqual(
      listed(file).map((line) => line[3]),
      times.map((mtime) => new Date(mtime * 1000).toISOString().slice(0, 19).replace('T', ' ')),
    );
  });

  it('is one block where it can be, and always whole blocks', () => {
    assert.equal(tarHeader(entry({ path: 'n'.repeat(99) })).length, BLOCK_BYTES);
    assert.equal(tarHeader(entry({ size: 8 ** 11 - 1 })).length, BLOCK_BYTES);
    assert.equal(tarHeader(entry({ size: 8 ** 11 })).length, 3 * BLOCK_BYTES);
    assert.ok(tarHeader(entry({ size: 8 ** 11 })).includes(' size=8589934592\n'));
    assert.ok(!tarHeader(entry({ path: 'é' })).includes(' size='));
    assert.equal(tarHeader(entry({ path: 'é' })).length, 3 * BLOCK_BYTES);
    for (let length = 1; length < 2048; length += 37) {
      assert.equal(tarHeader(entry({ path: pathOf(length) })).length % BLOCK_BYTES, 0);
    }
  });

  it('follows from path, size and mtime alone', () => {
    const more = {
      ...entry({}),
      sha256: 'x',
      source: 'y',
      mode: 0o777,
      uid: 1000,
      type: 'Link',
      linkpath: '/etc/passwd',
    };
    assert.deepEqual(tarHeader(more), tarHeader(entry({})));
    const different = [entry({}), entry({ path: 'b' }), entry({ size: 1 }), entry({ mtime: 0 })].map((one) =>
      tarHeader(one).toString('hex'),
    );
    assert.equal(new Set(different).size, 4);
  });
});

describe('the mark of a volume', () => {
  const mark = volumeMark('5194a49f2900316266c74f491028d84fb90e6be98dd91dd408cbf46d6d51ff2e', 2, 3);
  const LONG = `${'é'.repeat(60)}/long.conda`;
  const archive = (...paths: readonly string[]): Buffer =>
    Buffer.concat([
      ...paths.flatMap((path) => [tarHeader(entry({ path, size: 1 }), mark), Buffer.alloc(BLOCK_BYTES, 'x')]),
      Buffer.alloc(END_BYTES),
    ]);

  it('is in the header of every entry and in every pax record, and fits with the largest numbers', () => {
    assert.deepEqual(mark, { owner: 'update:5194a49f2900', group: 'volume:2-of-3' });
    for (const path of ['a', LONG]) {
      const header = tarHeader(entry({ path }), mark);
      const blocks = path === 'a' ? [0] : [0, header.length - BLOCK_BYTES];
      for (const at of blocks) {
        const owner = header.toString('latin1', at + 265, at + 297);
        const group = header.toString('latin1', at + 297, at + 329);
        assert.deepEqual([owner, group], [mark.owner.padEnd(32, '\0'), mark.group.padEnd(32, '\0')]);
      }
      assert.equal(header.includes(` uname=${mark.owner}\n`), path === LONG);
      assert.equal(header.includes(` gname=${mark.group}\n`), path === LONG);
    }
    const largest = volumeMark('f'.repeat(64), 99_999_999, 99_999_999);
    for (const name of [largest.owner, largest.group]) assert.ok(name.length <= MARK_BYTES, name);
    assert.equal(tarHeader(entry({}), largest).length, BLOCK_BYTES);
  });

  it('is what a plain tar shows, for long names, too', { skip }, async (t) => {
    const file = join(await temporaryDirectory(t), 'a.tar');
    await writeFile(file, archive('a', LONG));
    const listing = execFileSync('tar', ['tvf', file, '--quoting-style=literal'], { encoding: 'utf8' });
    assert.deepEqual(
      listing
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ +/).slice(0, 3)),
      Array.from({ length: 2 }, () => ['-rw-r--r--', 'update:5194a49f2900/volume:2-of-3', '1']),
    );
  });

  it(
    'is nobody: tar as root gives the files to root, as the header says',
    { skip: skip || skipUnlessRoot },
    async (t) => {
      const folder = await temporaryDirectory(t);
      const file = join(folder, 'a.tar');
      await writeFile(file, archive('a', LONG));
      const told = spawnSync('tar', ['xf', file, '-C', folder, '--same-owner'], { encoding: 'utf8' });
      assert.deepEqual([told.status, told.stderr], [0, '']);
      for (const path of ['a', LONG]) {
        const { uid, gid } = await stat(join(folder, path));
        assert.deepEqual([uid, gid], [0, 0]);
      }
    },
  );
});

describe('paddingBytes', () => {
  it('fills the last block', () => {
    assert.deepEqual([0, 1, 511, 512, 513, 8 ** 11].map(paddingBytes), [0, 511, 1, 0, 511, 0]);
  });
});

describe('describeHeader', () => {
  it('says what a block is', () => {
    assert.equal(describeHeader(Buffer.alloc(BLOCK_BYTES)), 'the end of the archive');
    assert.equal(describeHeader(Buffer.alloc(BLOCK_BYTES, 'x')), 'a block that is not a tar header');
    assert.equal(describeHeader(tarHeader(entry({ path: 'x', size: 7 }))), "File 'x' of 7 bytes");
  });

  it('says something of any block', () => {
    const header = tarHeader(entry({ path: 'x', size: 7 }));
    for (let at = 0; at < BLOCK_BYTES; at++) {
      for (const byte of [0x80, 0x81, 0xff, 0x39]) {
        const damaged = Buffer.from(header);
        damaged[at] = byte;
        assert.match(describeHeader(damaged), /./);
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: BLOCK_BYTES, maxLength: BLOCK_BYTES }), (block) => {
        assert.match(describeHeader(block), /./);
      }),
    );
  });
});

describe('archiveBytes', () => {
  it('is what an archive has, whatever stands in it', () => {
    const path = fc.oneof(
      fc.string({ minLength: 1, maxLength: 300 }),
      fc.nat(300).map((n) => pathOf(n + 1)),
    );
    const size = fc.oneof(
      fc.nat(2000),
      fc.constantFrom(8 ** 11 - 1, 8 ** 11, Number.MAX_SAFE_INTEGER - 4096),
    );
    const mtime = fc.oneof(fc.nat(), fc.constantFrom(8 ** 11 - 1, 8 ** 11, 8_640_000_000_000));
    const mark = fc.constantFrom(undefined, volumeMark('ab'.repeat(32), 1, 12));
    fc.assert(
      fc.property(fc.record({ path, size, mtime }), mark, (one, named) => {
        const bytes = tarHeader(one, named).length + one.size + paddingBytes(one.size);
        assert.equal(archiveBytes([one], named) - archiveBytes([], named), bytes);
      }),
      { numRuns: 2000 },
    );
    assert.equal(archiveBytes([]), END_BYTES);
  });
});
