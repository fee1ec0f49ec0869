import type { Claim } from './claims.js';
import type { FileHash } from './hashing.js';

/** A file that is not what its record says. */
export interface Mismatch {
  readonly path: string;
  /** `sha256 …`, `md5 …` or `… bytes`. */
  readonly expected: string;
  readonly found: string;
}

/**
 * Decides whether a file has to be hashed, or whether its record and the hash cache tell what it is (DESIGN
 * section 3, Identity): a record's sha256 is taken when the size on disk is the record's and the file has not
 * changed since it was last seen right.
 *
 * @param size bytes on disk
 * @param known what the hash cache says
 * @returns the sha256, or `undefined` when the file has to be hashed
 */
export function knownIdentity(
  claim: Pick<Claim, 'size' | 'sha256'>,
  size: number,
  known: { readonly sha256: string } | 'changed' | undefined,
): string | undefined {
  if (known === 'changed' || (claim.size !== undefined && claim.size !== size)) return undefined;
  return known?.sha256 ?? claim.sha256;
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
