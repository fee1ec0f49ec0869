import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { statFile } from '../shared/fingerprint.js';
import type { HashCache } from '../shared/hash-cache.js';
import { hashFile } from '../shared/hashing.js';
import type { Manifest } from '../shared/manifest.js';
import { readState, type Survey } from '../shared/read-state.js';
import { staysInside } from '../shared/real-path.js';
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

/**
 * Looks at the copy with the eyes of an update. What that ships or removes is hashed; a missing file is a fact.
 *
 * @param target where it is known
 * @throws CondaDiffError source, when the indexes move; io
 */
export async function lookAt(
  { repository, signal }: { readonly repository: string; readonly signal: AbortSignal },
  manifest: Manifest,
  target: State | undefined,
  cache: HashCache,
): Promise<Look> {
  if (!existsSync(repository)) return NOTHING;
  const survey = await readLocal(repository, manifest, cache, signal);
  const { state: local, kindOf } = survey;
  const paths = [...manifest.files, ...manifest.absent, ...(target ? notHere(local, target) : [])];
  const untracked = await untrackedFiles(repository, new Set(paths.map(({ path }) => path)), local);
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
  repository: string,
  manifest: Manifest,
  cache: HashCache,
  signal: AbortSignal,
): Promise<Survey> {
  const touched = new Set([...manifest.files, ...manifest.removed].map(({ path }) => path));
  return readState(repository, {
    globs: manifest.globs,
    cache,
    mustHash: touched,
    signal,
  });
}

/**
 * Files that no index names at the places of shipped, absent and target ones: retired earlier, or put there by hand.
 * Links that lead out of the repository are not such files: publishing replaces them.
 */
async function untrackedFiles(
  repository: string,
  paths: ReadonlySet<string>,
  local: State,
): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  const root = realpathSync(repository);
  for (const path of paths) {
    const file = join(repository, path);
    if (local.find(path) >= 0 || statFile(file) === undefined || !staysInside(root, file)) continue;
    const { size, sha256 } = await hashFile(file);
    found.set(path, { path, size, sha256 });
  }
  return found;
}
