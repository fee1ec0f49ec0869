import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Chunk, chunksOf } from '../../shared/archive-chunks.js';
import { END_BYTES, paddingBytes, tarHeader } from '../../shared/tar-entry.js';
import { entryOf } from '../support/arbitrary.js';

const CAPACITY = 8192;

/** The archive that chunks make up when each piece is filled with what its file has there. */
function archiveOf(chunks: readonly Chunk[], contents: readonly Buffer[]): Buffer {
  return Buffer.concat(
    chunks.map(({ pieces, fixed, length }) => {
      const bytes = Buffer.alloc(length, 0xff);
      for (const one of fixed) bytes.set(one.bytes, one.at);
      for (const { file, from, length: part, at } of pieces)
        bytes.set(contents[file]!.subarray(from, from + part), at);
      return bytes;
    }),
  );
}

describe('chunksOf', () => {
  it('lays out every archive whole, in chunks that are not too long', () => {
    const size = fc.oneof(fc.nat(1000), fc.nat(30_000), fc.constantFrom(0, 512, 7680, 7168, 8192, 15872));
    fc.assert(
      fc.property(fc.array(size, { maxLength: 12 }), (sizes) => {
        const contents = sizes.map((bytes, n) => Buffer.alloc(bytes, n + 1));
        const files = contents.map((bytes, n) => ({
          ...entryOf(`noarch/${String(n)}`, bytes.toString()),
          mtime: n,
        }));
        const chunks = [...chunksOf(files, undefined, CAPACITY)];
        const expected = files.flatMap((file, n) => [
          tarHeader(file),
          contents[n]!,
          Buffer.alloc(paddingBytes(file.size)),
        ]);
        assert.ok(archiveOf(chunks, contents).equals(Buffer.concat([...expected, Buffer.alloc(END_BYTES)])));
        for (const { length } of chunks) assert.ok(length <= CAPACITY && length > 0);
        const last = chunks.flatMap(({ pieces }) => pieces).filter(({ isLast }) => isLast);
        assert.deepEqual(
          last.map(({ file }) => file),
          [...sizes.keys()],
        );
      }),
    );
  });

  it('keeps small files together and lets a large one begin a chunk', () => {
    const files = [1000, 1000, 20_000, 1000].map((size, n) => ({
      ...{ path: String(n), size, sha256: '' },
      mtime: 0,
    }));
    const chunks = [...chunksOf(files, undefined, CAPACITY)];
    assert.deepEqual(
      chunks.map(({ pieces }) => pieces.map(({ file, from }) => [file, from])),
      [
        [
          [0, 0],
          [1, 0],
        ],
        [[2, 0]],
        [[2, 7680]],
        [
          [2, 15872],
          [3, 0],
        ],
      ],
    );
  });
});
