import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claim } from '../../shared/claims.js';
import { knownIdentity, mismatchOf } from '../../shared/identity.js';

type Known = Parameters<typeof knownIdentity>[2];

describe('knownIdentity', () => {
  const cases: readonly [
    what: string,
    claim: Pick<Claim, 'size' | 'sha256'>,
    size: number,
    known: Known,
    sha: string | undefined,
  ][] = [
    ['takes the record when the size is right', { size: 3, sha256: 'r' }, 3, undefined, 'r'],
    ['takes the record when it has no size', { size: undefined, sha256: 'r' }, 3, undefined, 'r'],
    ['hashes when the size is wrong', { size: 4, sha256: 'r' }, 3, undefined, undefined],
    [
      'hashes when the size is wrong, though the cache knows',
      { size: 4, sha256: 'r' },
      3,
      { sha256: 'c' },
      undefined,
    ],
    ['hashes when the file changed since it was seen', { size: 3, sha256: 'r' }, 3, 'changed', undefined],
    ['hashes when the record has no hash', { size: 3, sha256: undefined }, 3, undefined, undefined],
    ['takes the cache when the record has no hash', { size: 3, sha256: undefined }, 3, { sha256: 'c' }, 'c'],
    ['takes what was hashed rather than the record', { size: 3, sha256: 'r' }, 3, { sha256: 'c' }, 'c'],
  ];
  for (const [what, claim, size, known, sha] of cases) {
    it(what, () => assert.equal(knownIdentity(claim, size, known), sha));
  }
});

describe('mismatchOf', () => {
  const claim: Claim = { path: 'a', kind: 'artifact', size: 1, sha256: 's', md5: 'm', optional: false };
  const cases: readonly [
    what: string,
    claim: Partial<Claim>,
    found: { size?: number; sha256?: string; md5?: string },
    text: string | undefined,
  ][] = [
    ['right', {}, {}, undefined],
    ['another size', {}, { size: 2 }, '1 bytes, 2 bytes'],
    ['another sha256', {}, { sha256: 't' }, 'sha256 s, sha256 t'],
    ['another md5 where sha256 is right', {}, { md5: 'n' }, undefined],
    ['another md5 where there is no sha256', { sha256: undefined }, { md5: 'n' }, 'md5 m, md5 n'],
    ['the right md5', { sha256: undefined }, { md5: 'm' }, undefined],
    ['nothing known', { size: undefined, sha256: undefined, md5: undefined }, { md5: 'n' }, undefined],
  ];
  for (const [what, changes, found, text] of cases) {
    it(what, () => {
      const mismatch = mismatchOf({ ...claim, ...changes }, { size: 1, sha256: 's', ...found });
      assert.equal(mismatch && `${mismatch.expected}, ${mismatch.found}`, text);
    });
  }
});
