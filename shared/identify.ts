import { join } from 'node:path';
import type { Claim } from './identity.js';
import { fingerprintOfFile } from './fingerprint.js';
import type { HashCache } from './hash-cache.js';
import { hashFile } from './hashing.js';
import { type Mismatch, mismatchOf } from './identity.js';
import { MARK, type Rows } from './rows.js';

/** How many files are hashed at a time. */
const HASHED_AT_ONCE = 4;

/** A file that has to be hashed, and what its index says of it. */
export interface Unidentified {
  readonly rows: Rows;
  readonly row: number;
}

/**
 * Hashes files, notes in their rows what they are, and holds that against what the rows said before. The hash cache
 * learns what was right.
 *
 * @returns the files that are not what their records say
 * @throws CondaDiffError io
 */
export async function identify(
  repository: string,
  files: Iterable<Unidentified>,
  { cache, signal }: { readonly cache: HashCache; readonly signal?: AbortSignal },
): Promise<Mismatch[]> {
  const mismatched: Mismatch[] = [];
  await eachOf(files, HASHED_AT_ONCE, async ({ rows, row }) => {
    const claim = claimOf(rows, row);
    const file = join(repository, claim.path);
    const before = fingerprintOfFile(file);
    const md5 = claim.sha256 === undefined && claim.md5 !== undefined;
    const hash = await hashFile(file, { md5, ...(signal && { signal }) });
    const mismatch = mismatchOf(claim, hash);
    rows.sizes[row] = hash.size;
    rows.setHash(row, hash.sha256);
    if (mismatch !== undefined) {
      mismatched.push(mismatch);
      cache.forget(claim.path);
    } else if (before !== undefined && fingerprintOfFile(file) === before) {
      cache.record(claim.path, before, hash.sha256);
    }
  });
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

/** Does something with each item, a few at a time. The first failure is thrown when none is being worked on any more. */
async function eachOf<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done && failure === undefined; next = iterator.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
}
