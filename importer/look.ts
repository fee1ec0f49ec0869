import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RepositoryParts } from '../shared/bounds.js';
import { statFile } from '../shared/fingerprint.js';
import type { HashCache } from '../shared/hash-cache.js';
import { hashFile } from '../shared/hashing.js';
import type { Manifest } from '../shared/manifest.js';
import type { Progress } from '../shared/progress.js';
import { readState, type Survey } from '../shared/read-state.js';
import { boundsOf, staysInside } from '../shared/real-path.js';
import type { Receipt } from '../shared/receipt.js';
import type { Kind } from '../shared/rules.js';
import { EMPTY_STATE, type Entry, type State } from '../shared/state.js';
import { establishedBy } from './complete.js';
import { notHere } from './drift.js';

/** What an update finds in the place where it is to be applied. */
export interface Look {
  /** The local state as the globs of the update see it. */
  readonly local: State;
  readonly kindOf: (path: string) => Kind;
  /** Whether every file of the local state was hashed. */
  readonly established: Receipt['established'];
  /** What is on disk at a path of update or target that the local state does not track, if anything. */
  readonly untracked: (path: string) => Entry | undefined;
  /** Whether an index of the copy names this path, and no file is there. */
  readonly wasNamed: (path: string) => boolean;
}

/** A repository, and when to stop looking at it. */
export interface LookedAt extends RepositoryParts {
  readonly signal: AbortSignal;
  /** Told how far the work is; nobody by default. */
  readonly progress?: Progress | undefined;
}

/**
 * Looks at the copy with the eyes of an update. What that ships or removes is hashed; a missing file is a fact.
 *
 * @param target where it is known
 * @throws CondaDiffError source, when the indexes move; io
 */
export async function lookAt(
  place: LookedAt,
  manifest: Manifest,
  target: State | undefined,
  cache: HashCache,
): Promise<Look> {
  if (!existsSync(place.repository)) return NOTHING;
  const survey = await readLocal(place, manifest, cache);
  const { state: local, kindOf } = survey;
  const paths = [...manifest.files, ...manifest.absent, ...(target ? notHere(local, target) : [])];
  const untracked = await untrackedFiles(place, new Set(paths.map(({ path }) => path)), local);
  const named = new Set([...survey.missing, ...survey.gone]);
  return {
    ...{ local, kindOf, established: establishedBy(survey) },
    untracked: (path) => untracked.get(path),
    wasNamed: (path) => named.has(path),
  };
}

const NOTHING: Look = {
  local: EMPTY_STATE,
  kindOf: () => 'artifact',
  established: 'hashed',
  untracked: () => undefined,
  wasNamed: () => false,
};

/** The local state as the exporter's globs see it; what the update touches is hashed. */
async function readLocal(
  { repository, links, signal, progress }: LookedAt,
  manifest: Manifest,
  cache: HashCache,
): Promise<Survey> {
  const touched = new Set([...manifest.files, ...manifest.removed].map(({ path }) => path));
  return readState(repository, {
    globs: manifest.globs,
    cache,
    mustHash: touched,
    links,
    signal,
    progress,
  });
}

/**
 * Files that no index names at the places of shipped, absent and target ones: retired earlier, or put there by hand.
 * Links that lead out of the repository are not such files: publishing replaces them.
 */
async function untrackedFiles(
  place: LookedAt,
  paths: ReadonlySet<string>,
  local: State,
): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  const bounds = boundsOf(place);
  for (const path of paths) {
    const file = join(place.repository, path);
    if (local.find(path) >= 0 || statFile(file) === undefined || !staysInside(bounds, file)) continue;
    const { size, sha256 } = await hashFile(file);
    found.set(path, { path, size, sha256 });
  }
  return found;
}
