import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fingerprintOfFile } from '../../shared/fingerprint.js';
import { HashCache } from '../../shared/hash-cache.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';

async function repository(t: TestContext): Promise<string> {
  const root = await temporaryDirectory(t);
  await mkdir(join(root, '.conda-diff'));
  return root;
}

describe('the hash cache', () => {
  it('remembers what was recorded, whatever the path', async (t) => {
    const root = await repository(t);
    const cache = await HashCache.open(root);
    const paths = ['a', 'noarch/with space', 'noarch/größe𐀀'];
    for (const path of paths) cache.record(path, `1 2 3 ${path.length}`, hashOf(path));
    cache.record('forgotten', '1 2 3 4', hashOf(''));
    cache.forget('forgotten');
    await cache.save();
    const read = await HashCache.open(root);
    for (const path of paths) {
      assert.deepEqual(read.look(path, `1 2 3 ${path.length}`), { sha256: hashOf(path) });
      assert.equal(read.look(path, '1 2 3 4444'), 'changed');
    }
    assert.equal(read.look('forgotten', '1 2 3 4'), undefined);
    assert.equal(read.look('never seen', '1 2 3 4'), undefined);
  });

  it('notices every change of a file, also one that keeps size and mtime', async (t) => {
    const root = await repository(t);
    const file = join(root, 'a');
    await writeFile(file, 'one');
    await utimes(file, 1000, 1000);
    const before = fingerprintOfFile(file);
    await writeFile(file, 'two');
    await utimes(file, 1000, 1000);
    assert.notEqual(fingerprintOfFile(file), before);
    assert.equal(fingerprintOfFile(join(root, 'none')), undefined);
    assert.equal(fingerprintOfFile(root), undefined);
  });

  it('is empty when it is damaged, cut off, foreign or not there', async (t) => {
    const root = await repository(t);
    const file = join(root, '.conda-diff', 'hash-cache');
    const cache = await HashCache.open(root);
    cache.record('a', '1 2 3 4', hashOf('a'));
    await cache.save();
    const good = await readFile(file);
    const check = (body: string): string => `${body}${hashOf(body)}\n`;
    for (const damaged of [
      ...Array.from(good.keys(), (at) =>
        Buffer.from(good.map((byte, i) => (i === at ? byte ^ 1 : byte))),
      ).slice(0, -1),
      good.subarray(0, -1),
      good.subarray(0, 20),
      Buffer.alloc(0),
      Buffer.concat([good, good]),
      Buffer.from(check('conda-diff hash cache 2\n')),
      Buffer.from(check(`conda-diff hash cache 1\n${'x'.repeat(79)}`)),
    ]) {
      await writeFile(file, damaged);
      assert.equal((await HashCache.open(root)).look('a', '1 2 3 4'), undefined);
    }
    await writeFile(file, good);
    assert.notEqual((await HashCache.open(root)).look('a', '1 2 3 4'), undefined);
  });

  it('is written only where there is a state directory', async (t) => {
    const root = await temporaryDirectory(t);
    const cache = await HashCache.open(root);
    cache.record('a', '1 2 3 4', hashOf('a'));
    await cache.save();
    await assert.rejects(readFile(join(root, '.conda-diff', 'hash-cache')), { code: 'ENOENT' });
    await mkdir(join(root, '.conda-diff'));
    await cache.save();
    assert.notEqual((await HashCache.open(root)).look('a', '1 2 3 4'), undefined);
  });

  it('that cannot be written stays as it was, and no run fails for it', async (t) => {
    const root = await repository(t);
    const file = join(root, '.conda-diff', 'hash-cache');
    const cache = await HashCache.open(root);
    await mkdir(file);
    cache.record('a', '1 2 3 4', hashOf('a'));
    await cache.save();
    assert.deepEqual(await readdir(join(root, '.conda-diff')), ['hash-cache']);
    await rm(file, { recursive: true });
    await cache.save();
    assert.deepEqual((await HashCache.open(root)).look('a', '1 2 3 4'), { sha256: hashOf('a') });
  });
});
