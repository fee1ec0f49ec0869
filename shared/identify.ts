import { join } from 'node:path';
import type { HashCache } from './hash-cache.js';
import { hashAll, type PoolHash, type SizedFile } from './hash-pool.js';
import { type Claim, type Mismatch, mismatchOf } from './identity.js';
import type { Progress } from './progress.js';
import { MARK, type Rows } from './rows.js';

/** A file that has to be hashed, and what its index says of it. */
export interface Unidentified {
  readonly rows: Rows;
  readonly row: number;
}

export interface IdentifyOptions {
  readonly cache: HashCache;
  readonly signal?: AbortSignal;
  readonly progress?: Progress | undefined;
}

/** Bytes of a file whose record does not say: a guess, for sharing out the work. */
const USUAL_BYTES = 1 << 20;

/**
 * Hashes files on all cores, notes in their rows what they are, and holds that against what the rows said before. The
 * hash cache learns what was right.
 *
 * @returns the files that are not what their records say
 * @throws CondaDiffError io
 */
export async function identify(
  repository: string,
  files: readonly Unidentified[],
  { cache, signal, progress }: IdentifyOptions,
): Promise<Mismatch[]> {
  const mismatched: Mismatch[] = [];
  const toHash = files.map(({ rows, row }): SizedFile => {
    const marks = rows.marks[row]! & (MARK.sha256 | MARK.md5);
    const size = rows.sizes[row]!;
    return {
      file: join(repository, rows.path(row)),
      size: Number.isNaN(size) ? USUAL_BYTES : size,
      md5: marks === MARK.md5,
    };
  });
  const take = (n: number, hash: PoolHash): void => {
    const { rows, row } = files[n] as Unidentified;
    const claim = claimOf(rows, row);
    const mismatch = mismatchOf(claim, hash);
    rows.sizes[row] = hash.size;
    rows.setHash(row, hash.sha256);
    if (mismatch !== undefined) {
      mismatched.push(mismatch);
      cache.forget(claim.path);
    } else if (hash.seen !== undefined) {
      // Also where it was written just now: that it was written again is then noticed
      cache.record(claim.path, hash.seen, hash.sha256, hash.md5);
    }
  };
  const bytes = toHash.reduce((sum, { size }) => sum + size, 0);
  if (files.length > 0) progress?.begin('verify', { files: files.length, bytes });
  await hashAll(toHash, take, { ...(signal && { signal }), ...(progress && { progress }) });
  if (files.length > 0) progress?.end();
  return mismatched;
}

function claimOf(rows: Rows, row: number): Claim {
  const size = rows.sizes[row]!;
  const marks = rows.marks[row]!;
  const hash = rows.sha256(row);
  return {
    path: rows.path(row),
    size: Number.isNaN(size) ? undefined : size,
    sha256: (marks & MARK.sha256) !== 0 ? hash : undefined,
    md5: (marks & MARK.md5) !== 0 ? hash.slice(0, 32) : undefined,
  };
}
