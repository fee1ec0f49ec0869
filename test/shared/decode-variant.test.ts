import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeBz2 } from '../../shared/decode-bz2.js';
import { decodeVariant, encodingOf, type Encoding } from '../../shared/decode-variant.js';
import { decodeZst, nativeDecoder, portableDecoder, type ZstDecoder } from '../../shared/decode-zst.js';
import { CondaDiffError } from '../../shared/errors.js';
import { XxHash64 } from '../../shared/xxhash64.js';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'conda-diff-decode-'));
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, ...parts: readonly Uint8Array[]): string {
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat(parts));
  return file;
}

function run(command: string, args: readonly string[], input: Uint8Array): Buffer {
  return execFileSync(command, args, { input, maxBuffer: 1 << 28 });
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function refusal(chunks: AsyncIterable<Uint8Array>): Promise<CondaDiffError> {
  const error: unknown = await collect(chunks).then(
    (bytes) => assert.fail(`decoded to ${String(bytes.length)} bytes`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CondaDiffError, String(error));
  return error;
}

function lines(count: number): Buffer {
  const records = Array.from({ length: count }, (_, n) => {
    const sha256 = createHash('sha256').update(String(n)).digest('hex');
    return `"package-${n % 97}-1.${n}-py310_0.conda":{"depends":["python >=3.10"],"sha256":"${sha256}","size":${n * 37}}`;
  });
  return Buffer.from(records.join(',\n'));
}

const TEXT = lines(8_000); // 1.1 MB: several blocks of each encoding
const COMPRESS: Readonly<Record<Exclude<Encoding, 'identity'>, (input: Uint8Array) => Buffer>> = {
  zst: (input) => run('zstd', ['-qc', '--check'], input),
  bz2: (input) => run('bzip2', ['-c'], input),
  gz: (input) => run('gzip', ['-nc'], input),
};

for (const [encoding, compress] of Object.entries(COMPRESS)) {
  describe(`decodeVariant of ${encoding}`, () => {
    const decode = (...parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> =>
      decodeVariant(write(`a.${encoding}`, ...parts), encoding as Encoding, `noarch/a.${encoding}`);
    const whole = compress(TEXT);

    it('gives what went in', async () => {
      assert.ok((await collect(decode(whole))).equals(TEXT));
      assert.equal((await collect(decode(compress(Buffer.alloc(0))))).length, 0);
    });

    it('reads a file of several parts', async () => {
      const small = compress(Buffer.from('small'));
      const all = await collect(decode(small, whole, small, small));
      assert.ok(all.equals(Buffer.concat([Buffer.from('small'), TEXT, Buffer.from('smallsmall')])));
    });

    it('refuses a truncated file, wherever it ends', async () => {
      const small = compress(TEXT.subarray(0, 300));
      const ends = [0, 1, 3, 5, 9, small.length - 9, small.length - 5, small.length - 4, small.length - 1];
      for (const end of ends) {
        const { code, message } = await refusal(decode(small.subarray(0, end)));
        assert.equal(code, 'source');
        assert.ok(message.startsWith(`noarch/a.${encoding} cannot be decoded as ${encoding}: `), message);
        const second = await refusal(decode(small, small.subarray(0, end || 1)));
        for (const text of [message, second.message])
          assert.match(text, /early|end of file|no Zstandard frame/);
      }
      await refusal(decode(whole.subarray(0, whole.length >> 1)));
    });

    it('refuses a damaged file', async () => {
      const { length } = whole;
      for (const at of [length * 0.3, length * 0.6, length - 3]) {
        const damaged = Buffer.from(whole);
        damaged[Math.floor(at)]! ^= 0x10;
        assert.equal((await refusal(decode(damaged))).code, 'source');
      }
      assert.equal(
        (await refusal(decode(Buffer.from('<!DOCTYPE html><html>not found</html>')))).code,
        'source',
      );
    });

    it('refuses what follows the data', async () => {
      for (const rest of [
        Buffer.from('<!-- more -->'),
        Buffer.alloc(1),
        Buffer.alloc(600_000),
        randomBytes(20),
      ]) {
        assert.equal((await refusal(decode(whole, rest))).code, 'source');
      }
    });

    it('says when a file cannot be read, and releases it when the reader stops', async () => {
      assert.equal((await refusal(decodeVariant(join(folder, 'none'), encoding as Encoding))).code, 'io');
      for await (const chunk of decode(whole)) {
        assert.ok(chunk.length > 0);
        break;
      }
    });
  });
}

const DECODERS: readonly (readonly [string, ZstDecoder | undefined])[] = [
  ['fzstd', portableDecoder],
  ['node:zlib', nativeDecoder],
];
for (const [name, decoder] of DECODERS) {
  const skip = decoder === undefined && `this Node (${process.version}) has no zstd`;
  describe(`decodeZst by ${name}`, { skip }, () => {
    const decode = (...parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> =>
      decodeZst(createReadStream(write('a.zst', ...parts), { highWaterMark: 1000 }), decoder);
    const plain = run('zstd', ['-qc', '--no-check'], TEXT);
    const checked = run('zstd', ['-qc', '--check', '-19'], TEXT);

    it('reads frames with and without checksum and content size, and skips what is to be skipped', async () => {
      const skippable = Buffer.concat([Buffer.from('502a4d1805000000', 'hex'), Buffer.from('hello')]);
      const parts = [
        skippable,
        plain,
        checked,
        run('zstd', ['-qc', '--fast=5'], TEXT.subarray(0, 1000)),
        skippable,
      ];
      const expected = Buffer.concat([TEXT, TEXT, TEXT.subarray(0, 1000)]);
      assert.ok((await collect(decode(...parts))).equals(expected));
    });

    it('reads runs, bytes that do not compress, and matches far back', async () => {
      const noise = randomBytes(3_000_000);
      const data = Buffer.concat([Buffer.alloc(500_000, 'a'), noise, TEXT, noise, Buffer.alloc(300_000)]);
      assert.ok((await collect(decode(run('zstd', ['-qc', '--long=23'], data)))).equals(data));
    });

    it('refuses a wrong checksum', async () => {
      const wrong = Buffer.from(checked);
      wrong[wrong.length - 1]! ^= 1;
      await assert.rejects(collect(decode(wrong)), /checksum/);
    });

    it('refuses a window that is too large, a dictionary, a reserved bit, and nothing but skippable frames', async () => {
      const header = (hex: string): Buffer => Buffer.from(`28b52ffd${hex}0100000000000000`, 'hex');
      await assert.rejects(
        collect(decode(header('00a0'))),
        /needs a window of 1024 MiB, at most (32|128) are supported/,
      );
      await assert.rejects(collect(decode(header('010005'))), /dictionary/);
      await assert.rejects(collect(decode(header('0850'))), /reserved/);
      await assert.rejects(
        collect(decode(Buffer.from('28b52ffd0050ffffff', 'hex'))),
        /a block of 2097151 bytes/,
      );
      await assert.rejects(collect(decode(Buffer.from('502a4d1801000000ff', 'hex'))), /no Zstandard frame/);
    });
  });
}

describe('XxHash64', () => {
  it('gives what zstd writes at the end of a frame, however the bytes are cut', () => {
    const bytes = Buffer.from(Array.from({ length: 101 }, (_, n) => (n * 73) & 0xff));
    for (const length of [0, 1, 3, 4, 8, 31, 32, 33, 64, 95, 101]) {
      const frame = run('zstd', ['-qc', '--check'], bytes.subarray(0, length));
      for (const step of [1, 7, 32, 40, 200]) {
        const hash = new XxHash64();
        for (let at = 0; at < length; at += step)
          hash.update(bytes.subarray(at, Math.min(length, at + step)));
        assert.equal(hash.low32(), frame.readUInt32LE(frame.length - 4), `${length} bytes by ${step}`);
      }
    }
  });
});

describe('decodeBz2', () => {
  it('gives a block at a time', () => {
    const file = write('zeros.bz2', run('bzip2', ['-1c'], Buffer.alloc(8_000_000)));
    const sizes = [...decodeBz2(file)].map((block) => block.length);
    assert.ok(sizes.length > 1 && Math.max(...sizes) < 6_000_000, sizes.join(' '));
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      8_000_000,
    );
  });
});

describe('encodingOf', () => {
  it('goes by the extension', () => {
    const names = [
      'repodata.json',
      'repodata.json.zst',
      'current_repodata.json.bz2',
      'a.gz',
      'zst',
      'a.zst.sig',
    ];
    assert.deepEqual(names.map(encodingOf), ['identity', 'zst', 'bz2', 'gz', 'identity', 'identity']);
  });

  it('reads what is not encoded as it is, empty files included', async () => {
    const file = write('a.json', TEXT);
    assert.ok((await collect(decodeVariant(file, encodingOf(file)))).equals(TEXT));
    assert.equal((await collect(decodeVariant(write('empty.json'), 'identity'))).length, 0);
  });
});
