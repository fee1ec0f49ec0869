import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, truncate, utimes, writeFile } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { fingerprintOf, settledFingerprint } from '../../shared/fingerprint.js';
import { batchesOf, hashAll, type PoolHash, type SizedFile } from '../../shared/hash-pool.js';
import { temporaryDirectory } from '../support/channel.js';
import { hashOf } from '../support/arbitrary.js';
import { rejects } from '../support/refusal.js';

async function makeFiles(t: TestContext, count: number): Promise<SizedFile[]> {
  const directory = await temporaryDirectory(t);
  const files = Array.from({ length: count }, (_, n) => ({ file: join(directory, String(n)), size: n % 7 }));
  for (const [n, { file, size }] of files.entries()) await writeFile(file, String(n % 10).repeat(size));
  return files;
}

const textOf = (n: number): string => String(n % 10).repeat(n % 7);

async function hashesOf(
  files: readonly SizedFile[],
  signal?: AbortSignal,
): Promise<(PoolHash | undefined)[]> {
  const hashes: (PoolHash | undefined)[] = files.map(() => undefined);
  await hashAll(files, (n, hash) => (hashes[n] = hash), { ...(signal && { signal }) });
  return hashes;
}

describe('hashAll', () => {
  for (const [count, where] of [
    [20, 'here'],
    [1300, 'in threads'],
  ] as const) {
    it(`gives size and hash of every file by its number, ${where}`, async (t) => {
      const files = await makeFiles(t, count);
      const hashes = await hashesOf(files);
      assert.deepEqual(
        hashes.map((hash) => [hash?.size, hash?.sha256, hash?.md5]),
        files.map(({ size }, n) => [size, hashOf(textOf(n)), undefined]),
      );
    });
  }

  it('reads more than one buffer, and sparse files, and md5 where it is wanted', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'sparse');
    await writeFile(file, 'begin');
    await truncate(file, 70_000_000);
    const bytes = Buffer.concat([Buffer.from('begin')], 70_000_000);
    const [hash] = await hashesOf([{ file, size: 70_000_000, md5: true }]);
    assert.equal(hash?.sha256, createHash('sha256').update(bytes).digest('hex'));
    assert.equal(hash.md5, createHash('md5').update(bytes).digest('hex'));
    assert.equal(hash.size, bytes.length);
  });

  it('names every file that cannot be read, after all others were', async (t) => {
    const files = await makeFiles(t, 10);
    const lost = { file: `${files[0]!.file}-lost`, size: 1 };
    await rejects(hashesOf([lost, ...files]), 'io', /^Cannot read .*-lost: ENOENT/);
    let count = 0;
    const all = hashAll([lost, ...files, lost], () => count++);
    const error = await rejects(all, 'io', /^2 files cannot be read\n/);
    assert.equal(error.details.length, 2);
    assert.equal(count, files.length);
  });

  it('stops at a signal', async (t) => {
    const files = await makeFiles(t, 10);
    const many = Array.from({ length: 500 }, () => files).flat();
    for (const some of [files, many])
      await assert.rejects(hashesOf(some, AbortSignal.abort(new Error('Stop'))), /Stop/);
    const abort = new AbortController();
    let count = 0;
    const all = hashAll(
      many,
      () => {
        if (count++ === 600) abort.abort(new Error('Stop'));
      },
      { signal: abort.signal },
    );
    await assert.rejects(all, /Stop/);
    assert.ok(count < many.length, String(count));
  });

  it('tells how far it is', async (t) => {
    const files = await makeFiles(t, 1300);
    const done = { files: 0, bytes: 0 };
    const progress = {
      begin: () => undefined,
      advance: (more: number, bytes: number) => {
        done.files += more;
        done.bytes += bytes;
      },
      end: () => undefined,
    };
    await hashAll(files, () => undefined, { progress });
    assert.deepEqual(done, { files: 1300, bytes: files.reduce((sum, { size }) => sum + size, 0) });
  });
});

describe('fingerprints that prove a content', () => {
  it('are given only for files that had been left alone for two seconds', async (t) => {
    const [one] = await makeFiles(t, 1);
    const { file } = one!;
    assert.equal((await hashesOf([one!]))[0]?.fingerprint, undefined);
    const stats = statSync(file);
    const changed = Math.max(stats.mtimeMs, stats.ctimeMs);
    assert.equal(settledFingerprint(stats, changed + 2000), fingerprintOf(stats));
    assert.equal(settledFingerprint(stats, changed + 1999), undefined);
    const [hash] = await hashesOf([{ file: process.execPath, size: 1e8 }]);
    assert.equal(hash?.fingerprint, fingerprintOf(statSync(process.execPath)));
  });

  it('look at both times: a time that was set back proves nothing', async (t) => {
    const { file } = (await makeFiles(t, 1))[0]!;
    await utimes(file, 1, 1);
    await chmod(file, 0o600);
    assert.equal(settledFingerprint(statSync(file), Date.now()), undefined);
  });
});

describe('batchesOf', () => {
  it('covers all files once, in order, and ends at many files or bytes', () => {
    const sizes = [...Array.from({ length: 300 }, () => 1), 20 << 20, 1, 9 << 20, 9 << 20, 1];
    const batches = [...batchesOf(sizes.map((size) => ({ file: '', size })))];
    assert.deepEqual(
      batches.map(({ from, to }) => [from, to]),
      [
        [0, 256],
        [256, 301],
        [301, 304],
        [304, 305],
      ],
    );
    assert.deepEqual([...batchesOf([])], []);
  });
});
