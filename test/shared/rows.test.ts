import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PathTable } from '../../shared/path-table.js';
import { MARK, Rows } from '../../shared/rows.js';
import { allRows, sortRows } from '../../shared/sort-rows.js';
import { entries, hashOf, trackedPath } from '../support/arbitrary.js';

function rowsOf(paths: readonly string[]): Rows {
  const rows = new Rows(0);
  for (const path of paths) rows.add(path, path.length, hashOf(path));
  return rows;
}

describe('Rows', () => {
  it('give back what was added, however much that is', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const rows = new Rows(1);
        for (const { path, size, sha256 } of list) rows.add(path, size, sha256);
        const found = list.map((_, i) => ({
          path: rows.path(i),
          size: rows.sizes[i],
          sha256: rows.sha256(i),
        }));
        assert.deepEqual(found, list);
      }),
    );
    const many = Array.from({ length: 5000 }, (_, n) => `noarch/package-${String(n)}.conda`);
    const rows = rowsOf(many);
    assert.deepEqual(
      many.map((_, i) => rows.path(i)),
      many,
    );
  });

  it('are copied with all that is known of them', () => {
    const from = rowsOf(['a', 'bb']);
    from.marks[1] = MARK.optional | MARK.md5;
    const to = rowsOf(['x']);
    const row = to.copy(from, 1);
    assert.deepEqual(
      [to.path(row), to.sizes[row], to.sha256(row), to.marks[row]],
      ['bb', 2, hashOf('bb'), 6],
    );
  });
});

describe('sortRows', () => {
  const runs = fc.array(
    fc.array(trackedPath, { maxLength: 8 }).map((paths) => paths.sort()),
    { maxLength: 5 },
  );

  it('sorts by bytes whatever was sorted before, and leaves equal ones in their order', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          runs.map((lists) => lists.flat()),
          fc.array(trackedPath),
        ),
        (paths) => {
          const rows = rowsOf(paths);
          const sorted = [...sortRows(rows, allRows(rows))];
          const expected = paths.map((path, i) => ({ bytes: Buffer.from(path), i }));
          expected.sort((a, b) => Buffer.compare(a.bytes, b.bytes) || a.i - b.i);
          assert.deepEqual(
            sorted,
            expected.map(({ i }) => i),
          );
        },
      ),
    );
  });

  it('sorts a part of them', () => {
    const rows = rowsOf(['c', 'a', 'd', 'b']);
    assert.deepEqual([...sortRows(rows, Uint32Array.of(0, 2, 3))], [3, 0, 2]);
    assert.deepEqual([...sortRows(rows, new Uint32Array())], []);
  });
});

describe('a path table', () => {
  it('finds each path once, by the bytes after what all have in common', () => {
    const name = fc.string({ minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), fc.array(name), (names, others) => {
        const rows = rowsOf(names.map((one) => `d/${one}`));
        const table = new PathTable(rows, names.length, 2);
        names.forEach((one, i) =>
          assert.equal(table.add(i), names.indexOf(one) < i ? names.indexOf(one) : -1),
        );
        for (const one of [...names, ...others]) {
          const bytes = Buffer.from(`?${one}?`);
          assert.equal(table.find(bytes, 1, bytes.length - 1), names.indexOf(one));
        }
      }),
    );
  });

  it('has one row stand for another', () => {
    const rows = rowsOf(['d/a', 'd/a']);
    const table = new PathTable(rows, 2, 2);
    assert.equal(table.add(0), -1);
    assert.equal(table.add(1), 0);
    table.replace(1);
    assert.equal(table.find(Buffer.from('a'), 0, 1), 1);
  });
});
