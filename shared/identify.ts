import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Claim } from './claims.js';
import { fingerprintOf, fingerprintOfFile, statFile } from './fingerprint.js';
import type { HashCache } from './hash-cache.js';
import { hashFile } from './hashing.js';
import { knownIdentity, type Mismatch, mismatchOf } from './identity.js';
import { directoryOf, nameOf } from './paths.js';
import type { Entry } from './state.js';
import type { Tree } from './walk.js';

/** How many files are hashed at a time. */
const HASHED_AT_ONCE = 4;

/** What the claimed files of a repository are. */
export interface Identified {
  readonly entries: readonly Entry[];
  /** Claimed paths without a regular file inside the repository. */
  readonly missing: readonly string[];
  /** Paths named only in `removed` without a file: as it should be. */
  readonly gone: readonly string[];
  readonly mismatched: readonly Mismatch[];
  /** How many of the entries stand by their record or the hash cache, not hashed now. */
  readonly trusted: number;
}

export interface IdentifyOptions {
  readonly cache: HashCache;
  /** Whether this file is hashed whatever its record and the cache say. */
  readonly mustHash?: (path: string) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Finds each claimed file on disk and tells its size and sha256: from its record and the hash cache where these
 * are proof enough, else by hashing. The hash cache learns what was hashed and right.
 *
 * @throws CondaDiffError io
 */
export async function identify(
  repository: string,
  tree: Tree,
  claims: Iterable<Claim>,
  options: IdentifyOptions,
): Promise<Identified> {
  const found = {
    entries: [] as Entry[],
    missing: [] as string[],
    gone: [] as string[],
    mismatched: [] as Mismatch[],
    trusted: 0,
  };
  const toHash: Claim[] = [];
  const isListed = listing(tree);
  for (const claim of claims) {
    const stats = isListed(claim.path) ? statFile(join(repository, claim.path)) : undefined;
    if (stats === undefined) {
      (claim.optional ? found.gone : found.missing).push(claim.path);
      continue;
    }
    const known = options.cache.look(claim.path, fingerprintOf(stats));
    const sha256 = options.mustHash?.(claim.path) ? undefined : knownIdentity(claim, stats.size, known);
    if (sha256 === undefined) toHash.push(claim);
    else {
      const mismatch = mismatchOf({ ...claim, md5: undefined }, { size: stats.size, sha256 });
      if (mismatch) found.mismatched.push(mismatch);
      found.entries.push({ path: claim.path, size: stats.size, sha256 });
      found.trusted++;
    }
  }
  const limit = pLimit(HASHED_AT_ONCE);
  const results = await Promise.allSettled(
    toHash.map((claim) => limit(async () => hashClaim(repository, claim, options))),
  );
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason;
    found.entries.push(result.value.entry);
    if (result.value.mismatch) found.mismatched.push(result.value.mismatch);
  }
  return found;
}

/** Whether the walk met a path as a regular file: not behind a link that leads outside, not in a dot-directory. */
function listing(tree: Tree): (path: string) => boolean {
  const sets = new Map<string, ReadonlySet<string>>();
  return (path) => {
    const directory = directoryOf(path);
    let names = sets.get(directory);
    if (names === undefined) {
      names = new Set(tree.files.get(directory));
      sets.set(directory, names);
    }
    return names.has(nameOf(path));
  };
}

async function hashClaim(
  repository: string,
  claim: Claim,
  { cache, signal }: IdentifyOptions,
): Promise<{ entry: Entry; mismatch: Mismatch | undefined }> {
  const file = join(repository, claim.path);
  const before = fingerprintOfFile(file);
  const md5 = claim.sha256 === undefined && claim.md5 !== undefined;
  const hash = await hashFile(file, { md5, ...(signal && { signal }) });
  const mismatch = mismatchOf(claim, hash);
  if (mismatch !== undefined) cache.forget(claim.path);
  else if (before !== undefined && fingerprintOfFile(file) === before)
    cache.record(claim.path, before, hash.sha256);
  return { entry: { path: claim.path, size: hash.size, sha256: hash.sha256 }, mismatch };
}
