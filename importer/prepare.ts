import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireDistinct } from '../shared/collisions.js';
import { applyDiff } from '../shared/diff.js';
import { statFile } from '../shared/fingerprint.js';
import type { HashCache } from '../shared/hash-cache.js';
import { hashFile } from '../shared/hashing.js';
import { addedPaths, diffOf, type Manifest, targetOf } from '../shared/manifest.js';
import { readBaseReference } from '../shared/read-base.js';
import { readManifest } from '../shared/read-document.js';
import { readState, type Survey } from '../shared/read-state.js';
import { staysInside } from '../shared/real-path.js';
import { checkTotals } from '../shared/reference.js';
import type { Receipt } from '../shared/receipt.js';
import { EMPTY_STATE, type Entry, type State } from '../shared/state.js';
import { type CommitAction, planCommit } from './commit-plan.js';
import { establishedBy } from './complete.js';
import { fitOf } from './fit.js';
import { leftovers } from './leftovers.js';
import { locateManifest } from '../shared/locate.js';
import { unfit } from './refuse.js';

export interface PrepareOptions {
  /** The archive, the manifest, or their directory. */
  readonly update: string;
  /** Absolute path. */
  readonly repository: string;
  readonly removeNow: boolean;
  readonly signal: AbortSignal;
}

/** An update that fits, and what there is to do. */
export interface Prepared {
  readonly outcome: 'already-applied' | 'apply';
  readonly manifest: Manifest;
  /** Where the files of the update are. */
  readonly directory: string;
  readonly local: State;
  /** Whether every file of the local state was hashed. */
  readonly established: Receipt['established'];
  readonly target: State;
  /** Empty when it is applied already. */
  readonly plan: readonly CommitAction[];
  /** Removed files that are on disk though the local state is the target. */
  readonly leftovers: readonly Entry[];
}

/**
 * Reads the update's documents and the local state, and decides what is to be done. Changes nothing.
 *
 * @throws CondaDiffError fit; integrity or malformed, when a document is damaged; usage; io
 */
export async function prepare(options: PrepareOptions, cache: HashCache): Promise<Prepared> {
  const { repository, update, removeNow, signal } = options;
  const file = locateManifest(update);
  const manifest = await readManifest(file);
  const base = await readBaseReference(manifest, file);
  const stated = base && targetOf(manifest, base, file);
  const survey = await readLocal(repository, manifest, cache, signal);
  const local = survey?.state ?? EMPTY_STATE;
  const kindOf = survey?.kindOf ?? ((): 'artifact' => 'artifact');
  const fit = fitOf(manifest, base, local, kindOf);
  const established = survey === undefined ? 'hashed' : establishedBy(survey);
  const common = { manifest, directory: dirname(file), local, established } as const;
  if (fit.outcome === 'already-applied') {
    return {
      ...common,
      outcome: fit.outcome,
      target: local,
      plan: [],
      leftovers: await leftovers(repository, manifest, signal),
    };
  }
  if (fit.outcome !== 'apply') throw unfit(fit, manifest, local, repository);
  const target = stated ?? targetFrom(local, manifest, file);
  const untracked = await untrackedFiles(repository, manifest, local);
  const plan = planCommit(manifest, local, target, kindOf, {
    untracked: (path) => untracked.get(path),
    removeNow,
  });
  return { ...common, outcome: fit.outcome, target, plan, leftovers: [] };
}

/** Without the base reference the local state, being exactly the base, stands for it. */
function targetFrom(local: State, manifest: Manifest, name: string): State {
  const target = applyDiff(local, diffOf(manifest));
  checkTotals(`${name}: local state and files`, manifest.target, target);
  requireDistinct(addedPaths(manifest), target, name);
  return target;
}

/** The local state as the exporter's globs see it; what the update touches is hashed. */
async function readLocal(
  repository: string,
  manifest: Manifest,
  cache: HashCache,
  signal: AbortSignal,
): Promise<Survey | undefined> {
  if (!existsSync(repository)) return undefined;
  const touched = new Set([...manifest.files, ...manifest.removed].map(({ path }) => path));
  return readState(repository, {
    globs: manifest.globs,
    cache,
    mustHash: (path) => touched.has(path),
    signal,
  });
}

/**
 * Files that no index names at the places of shipped and absent ones: retired earlier, or put there by hand. Links
 * that lead out of the repository are not such files: publishing replaces them.
 */
async function untrackedFiles(
  repository: string,
  manifest: Manifest,
  local: State,
): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  if (!existsSync(repository)) return found;
  const root = realpathSync(repository);
  for (const { path } of [...manifest.files, ...manifest.absent]) {
    const file = join(repository, path);
    if (local.find(path) >= 0 || statFile(file) === undefined || !staysInside(root, file)) continue;
    const { size, sha256 } = await hashFile(file);
    found.set(path, { path, size, sha256 });
  }
  return found;
}
