import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { CondaDiffError } from '../../shared/errors.js';
import { decodeShard, decodeShardIndex } from '../../shared/shard-index.js';

const SHA = 'ab'.repeat(32);
const MD5 = '0c'.repeat(16);
const NAME = 'noarch/repodata_shards.msgpack.zst';

function refuses(
  read: (bytes: Uint8Array, name: string) => unknown,
  bytes: Uint8Array,
  message: RegExp,
): void {
  assert.throws(
    () => read(bytes, NAME),
    (error) => {
      assert.ok(error instanceof CondaDiffError, String(error));
      assert.equal(error.code, 'source');
      assert.ok(error.message.startsWith(`${NAME} is `), error.message);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('decodeShardIndex', () => {
  it('reads names, hashes and base URLs', () => {
    const shards = { zlib: Buffer.from(SHA, 'hex'), python: SHA.toUpperCase() };
    const bytes = encode({
      info: { base_url: '', shards_base_url: './shards/', subdir: 'noarch' },
      shards,
      version: 1,
    });
    assert.deepEqual(decodeShardIndex(bytes, NAME), {
      baseUrl: '',
      shardsBaseUrl: './shards/',
      shards: [
        { name: 'zlib', sha256: SHA },
        { name: 'python', sha256: SHA },
      ],
    });
  });

  it('takes what is null or missing for empty', () => {
    for (const document of [{}, { info: null, shards: null }, { info: { base_url: null } }]) {
      assert.deepEqual(decodeShardIndex(encode(document), NAME), { shards: [] });
    }
  });

  it('takes names that objects have anyway for names', () => {
    const shards = { constructor: SHA, toString: SHA, hasOwnProperty: SHA };
    const names = decodeShardIndex(encode({ shards }), NAME).shards.map(({ name }) => name);
    assert.deepEqual(names, ['constructor', 'toString', 'hasOwnProperty']);
    refuses(
      decodeShardIndex,
      Buffer.from('81a6736861726473' + '81a95f5f70726f746f5f5f' + 'c0', 'hex'),
      /__proto__/,
    );
  });

  it('refuses other shapes with their place', () => {
    const cases: [unknown, RegExp][] = [
      [[], /malformed: the document is not a map$/],
      [null, /the document is not a map/],
      [Buffer.from('x'), /the document is not a map/],
      [new Date(0), /the document is not a map/],
      [{ info: [] }, /"info" is not a map$/],
      [{ info: { base_url: 1 } }, /"info" > "base_url" is not a string$/],
      [{ shards: [SHA] }, /"shards" is not a map$/],
      [{ shards: { a: null } }, /"shards" > "a" is not a hash of 32 bytes$/],
      [{ shards: { a: Buffer.alloc(31) } }, /not a hash/],
      [{ shards: { a: 'x'.repeat(64) } }, /not a hash/],
      [{ shards: { a: 5 } }, /not a hash/],
    ];
    for (const [document, message] of cases) refuses(decodeShardIndex, encode(document), message);
  });

  it('refuses bytes that are not MessagePack, or more or less than one document', () => {
    const whole = encode({ shards: { a: SHA } });
    refuses(decodeShardIndex, Buffer.alloc(0), /is not valid MessagePack: /);
    refuses(decodeShardIndex, Buffer.from('<html>'), /is not valid MessagePack: /);
    refuses(decodeShardIndex, Buffer.concat([whole, whole]), /is not valid MessagePack: /);
    for (let length = 1; length < whole.length; length++)
      refuses(decodeShardIndex, whole.slice(0, length), / is /);
  });

  it('refuses lengths beyond the document at once', () => {
    const nested = 'dd01ffffff'.repeat(200); // 50 GB, if each were believed
    for (const head of [nested, 'ddffffffff', 'dfffffffff', 'dbffffffff', 'c6ffffffff', 'c9ffffffff01']) {
      refuses(decodeShardIndex, Buffer.from(`${head}00`, 'hex'), /is not valid MessagePack: /);
    }
  });
});

describe('decodeShard', () => {
  it('reads records of every bucket, and removed names', () => {
    const record = { name: 'a', sha256: Buffer.from(SHA, 'hex'), md5: MD5, size: 12 };
    const document = {
      packages: { 'a-1.tar.bz2': record },
      'packages.conda': { 'a-1.conda': { ...record, sha256: SHA, md5: Buffer.from(MD5, 'hex') } },
      v3: { whl: { 'a-1': { url: '../a.whl', fn: 'a.whl', sha256: null } }, none: null },
      removed: ['b-1.conda'],
    };
    const known = { sha256: SHA, md5: MD5, size: 12, url: undefined, fn: undefined };
    const unknown = { sha256: undefined, md5: undefined, size: undefined };
    assert.deepEqual(decodeShard(encode(document), NAME), {
      records: [
        { bucket: 'packages', key: 'a-1.tar.bz2', ...known },
        { bucket: 'packages.conda', key: 'a-1.conda', ...known },
        { bucket: 'v3.whl', key: 'a-1', ...unknown, url: '../a.whl', fn: 'a.whl' },
      ],
      removed: ['b-1.conda'],
    });
    assert.deepEqual(decodeShard(encode({}), NAME), { records: [], removed: [] });
  });

  it('reads url and fn only where they are strings, as from repodata.json', () => {
    const [record] = decodeShard(encode({ packages: { a: { url: 1, fn: ['x'] } } }), NAME).records;
    assert.deepEqual([record?.url, record?.fn], [undefined, undefined]);
  });

  it('refuses other shapes with their place', () => {
    const cases: [unknown, RegExp][] = [
      [{ packages: [] }, /"packages" is not a map$/],
      [{ packages: { a: null } }, /"packages" > "a" is not a map$/],
      [{ packages: { a: { size: -1 } } }, /"packages" > "a" > "size" is not a whole number of bytes$/],
      [{ packages: { a: { size: 2 ** 53 } } }, /not a whole number/],
      [{ packages: { a: { size: '12' } } }, /not a whole number/],
      [{ packages: { a: { md5: SHA } } }, /"md5" is not a hash of 16 bytes$/],
      [{ 'packages.conda': { a: { sha256: Buffer.alloc(16) } } }, /"sha256" is not a hash of 32 bytes$/],
      [{ v3: { whl: [] } }, /"v3" > "whl" is not a map$/],
      [{ removed: {} }, /"removed" is not an array$/],
      [{ removed: ['a', 1] }, /"removed" > "1" is not a string$/],
      [{ removed: [null] }, /"removed" > "0" is not a string$/],
    ];
    for (const [document, message] of cases) refuses(decodeShard, encode(document), message);
  });

  it('meets arbitrary bytes with nothing but its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeShard(bytes, NAME);
        } catch (error) {
          assert.ok(error instanceof CondaDiffError && error.code === 'source', String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
