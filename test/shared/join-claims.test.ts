import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MARK, Rows } from '../../shared/rows.js';
import { claimsIn, type WholeClaim } from '../support/claims.js';

const [X, Y] = ['ab'.repeat(32), 'cd'.repeat(32)];
const [M, N] = ['12'.repeat(16), '34'.repeat(16)];

const claim = (changes: Partial<WholeClaim> = {}): WholeClaim => ({
  ...{ path: 'd/a', size: undefined, sha256: undefined, md5: undefined, optional: false },
  ...changes,
});

function rowsOf(claims: readonly WholeClaim[]): Rows {
  const rows = new Rows();
  for (const { path, size, sha256, md5, optional } of claims) {
    const row = rows.add(path, size ?? Number.NaN, sha256 ?? md5 ?? '');
    const hash = sha256 !== undefined ? MARK.sha256 : md5 !== undefined ? MARK.md5 : 0;
    rows.marks[row] = hash | (optional ? MARK.optional : 0);
  }
  return rows;
}

describe('joinClaims', () => {
  const cases: readonly [
    what: string,
    claims: readonly WholeClaim[],
    joined: WholeClaim,
    conflicts: number,
  ][] = [
    ['one', [claim({ size: 1 })], claim({ size: 1 }), 0],
    ['the same twice', [claim({ sha256: X }), claim({ sha256: X })], claim({ sha256: X }), 0],
    ['a size and a hash', [claim({ size: 1 }), claim({ sha256: X })], claim({ size: 1, sha256: X }), 0],
    ['a hash and a size', [claim({ sha256: X }), claim({ size: 1 })], claim({ size: 1, sha256: X }), 0],
    ['an md5 gives way to a sha256', [claim({ md5: M }), claim({ sha256: X })], claim({ sha256: X }), 0],
    ['a sha256 needs no md5', [claim({ sha256: X }), claim({ md5: M })], claim({ sha256: X }), 0],
    ['an md5 where there is none', [claim(), claim({ md5: M })], claim({ md5: M }), 0],
    ['two md5: the first', [claim({ md5: M }), claim({ md5: N })], claim({ md5: M }), 0],
    ['two hashes', [claim({ sha256: X }), claim({ sha256: Y })], claim({ sha256: X }), 1],
    ['two sizes', [claim({ size: 1 }), claim({ size: 2 })], claim({ size: 1 }), 1],
    ['sizes 0 and 1', [claim({ size: 0 }), claim({ size: 1 })], claim({ size: 0 }), 1],
    [
      'two hashes, the third and the second',
      [claim(), claim({ sha256: X }), claim({ sha256: Y })],
      claim({ sha256: X }),
      1,
    ],
    ['removed after a record', [claim({ size: 1 }), claim({ optional: true })], claim({ size: 1 }), 0],
    ['removed before a record', [claim({ optional: true }), claim({ size: 1 })], claim({ size: 1 }), 0],
    ['removed twice', [claim({ optional: true }), claim({ optional: true })], claim({ optional: true }), 0],
    [
      'removed between records',
      [claim({ size: 1 }), claim({ optional: true }), claim({ sha256: X })],
      claim({ size: 1, sha256: X }),
      0,
    ],
  ];
  for (const [what, claims, joined, count] of cases) {
    it(what, () => {
      const conflicts: string[] = [];
      assert.deepEqual(claimsIn(new Map([['d', rowsOf(claims)]]), conflicts), [joined]);
      assert.deepEqual(conflicts, Array<string>(count).fill('d/a'));
    });
  }

  it('other paths are left alone', () => {
    const claims = ['d/a', 'd/b', 'd/ab'].map((path, size) => claim({ path, size }));
    assert.equal(claimsIn(new Map([['d', rowsOf([...claims, ...claims])]])).length, 3);
  });
});
