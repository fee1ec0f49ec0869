import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CacheTable, type FileStatus, PathHash } from '../../shared/cache-table.js';
import { hashOf } from '../support/arbitrary.js';

const hashFor = (path: string): PathHash => new PathHash().of(Buffer.from(path));
const statusOf = (ino: number): FileStatus => ({ size: 1, mtimeMs: 2.5, ctimeMs: 3.25, ino });

/** What a table knows of a path, in the words of the hash cache. */
function known(table: CacheTable, path: string, ino: number): string | undefined {
  const found = table.look(hashFor(path), statusOf(ino));
  return typeof found === 'number' ? table.sha256(found) : found;
}

const path = fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz'));
const step = fc.oneof(
  fc.record({ set: path, ino: fc.nat(3) }),
  fc.record({ forget: path }),
  fc.record({ keepOnly: fc.array(path) }),
);

describe('a cache table', () => {
  it('knows what a map would know, also as another thread sees it, and when it was kept', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new CacheTable();
        const model = new Map<string, number>();
        for (const one of steps) {
          if ('set' in one) {
            table.set(hashFor(one.set), statusOf(one.ino), hashOf(one.set + String(one.ino)));
            model.set(one.set, one.ino);
          } else if ('forget' in one) {
            assert.equal(table.forget(hashFor(one.forget)), model.delete(one.forget));
          } else {
            const gone = [...model.keys()].filter((key) => !one.keepOnly.includes(key));
            gone.forEach((key) => model.delete(key));
            assert.equal(table.keepOnly(one.keepOnly.map(hashFor)), gone.length > 0);
          }
        }
        const bytes = Buffer.concat([...table.rows()]);
        const rows = new SharedArrayBuffer(bytes.length);
        Buffer.from(rows).set(bytes);
        for (const same of [table, new CacheTable(structuredClone(table.columns())), CacheTable.of(rows)]) {
          for (const one of 'abcdefghijklmnopqrstuvwxyz?') {
            const ino = model.get(one);
            assert.equal(
              known(same, one, ino ?? 0),
              ino === undefined ? undefined : hashOf(one + String(ino)),
            );
            assert.equal(known(same, one, 99), ino === undefined ? undefined : 'changed');
          }
        }
      }),
    );
  });

  it('takes each of size, mtime, ctime and inode for a change', () => {
    const table = new CacheTable();
    table.set(hashFor('a'), statusOf(4), hashOf('a'));
    for (const key of ['size', 'mtimeMs', 'ctimeMs', 'ino'] as const) {
      assert.equal(table.look(hashFor('a'), { ...statusOf(4), [key]: 7 }), 'changed');
    }
    assert.equal(table.look(hashFor('a'), statusOf(4)), 0);
  });

  it('grows, and finds each of many', () => {
    const table = new CacheTable();
    for (let n = 0; n < 3000; n++) table.set(hashFor(`noarch/${String(n)}`), statusOf(n), hashOf(String(n)));
    for (let n = 0; n < 3000; n++) assert.equal(known(table, `noarch/${String(n)}`, n), hashOf(String(n)));
  });
});
