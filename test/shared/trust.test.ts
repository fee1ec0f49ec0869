import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Key, keyId, signBytes } from '../../shared/signature.js';
import {
  type FoundSignature,
  requireEnough,
  requireSigned,
  type Trust,
  trustIn,
} from '../../shared/trust.js';
import { refuses } from '../support/refusal.js';

interface Pair {
  readonly own: Key;
  readonly trusted: Key;
}

function pair(name: string): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const id = keyId(publicKey);
  return {
    own: { id, key: privateKey, file: `${name}.private.pem` },
    trusted: { id, key: publicKey, file: `${name}.public.pem` },
  };
}

const [a, b, c] = [pair('a'), pair('b'), pair('c')];
const BYTES = Buffer.from('a manifest');
const trust = (required: number, ...pairs: Pair[]): Trust => ({
  keys: pairs.map(({ trusted }) => trusted),
  required,
});
const signedBy = (by: Pair, bytes = BYTES, id = by.own.id): FoundSignature => ({
  id,
  file: `m.${id}.sig`,
  bytes: signBytes(bytes, by.own),
});

describe('trustIn', () => {
  it('asks for nothing where nothing is trusted, for one signature of any key by default', () => {
    assert.equal(trustIn([], undefined), undefined);
    assert.deepEqual(trustIn([a.trusted, b.trusted], undefined), trust(1, a, b));
    assert.deepEqual(trustIn([a.trusted, b.trusted], 2), trust(2, a, b));
  });

  it('counts a key once, and refuses to ask for more than can be', () => {
    assert.deepEqual(trustIn([a.trusted, { ...a.trusted, file: 'copy.pem' }], 1)?.keys.length, 1);
    refuses(
      () => trustIn([a.trusted, { ...a.trusted, file: 'copy.pem' }], 2),
      'usage',
      /^2 signatures of 1 trusted key cannot be had\n[0-9a-f]{16} \(copy\.pem\)\n.*counts once/,
    );
    refuses(() => trustIn([], 1), 'usage', /1 signature of 0 trusted keys cannot be had/);
  });
});

describe('requireSigned', () => {
  it('accepts as many right signatures of trusted keys as are required, or more', () => {
    assert.deepEqual(requireSigned(BYTES, 'm', [signedBy(a)], trust(1, a, b)), [a.own.id]);
    assert.deepEqual(requireSigned(BYTES, 'm', [signedBy(b)], trust(1, a, b)), [b.own.id]);
    assert.deepEqual(requireSigned(BYTES, 'm', [signedBy(a), signedBy(b)], trust(1, a, b)).length, 2);
    assert.deepEqual(requireSigned(BYTES, 'm', [signedBy(a), signedBy(b)], trust(2, a, b)).length, 2);
  });

  const refused: readonly [string, readonly FoundSignature[], Trust, RegExp][] = [
    [
      'no signature',
      [],
      trust(1, a),
      /^m is not signed by a trusted key\nnot signed by .* \(a\.public\.pem\)\nCopy/,
    ],
    ['too few', [signedBy(a)], trust(2, a, b), /signed by 1 of 2 trusted keys that are required\nsigned by/],
    [
      'other bytes',
      [signedBy(a, Buffer.from('other'))],
      trust(1, a),
      /^m is not what was signed\nm\..*not the sig/,
    ],
    [
      'a foreign key under a trusted name',
      [signedBy(c, BYTES, a.own.id)],
      trust(1, a),
      /is not what was signed/,
    ],
    ['a key that is not trusted', [signedBy(c)], trust(1, a), /is not what was signed/],
    [
      'one right and one wrong',
      [signedBy(a), signedBy(c, BYTES, b.own.id)],
      trust(1, a, b),
      /is not what was/,
    ],
    [
      'a signature that is cut off',
      [{ ...signedBy(a), bytes: signedBy(a).bytes.subarray(0, 63) }],
      trust(1, a),
      /expected 64 bytes, found 63/,
    ],
    [
      'a signature that is longer',
      [{ ...signedBy(a), bytes: Buffer.concat([signedBy(a).bytes, Buffer.alloc(1)]) }],
      trust(1, a),
      /expected 64 bytes, found 65/,
    ],
  ];
  for (const [what, found, asked, text] of refused) {
    it(`refuses ${what}`, () => {
      refuses(() => requireSigned(BYTES, 'm', found, asked), 'integrity', text);
    });
  }

  it('names who signed though nobody trusts them', () => {
    refuses(
      () => requireEnough('m', [], trust(1, a), [c.own.id]),
      'integrity',
      new RegExp(`signed by ${c.own.id}, which is not trusted\\nnot signed by ${a.own.id}`),
    );
  });
});
