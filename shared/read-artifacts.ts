import { statSync } from 'node:fs';
import pLimit from 'p-limit';
import type { HashCache } from './hash-cache.js';
import type { Unidentified } from './identify.js';
import type { Mismatch } from './identity.js';
import { Listing } from './listing.js';
import { compareUtf8, joinPath } from './paths.js';
import { type FilesFound, type FilesJob, readFiles } from './read-files.js';
import { addRows, type IndexDirectory, type IndexJob, type IndexRead, readIndex } from './read-index.js';
import { MARK, Rows } from './rows.js';
import { REPODATA, SHARD_INDEX } from './rules.js';
import { EMPTY_STATE, State } from './state.js';
import type { Progress } from './progress.js';
import { watched } from './tally.js';
import { memoryOf } from './thread-message.js';
import { idlestThread, THREADS } from './threads.js';
import { indexDirectoriesOf, type Tree } from './walk.js';

/** Index bytes, or files, from which on threads read faster, though they have to start first. */
const MANY_BYTES = 8 << 20;
const MANY_FILES = 20_000;

/** Which files are hashed whatever their record says: all, those that the hash cache does not prove unchanged, or some. */
export type MustHash = 'all' | 'unproven' | ReadonlySet<string>;

/** What the files of no set are trusted for. */
const TRUSTED = { all: 'nothing', unproven: 'cache' } as const;

/** What all indexes of a repository say. */
export interface IndexesRead {
  /** Sorted by directory. */
  readonly indexes: readonly IndexDirectory[];
  /** What they say is in each directory. */
  readonly claims: ReadonlyMap<string, Rows>;
}

/** The artifacts and shards that are there, and what was found beside. */
export interface ArtifactsRead extends Pick<
  FilesFound,
  'missing' | 'gone' | 'mismatched' | 'conflicts' | 'unindexed'
> {
  /** Those of them that have to be hashed have no right size and hash yet. */
  readonly state: State;
  readonly toHash: readonly Unidentified[];
}

/** Who reads: this thread, or others. */
export interface Readers {
  readonly index: (job: IndexJob) => Promise<IndexRead>;
  readonly files: (job: FilesJob) => Promise<FilesFound>;
}

const HERE: Readers = {
  index: (job) => readIndex(job),
  files: (job) => Promise.resolve(readFiles(job)),
};

/** Other threads read as many directories at a time as there are cores. */
function elsewhere(signal: AbortSignal | undefined): Readers {
  const limit = pLimit(THREADS);
  return {
    index: (job) => limit(() => idlestThread().call('read-index', job, { signal })),
    files: (job) => limit(() => idlestThread().call('read-files', job, { signal, transfer: memoryOf(job) })),
  };
}

/** @param threads whether other threads shall read; by default where that is worth their start */
export function readersFor(
  tree: Tree,
  source: (path: string) => string,
  signal: AbortSignal | undefined,
  threads = isLarge(tree, source),
): Readers {
  return threads ? elsewhere(signal) : HERE;
}

function isLarge(tree: Tree, source: (path: string) => string): boolean {
  const bytes = indexDirectoriesOf(tree).reduce((sum, directory) => sum + indexBytes(directory, source), 0);
  const files = [...tree.files.values()].reduce((sum, { packed }) => sum + packed.count, 0);
  return bytes >= MANY_BYTES || files >= MANY_FILES;
}

function indexBytes(directory: string, source: (path: string) => string): number {
  return statSync(source(joinPath(directory, REPODATA)), { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Reads all indexes, the largest first.
 *
 * @param source where to read a path of the repository from
 * @param progress told of indexes and their bytes
 * @throws CondaDiffError io
 */
export async function readIndexes(
  readers: Readers,
  tree: Tree,
  source: (path: string) => string,
  ignore: readonly string[],
  progress?: Progress,
): Promise<IndexesRead> {
  const sizes = new Map(
    indexDirectoriesOf(tree).map((directory) => [directory, indexBytes(directory, source)]),
  );
  const largestFirst = [...sizes].sort(([, a], [, b]) => b - a).map(([directory]) => directory);
  const total = { files: sizes.size, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
  const reads = await watched(progress, 'scan', total, (tally) =>
    Promise.all(
      largestFirst.map((directory) => {
        const repodata = source(joinPath(directory, REPODATA));
        const hasShards = tree.files.get(directory)?.others.includes(SHARD_INDEX) === true;
        const shardIndex = hasShards ? { shardIndex: source(joinPath(directory, SHARD_INDEX)) } : {};
        return readers.index({ directory, repodata, ...shardIndex, ignore, tally });
      }),
    ),
  );
  reads.sort((a, b) => compareUtf8(a.index.directory, b.index.directory));
  return { indexes: reads.map(({ index }) => index), claims: claimsByDirectory(reads) };
}

function claimsByDirectory(reads: readonly IndexRead[]): Map<string, Rows> {
  const byDirectory = new Map<string, Rows>();
  for (const { claims } of reads) {
    for (const { directory, rows } of claims) addRows(byDirectory, directory, Rows.from(rows));
  }
  return byDirectory;
}

/**
 * Finds the files that the indexes name; the claims and the tree's lists of artifacts are used up.
 *
 * @throws CondaDiffError io
 */
export async function readArtifacts(
  readers: Readers,
  repository: string,
  tree: Tree,
  { indexes, claims }: IndexesRead,
  {
    cache,
    mustHash,
    ignore,
    progress,
  }: {
    cache: HashCache;
    mustHash: MustHash | undefined;
    ignore: readonly string[];
    /** Told of the files that were looked at. */
    progress?: Progress | undefined;
  },
): Promise<ArtifactsRead> {
  const extensions = new Map(indexes.map((index) => [index.directory, index.extensions]));
  const directories = [...new Set([...claims.keys(), ...extensions.keys()])];
  const rowsIn = (directory: string): Rows => claims.get(directory) ?? new Rows(0);
  const listings = directories.map((directory) => tree.files.get(directory) ?? new Listing());
  const files = listings.reduce((sum, { packed, others }) => sum + packed.count + others.length, 0);
  const found = await watched(progress, 'scan', { files, bytes: 0 }, (tally) =>
    Promise.all(
      directories
        .sort((a, b) => rowsIn(b).count - rowsIn(a).count)
        .map((directory) => {
          return readers.files({
            ...{ repository, directory, ignore, extensions: extensions.get(directory) },
            rows: rowsIn(directory).columns(),
            listing: (tree.files.get(directory) ?? new Listing()).columns(),
            cache: cache.columns(),
            trusts: typeof mustHash === 'string' ? TRUSTED[mustHash] : 'records',
            tally,
          });
        }),
    ),
  );
  return joined(found, typeof mustHash === 'object' ? mustHash : new Set());
}

function joined(found: readonly FilesFound[], mustHash: ReadonlySet<string>): ArtifactsRead {
  const toHash: Unidentified[] = [];
  const states = found.map((one) => {
    const rows = Rows.from(one.rows);
    for (const row of one.toHash) toHash.push({ rows, row });
    return new State([rows], one.present);
  });
  const state = union(states);
  for (const path of mustHash) {
    const position = state.find(path);
    if (position < 0) continue;
    const file = state.rowsOf(position);
    if ((file.rows.marks[file.row]! & MARK.hashed) === 0) toHash.push(file);
  }
  const all = <T>(list: (one: FilesFound) => readonly T[]): T[] => found.flatMap((one) => [...list(one)]);
  return {
    state,
    toHash,
    missing: all((one) => one.missing).sort(compareUtf8),
    gone: all((one) => one.gone).sort(compareUtf8),
    // What is hashed anyway is judged then
    mismatched: all((one) => one.mismatched).filter(({ path }: Mismatch) => !mustHash.has(path)),
    conflicts: all((one) => one.conflicts).sort(compareUtf8),
    unindexed: all((one) => one.unindexed).sort(compareUtf8),
  };
}

/** The state of states that have no path in common: joined in pairs, so that each entry is moved a few times only. */
function union(states: readonly State[]): State {
  if (states.length < 2) return states[0] ?? EMPTY_STATE;
  const middle = states.length >> 1;
  return union(states.slice(0, middle)).with(union(states.slice(middle)));
}
