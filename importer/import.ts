import { existsSync, realpathSync, statSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { HashCache } from '../shared/hash-cache.js';
import { withLock } from '../shared/lock.js';
import { type Manifest, targetOf } from '../shared/manifest.js';
import { writeReference } from '../shared/present-state.js';
import { readBaseReference } from '../shared/read-base.js';
import { readManifest } from '../shared/read-document.js';
import { readState, type Survey } from '../shared/read-state.js';
import { checkTotals, referenceOf } from '../shared/reference.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { EMPTY_STATE, type State } from '../shared/state.js';
import { applyDiff } from '../shared/diff.js';
import { diffOf } from '../shared/manifest.js';
import { commit } from './commit.js';
import { type CommitAction, planCommit } from './commit-plan.js';
import { type Fit, fitOf } from './fit.js';
import { leftovers, removeLeftovers } from './leftovers.js';
import { locateManifest } from './locate.js';
import { unfit } from './refuse.js';
import { stageUpdate } from './stage.js';

export interface ImportOptions {
  /** The archive, the manifest, or their directory. */
  readonly update: string;
  /** Absolute path; made when only its parent is there. */
  readonly repository: string;
  readonly stateDirectory: string;
  readonly signal: AbortSignal;
}

/** What an import did, or would do. */
export interface ImportOutcome {
  readonly outcome: 'already-applied' | 'apply';
  readonly manifest: Manifest;
  readonly target: State;
  readonly plan: readonly CommitAction[];
}

/**
 * Applies an update: manifest → fit → stage and verify all → commit → re-check → reference.
 *
 * @throws CondaDiffError fit, when the update does not lead from this state; integrity or malformed, when the
 *   update is damaged; in all of these nothing was changed; locked; io
 */
export async function importUpdate(options: ImportOptions): Promise<ImportOutcome> {
  const { repository } = options;
  const made = await makeRepository(repository);
  try {
    return await withLock(repository, 'conda-diff-import apply', () => applyLocked(options));
  } catch (error) {
    if (made) await removeUnused(repository);
    throw error;
  }
}

async function applyLocked(options: ImportOptions): Promise<ImportOutcome> {
  const { repository, stateDirectory, signal } = options;
  const stage = join(repository, STATE_DIRECTORY, 'stage');
  await rm(stage, { recursive: true, force: true });
  const cache = await HashCache.open(repository);
  const prepared = await prepare(options, cache);
  const { manifest, target, plan, outcome, directory } = prepared;
  if (outcome === 'apply') {
    try {
      await stageUpdate(manifest, directory, stage, signal);
      await commit(repository, stage, plan);
    } finally {
      await rm(stage, { recursive: true, force: true });
    }
  } else await removeLeftovers(repository, prepared.leftovers);
  await recheck(options, manifest, cache);
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  await writeReference(
    repository,
    join(stateDirectory, 'reference.json'),
    referenceOf(target, manifest.globs),
  );
  await cache.save();
  return { outcome, manifest, target, plan };
}

/**
 * Verifies everything that {@link importUpdate} would verify, changing nothing.
 *
 * @param contents whether the archives are read, too
 * @throws CondaDiffError as {@link importUpdate}
 */
export async function checkUpdate(options: ImportOptions, contents: boolean): Promise<ImportOutcome> {
  const { manifest, target, plan, outcome, directory } = await prepare(
    options,
    await HashCache.open(options.repository),
  );
  if (contents) await stageUpdate(manifest, directory, undefined, options.signal);
  return { outcome, manifest, target, plan };
}

interface Prepared extends ImportOutcome {
  /** Where the files of the update are. */
  readonly directory: string;
  /** Removed files that are on disk though the local state is the target. */
  readonly leftovers: readonly string[];
}

/** Reads the update's documents and the local state, and decides what is to be done. */
async function prepare(options: ImportOptions, cache: HashCache): Promise<Prepared> {
  const { repository, update, signal } = options;
  const file = locateManifest(update);
  const manifest = await readManifest(file);
  const base = await readBaseReference(manifest, file);
  const stated = base && targetOf(manifest, base, file);
  const survey = await readLocal(repository, manifest, cache, signal);
  const local = survey?.state ?? EMPTY_STATE;
  const kindOf = survey?.kindOf ?? (() => 'artifact' as const);
  const fit = fitOf(manifest, base, local, kindOf);
  if (fit.outcome !== 'apply' && fit.outcome !== 'already-applied')
    throw unfit(fit, manifest, local, repository);
  const target = fit.outcome === 'already-applied' ? local : (stated ?? targetFrom(local, manifest, file));
  return {
    outcome: fit.outcome,
    manifest,
    target,
    plan: planFor(fit, manifest, local, target, kindOf),
    directory: dirname(file),
    leftovers: fit.outcome === 'already-applied' ? await leftovers(repository, manifest, signal) : [],
  };
}

function planFor(
  fit: Fit,
  manifest: Manifest,
  local: State,
  target: State,
  kindOf: Survey['kindOf'],
): readonly CommitAction[] {
  return fit.outcome === 'apply' ? planCommit(manifest, local, target, kindOf) : [];
}

/** Without the base reference the local state, being exactly the base, stands for it. */
function targetFrom(local: State, manifest: Manifest, name: string): State {
  const target = applyDiff(local, diffOf(manifest));
  checkTotals(`${name}: local state and files`, manifest.target, target);
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
 * Reads the state again from disk: it must be the target.
 *
 * @throws CondaDiffError integrity
 */
async function recheck(
  { repository, signal }: ImportOptions,
  manifest: Manifest,
  cache: HashCache,
): Promise<void> {
  const survey = await readLocal(repository, manifest, cache, signal);
  checkTotals(`${repository}: the files after the import`, manifest.target, survey?.state ?? EMPTY_STATE);
}

/** @returns whether the repository was made */
async function makeRepository(repository: string): Promise<boolean> {
  if (existsSync(repository)) {
    if (statSync(repository).isDirectory()) return false;
    throw new CondaDiffError('usage', `${repository} is not a directory`);
  }
  try {
    await mkdir(repository);
    return true;
  } catch (error) {
    throw asIoError(error, `Cannot create ${repository}`);
  }
}

/** Removes a repository that was made for an import that then changed nothing. */
async function removeUnused(repository: string): Promise<void> {
  const names = await readdir(repository);
  if (names.every((name) => name === STATE_DIRECTORY)) await rm(repository, { recursive: true });
}

/** The real path of a repository that need not exist yet. */
export function realRepository(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CondaDiffError('usage', `No such directory: ${parent}`);
  }
  return join(realpathSync(parent), basename(path));
}
