import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Claim, mismatchOf, proofOf } from '../../shared/identity.js';

describe('proofOf', () => {
  const cases: readonly [what: string, ...Parameters<typeof proofOf>, proof: ReturnType<typeof proofOf>][] = [
    ['takes the record when the size is right', 3, true, 3, undefined, 'record'],
    ['takes the record when it has no size', Number.NaN, true, 3, undefined, 'record'],
    ['hashes when the size is wrong', 4, true, 3, undefined, undefined],
    ['hashes when the size is wrong, though the cache knows', 4, true, 3, 'same', undefined],
    ['hashes when the file changed since it was seen', 3, true, 3, 'changed', undefined],
    ['hashes when the record has no hash', 3, false, 3, undefined, undefined],
    ['takes the cache when the record has no hash', 3, false, 3, 'same', 'cache'],
    ['takes what was hashed rather than the record', 3, true, 3, 'same', 'cache'],
  ];
  for (const [what, claimed, hasHash, size, seen, proof] of cases) {
    it(what, () => assert.equal(proofOf(claimed, hasHash, size, seen), proof));
  }
});

describe('mismatchOf', () => {
  const claim: Claim = { path: 'a', size: 1, sha256: 's', md5: 'm' };
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
