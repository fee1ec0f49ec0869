import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { AllowedLink } from './bounds.js';
import { type Capture, capture } from './capture.js';
import { CondaDiffError } from './errors.js';
import { fingerprintOfFile } from './fingerprint.js';
import type { Globs } from './globs.js';
import type { HashCache } from './hash-cache.js';
import { hashFile } from './hashing.js';
import { identify } from './identify.js';
import type { Mismatch } from './identity.js';
import { compareUtf8, pathProblem } from './paths.js';
import type { Progress } from './progress.js';
import { type MustHash, readArtifacts, readersFor, readIndexes } from './read-artifacts.js';
import type { IndexDirectory, Unreadable } from './read-index.js';
import { isIndexName, isShardName, type Kind } from './rules.js';
import { type Entry, type State, stateOf } from './state.js';
import { artifactTest, metadataFiles, type MetadataFile } from './tracked.js';
import { indexDirectoriesOf, type StrayLink, type Tree, walk } from './walk.js';

/** A repository as it is: its state, and everything about it that is not as it should be. */
export interface Survey {
  /** The tracked files that are on disk. */
  readonly state: State;
  readonly kindOf: (path: string) => Kind;
  /** Where to read a tracked file from: the captured copy of it, or the file itself. */
  readonly source: (path: string) => string;
  readonly indexes: readonly IndexDirectory[];
  /** Artifacts and shards that an index names and the disk does not have, sorted. */
  readonly missing: readonly string[];
  /** Artifacts that an index names only in `removed` and the disk does not have, sorted. */
  readonly gone: readonly string[];
  readonly mismatched: readonly Mismatch[];
  /** How many files stand by their record or the hash cache: they were not hashed now. */
  readonly trusted: number;
  /** Paths of which two indexes say different things. */
  readonly conflicts: readonly string[];
  /** Names that no state can hold, with the reason. */
  readonly refused: readonly string[];
  /** Indexes that cannot be read. */
  readonly unreadable: readonly Unreadable[];
  /** References out of the repository: not carried, not missing. */
  readonly external: readonly string[];
  /** Artifacts on disk that no index names. */
  readonly unindexed: readonly string[];
  /** Directories with index variants but no repodata.json. */
  readonly withoutRepodata: readonly string[];
  readonly strayLinks: readonly StrayLink[];
}

export interface ReadOptions {
  readonly globs: Globs;
  readonly cache: HashCache;
  /** Allowed links of the repository; none by default. */
  readonly links?: readonly AllowedLink[] | undefined;
  /** Directory that the metadata is copied to first, so that the mirror may go on changing. */
  readonly copyTo?: string;
  /** Which artifacts are hashed whatever their record says. */
  readonly mustHash?: MustHash;
  /** Told how far it is with the indexes, the files that they name, and the hashing of artifacts. */
  readonly progress?: Progress | undefined;
  /** Whether other threads shall read the directories; by default where that is worth their start. */
  readonly threads?: boolean | undefined;
  readonly signal?: AbortSignal;
}

const ATTEMPTS = 5;
const PAUSE_MS = 1000;

/**
 * Reads the state of a repository (DESIGN section 3). While its indexes move it waits and reads again.
 *
 * @param repository absolute path
 * @throws CondaDiffError source, when the indexes still move after some seconds; io; usage for a bad glob
 */
export async function readState(repository: string, options: ReadOptions): Promise<Survey> {
  let moved: readonly string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(PAUSE_MS, undefined, options.signal && { signal: options.signal });
    const tree = await walk(repository, options);
    const candidates = metadataFiles(tree.files, options.globs, artifactTest(new Map()));
    const captured = await capture(
      repository,
      candidates.map(({ path }) => path),
      options.copyTo,
      options.links,
    );
    moved = options.copyTo === undefined ? [] : captured.moved();
    if (moved.length > 0) continue;
    const survey = await settle(readOnce(repository, tree, captured, options));
    moved = options.copyTo === undefined ? captured.moved() : [];
    if (moved.length === 0) return survey();
  }
  throw new CondaDiffError('source', `The indexes of ${repository} change while they are read`, {
    details: moved.slice(0, 20),
    hint: 'Run again when the mirror job has finished',
  });
}

/** Waits for a result without throwing: a failure counts only when the files did not move meanwhile. */
async function settle<T>(promise: Promise<T>): Promise<() => T> {
  const [result] = await Promise.allSettled([promise]);
  return () => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  };
}

async function readOnce(
  repository: string,
  tree: Tree,
  { source }: Capture,
  options: ReadOptions,
): Promise<Survey> {
  const { globs, cache, mustHash, signal } = options;
  const readers = readersFor(tree, source, signal, options.threads);
  const read = await readIndexes(readers, tree, source, globs.ignore, options.progress);
  const candidates = metadataFiles(tree.files, globs, artifactTest(extensionsOf(read.indexes)));
  const found = await readArtifacts(readers, repository, tree, read, {
    cache,
    mustHash,
    ignore: globs.ignore,
    progress: options.progress,
  });
  const hashed = await identify(repository, found.toHash, options);
  const metadata = candidates.filter(({ path }) => found.state.find(path) < 0);
  const named = metadata.filter(({ path }) => pathProblem(path) === undefined);
  const entries = await hashMetadata(named, source, read.indexes, signal);
  return {
    state: found.state.with(stateOf(entries)),
    kindOf: kinds(metadata),
    source,
    indexes: read.indexes,
    missing: found.missing,
    gone: found.gone,
    mismatched: [...found.mismatched, ...hashed].sort((a, b) => compareUtf8(a.path, b.path)),
    trusted: found.state.count - found.toHash.length,
    conflicts: found.conflicts,
    refused: [...read.indexes.flatMap(({ refused }) => refused), ...unnamable(metadata)],
    unreadable: read.indexes.flatMap(({ unreadable }) => unreadable),
    external: read.indexes.flatMap(({ external }) => external),
    unindexed: found.unindexed,
    withoutRepodata: withoutRepodata(tree),
    strayLinks: tree.strayLinks,
  };
}

function extensionsOf(indexes: readonly IndexDirectory[]): Map<string, readonly string[]> {
  return new Map(indexes.map(({ directory, extensions }) => [directory, extensions]));
}

/** The metadata files that no state can hold, with the reason. */
function unnamable(metadata: readonly MetadataFile[]): string[] {
  return metadata.flatMap(({ path }) => {
    const problem = pathProblem(path);
    return problem === undefined ? [] : [`${JSON.stringify(path)} ${problem}`];
  });
}

async function hashMetadata(
  files: readonly MetadataFile[],
  source: (path: string) => string,
  indexes: readonly IndexDirectory[],
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  const done = new Map(indexes.map(({ repodata }) => [repodata.path, repodata]));
  const limit = pLimit(4);
  const results = await Promise.allSettled(
    files.map(({ path }) =>
      limit(async (): Promise<Entry[]> => {
        const known = done.get(path);
        if (known !== undefined) return [known];
        if (fingerprintOfFile(source(path)) === undefined) return [];
        return [{ path, ...(await hashFile(source(path), signal && { signal })) }];
      }),
    ),
  );
  return results.flatMap((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** Kinds by path: what is metadata is listed; of the rest, shards have their own form of name. */
function kinds(metadata: readonly MetadataFile[]): (path: string) => Kind {
  const listed = new Map(metadata.map(({ path, kind }) => [path, kind]));
  return (path) =>
    listed.get(path) ?? (isShardName(path.slice(path.lastIndexOf('/') + 1)) ? 'shard' : 'artifact');
}

function withoutRepodata(tree: Tree): string[] {
  const indexed = new Set(indexDirectoriesOf(tree));
  return [...tree.files]
    .filter(([directory, { others }]) => !indexed.has(directory) && others.some(isIndexName))
    .map(([directory]) => directory);
}
