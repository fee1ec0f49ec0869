import assert from 'node:assert/strict';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { decodeVariant, encodingOf } from '../../shared/decode-variant.js';
import { decodeZst, portableDecoder } from '../../shared/decode-zst.js';
import { CondaDiffError } from '../../shared/errors.js';
import { decodeShard, decodeShardIndex } from '../../shared/shard-index.js';
import { parse, scan } from '../support/read-repodata.js';

const channels = process.env['CONDA_DIFF_CHANNELS'];
/** Real files that no client can read, and why. */
const BROKEN: ReadonlyMap<string, RegExp> = new Map([
  ['archive_linux-aarch64_is_html.json', /is not valid repodata: expected '\{' at byte 0, found '<'$/],
]);

function filesIn(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
    .sort();
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('real indexes', () => {
  if (channels === undefined) {
    it('are read', (t) => t.skip('CONDA_DIFF_CHANNELS does not name a folder of real channels'));
    return;
  }
  const folders = [resolve(channels), resolve(channels, '../repodata')];
  const indexes = folders.flatMap((folder) => filesIn(folder, /\.json(\.zst|\.bz2|\.gz)?$/));

  it('are there', () => {
    assert.ok(indexes.length > 0, `no index in ${folders.join(' or ')}`);
  });

  for (const file of indexes) {
    it(relative(resolve(channels, '..'), file), async () => {
      const bytes = await collect(decodeVariant(file, encodingOf(file)));
      const broken = [...BROKEN].find(([name]) => file.endsWith(name))?.[1];
      for (const size of [1 << 20, 1000, 7]) {
        const read = (): unknown => scan(cut(bytes, size), 'index');
        if (broken === undefined) assert.deepEqual(read(), parse(bytes.toString()));
        else assert.throws(read, (error) => error instanceof CondaDiffError && broken.test(error.message));
      }
      if (!file.endsWith('.zst')) return;
      assert.ok((await collect(decodeZst(createReadStream(file), portableDecoder))).equals(bytes));
    });
  }

  it('as shards say the same as repodata.json', async () => {
    for (const file of filesIn(folders[0] ?? '', /repodata_shards\.msgpack\.zst$/)) {
      const index = decodeShardIndex(await collect(decodeVariant(file, 'zst')), file);
      const repodata = parse(readFileSync(join(file, '../repodata.json'), 'utf8'));
      assert.ok(index.shards.length > 0);
      for (const { sha256 } of index.shards) {
        const shard = join(file, '..', index.shardsBaseUrl ?? '', `${sha256}.msgpack.zst`);
        for (const { bucket, key, ...fields } of decodeShard(
          await collect(decodeVariant(shard, 'zst')),
          shard,
        ).records) {
          assert.deepEqual(fields, repodata.buckets.get(bucket)?.get(key));
        }
      }
    }
  });
});
