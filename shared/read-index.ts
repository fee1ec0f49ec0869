import { claimsOf } from './claims.js';
import { decodeVariant, encodingOf } from './decode-variant.js';
import { CondaDiffError } from './errors.js';
import { compileGlobs } from './globs.js';
import { joinPath } from './paths.js';
import { readRepodata } from './read-repodata.js';
import { HASH_BYTES, type RowColumns, Rows } from './rows.js';
import { REPODATA, SHARD_INDEX } from './rules.js';
import { type ShardClaims, shardClaimsOf } from './shard-claims.js';
import { decodeShardIndex } from './shard-index.js';
import type { Entry } from './state.js';
import { addTo, type Tally } from './tally.js';

/** One index directory as its repodata.json and shard index describe it. */
export interface IndexDirectory {
  /** '' = the repository. */
  readonly directory: string;
  /** How many artifacts its repodata.json names. */
  readonly artifacts: number;
  /** Those of its v3 buckets, without the leading dot. */
  readonly extensions: readonly string[];
  /** `base_url` of its shard index: where the artifacts that its shards name are. */
  readonly shardBaseUrl?: string;
  /** What its shard index names: the directory of the shards, and their hashes, 32 bytes each. */
  readonly shards?: { readonly place: string; readonly hashes: Uint8Array };
  /** Its repodata.json, hashed on the way. */
  readonly repodata: Entry;
  /** Absolute or outside references: reported, not carried, not missing. */
  readonly external: readonly string[];
  /** Names that no state can hold, with the reason. */
  readonly refused: readonly string[];
  /** Why an index of it cannot be read; what it names is then not among the claims. */
  readonly unreadable: readonly Unreadable[];
}

/** What is wrong with an index. */
export interface Unreadable {
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface IndexJob {
  readonly directory: string;
  /** Where to read its repodata.json from. */
  readonly repodata: string;
  /** Where to read its shard index from, if it has one. */
  readonly shardIndex?: string;
  readonly ignore: readonly string[];
  /** Told of the bytes of repodata.json, and of the index when it is read. */
  readonly tally?: Tally | undefined;
}

export interface IndexRead {
  readonly index: IndexDirectory;
  /** What its indexes name, by directory. */
  readonly claims: readonly { readonly directory: string; readonly rows: RowColumns }[];
}

/**
 * Reads the repodata.json of an index directory, and its shard index if there is one.
 *
 * @param isStopped whether the result is not wanted any more
 * @throws CondaDiffError io
 */
export async function readIndex(
  { directory, repodata, shardIndex, ignore, tally }: IndexJob,
  isStopped: () => boolean = () => false,
): Promise<IndexRead> {
  const path = joinPath(directory, REPODATA);
  const { records, size, sha256, problem } = readRepodata(repodata, path, directory, isStopped, tally);
  const claims = claimsOf(directory, records, ignore.length === 0 ? undefined : compileGlobs(ignore));
  const shards = await readShardIndex(directory, shardIndex);
  addTo(tally, { files: 1, bytes: 0 });
  const rows = new Map(claims.byDirectory);
  if (shards.place !== undefined) addRows(rows, shards.place, shards.rows);
  return {
    index: {
      directory,
      artifacts: claims.artifacts,
      extensions: records.extensions,
      ...(shards.baseUrl !== undefined && { shardBaseUrl: shards.baseUrl }),
      ...(shards.place !== undefined && {
        shards: {
          place: shards.place,
          hashes: Uint8Array.from(shards.rows.hashes.subarray(0, shards.rows.count * HASH_BYTES)),
        },
      }),
      repodata: { path, size, sha256 },
      external: [...claims.external, ...shards.external],
      refused: [...claims.refused, ...shards.refused],
      unreadable: [problem, shards.problem].filter((one) => one !== undefined),
    },
    claims: [...rows].map(([place, one]) => ({ directory: place, rows: one.columns() })),
  };
}

/** Adds what is said of a directory to what was said of it before. */
export function addRows(byDirectory: Map<string, Rows>, directory: string, rows: Rows): void {
  const before = byDirectory.get(directory);
  if (before === undefined) byDirectory.set(directory, rows);
  else for (let row = 0; row < rows.count; row++) before.copy(rows, row);
}

interface Shards extends Omit<ShardClaims, 'rows'> {
  readonly rows: Rows;
  readonly baseUrl?: string;
  readonly problem?: Unreadable;
}

const NO_SHARDS: Shards = { place: undefined, rows: new Rows(0), external: [], refused: [] };

async function readShardIndex(directory: string, file: string | undefined): Promise<Shards> {
  if (file === undefined) return NO_SHARDS;
  const name = joinPath(directory, SHARD_INDEX);
  try {
    const index = decodeShardIndex(await decodeWhole(file, name), name);
    const { baseUrl } = index;
    return { ...shardClaimsOf(directory, index), ...(baseUrl !== undefined && { baseUrl }) };
  } catch (error) {
    if (!(error instanceof CondaDiffError) || error.code !== 'source') throw error;
    return { ...NO_SHARDS, problem: { message: error.message, hint: error.hint } };
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
