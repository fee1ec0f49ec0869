import { claimsOf, type IndexClaims, shardClaimsOf } from './claims.js';
import { decodeVariant, encodingOf } from './decode-variant.js';
import { CondaDiffError } from './errors.js';
import type { PathTest } from './globs.js';
import { hashFile } from './hashing.js';
import { IndexRecords } from './index-records.js';
import { joinPath } from './paths.js';
import { RepodataScanner } from './repodata-scan.js';
import { REPODATA, SHARD_INDEX } from './rules.js';
import { decodeShardIndex } from './shard-index.js';
import type { Entry } from './state.js';

/** One index directory as its repodata.json and shard index describe it. */
export interface IndexDirectory extends IndexClaims {
  /** '' = the repository. */
  readonly directory: string;
  /** How many artifacts its repodata.json names. */
  readonly artifacts: number;
  readonly extensions: readonly string[];
  /** `base_url` of its shard index: where the artifacts that its shards name are. */
  readonly shardBaseUrl?: string;
  /** Its repodata.json, hashed on the way. */
  readonly repodata: Entry;
  /** Why an index of it cannot be read; what it names is then not among the claims. */
  readonly unreadable: readonly CondaDiffError[];
}

/**
 * Reads the repodata.json of an index directory, and its shard index if there is one.
 *
 * @param source where to read a path of the repository from
 * @throws CondaDiffError io
 */
export async function readIndexDirectory(
  directory: string,
  names: readonly string[],
  source: (path: string) => string,
  isIgnored: PathTest,
  signal?: AbortSignal,
): Promise<IndexDirectory> {
  const path = joinPath(directory, REPODATA);
  const { records, hash, problem } = await readRepodata(source(path), path, signal);
  const read = claimsOf(directory, records, isIgnored);
  const shards = names.includes(SHARD_INDEX)
    ? await readShardIndex(directory, source(joinPath(directory, SHARD_INDEX)))
    : NO_SHARDS;
  return {
    directory,
    artifacts: read.claims.filter((claim) => !claim.optional).length,
    extensions: records.extensions,
    ...(shards.baseUrl !== undefined && { shardBaseUrl: shards.baseUrl }),
    repodata: { path, ...hash },
    claims: concat(read.claims, shards.claims),
    external: concat(read.external, shards.external),
    refused: concat(read.refused, shards.refused),
    unreadable: problem === undefined ? shards.unreadable : [problem, ...shards.unreadable],
  };
}

function concat<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  return b.length === 0 ? a : [...a, ...b];
}

/** Scans and hashes a repodata.json in one reading; a malformed one has a hash and a problem but no records. */
async function readRepodata(
  file: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<{ records: IndexRecords; hash: { size: number; sha256: string }; problem?: CondaDiffError }> {
  const records = new IndexRecords();
  const scanner = new RepodataScanner(name, records);
  let problem: CondaDiffError | undefined;
  const guarded = (step: () => void): void => {
    if (problem !== undefined) return;
    problem = malformedIn(step);
  };
  const each = (chunk: Uint8Array): void => {
    guarded(() => {
      scanner.push(chunk);
    });
  };
  const { size, sha256 } = await hashFile(file, { each, ...(signal && { signal }) });
  guarded(() => {
    scanner.end();
  });
  const hash = { size, sha256 };
  return problem === undefined ? { records, hash } : { records: new IndexRecords(), hash, problem };
}

function malformedIn(step: () => void): CondaDiffError | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof CondaDiffError && error.code === 'source') return error;
    throw error;
  }
}

interface Shards extends IndexClaims {
  readonly baseUrl: string | undefined;
  readonly unreadable: readonly CondaDiffError[];
}

const NO_SHARDS: Shards = { claims: [], external: [], refused: [], baseUrl: undefined, unreadable: [] };

async function readShardIndex(directory: string, file: string): Promise<Shards> {
  const name = joinPath(directory, SHARD_INDEX);
  try {
    const index = decodeShardIndex(await decodeWhole(file, name), name);
    const { claims, external, refused } = shardClaimsOf(directory, index);
    return { claims, external, refused, baseUrl: index.baseUrl, unreadable: [] };
  } catch (error) {
    if (!(error instanceof CondaDiffError) || error.code !== 'source') throw error;
    return { ...NO_SHARDS, unreadable: [error] };
  }
}

/** Far more than any shard or shard index has; a small file must not expand without end. */
const MAX_SHARD_BYTES = 1 << 28;

/** The decoded bytes of a file that is known to be small: a shard or a shard index. `name` is for messages. */
export async function decodeWhole(file: string, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of decodeVariant(file, encodingOf(file), name)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_SHARD_BYTES) throw new CondaDiffError('source', `${name} decodes to more than 256 MiB`);
  }
  return Buffer.concat(chunks);
}
