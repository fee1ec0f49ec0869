import type { FileHash } from './hashing.js';

/** A file that is not what its record says. */
export interface Mismatch {
  readonly path: string;
  /** `sha256 …`, `md5 …` or `… bytes`. */
  readonly expected: string;
  readonly found: string;
}

/** What an index says of a file. */
export interface Claim {
  readonly path: string;
  /** Bytes, when the record says. */
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  readonly md5: string | undefined;
}

/**
 * Decides whether a file has to be hashed, or whether its record or the hash cache tells what it is (DESIGN
 * section 3, Identity): a record's sha256 is taken when the size on disk is the record's and the file has not
 * changed since it was last seen right.
 *
 * @param claimed bytes that the record gives, NaN for none
 * @param hasHash whether the record gives a sha256
 * @param size bytes on disk
 * @param seen what the hash cache says of the file: the same as when it was hashed, changed since, or never hashed
 */
export function proofOf(
  claimed: number,
  hasHash: boolean,
  size: number,
  seen: 'same' | 'changed' | undefined,
): 'cache' | 'record' | undefined {
  if (seen === 'changed' || (!Number.isNaN(claimed) && claimed !== size)) return undefined;
  if (seen === 'same') return 'cache';
  return hasHash ? 'record' : undefined;
}

/** How a hashed file differs from what its record says, or `undefined` when it is right. */
export function mismatchOf(claim: Claim, found: FileHash): Mismatch | undefined {
  const { path } = claim;
  if (claim.size !== undefined && claim.size !== found.size) {
    return { path, expected: `${String(claim.size)} bytes`, found: `${String(found.size)} bytes` };
  }
  if (claim.sha256 !== undefined && claim.sha256 !== found.sha256) {
    return { path, expected: `sha256 ${claim.sha256}`, found: `sha256 ${found.sha256}` };
  }
  if (claim.sha256 === undefined && claim.md5 !== undefined && found.md5 !== claim.md5) {
    return { path, expected: `md5 ${claim.md5}`, found: `md5 ${found.md5 ?? 'not computed'}` };
  }
  return undefined;
}
