import { statfsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RepositoryParts } from '../shared/bounds.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatBytes } from '../shared/figures.js';
import { HashCache } from '../shared/hash-cache.js';
import { type FileHash, hashFile } from '../shared/hashing.js';
import { withLock } from '../shared/lock.js';
import type { Progress } from '../shared/progress.js';
import type { Trust } from '../shared/trust.js';
import { markedId, volumeMark } from '../shared/volume-mark.js';
import {
  type Collected,
  collectedIds,
  type MissingVolume,
  missingVolumes,
  readCollected,
} from './collected.js';
import type { Workbench } from './commit.js';
import { copyStated } from './copy-stated.js';
import { type Disk, realDisk } from './disk.js';
import { requireOwnDirectory } from './held-directory.js';
import { benchFor, recoverFirst } from './import.js';
import { type Match, matchOffers, type Wanted } from './match-offers.js';
import { makeRepository, removeUnused } from './new-copy.js';
import { type Brought, findOffers } from './offers.js';
import { readVolume } from './read-volume.js';
import { DISCARD } from './stage.js';
import { keepManifest, type Taken, takeManifest } from './take-manifest.js';
import { shellWord } from '../shared/shell-word.js';

export interface CollectOptions extends RepositoryParts {
  readonly stateDirectory: string;
  /** Absolute paths of volumes, manifests and directories that hold them. */
  readonly paths: readonly string[];
  /** Whose signatures the manifests must have; `undefined` where nothing is trusted. */
  readonly trust?: Trust | undefined;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
  readonly progress: Progress;
  /** The file system, unless a test puts another in its place. */
  readonly disk?: Disk;
}

/** What became of one update of which something was brought. */
export interface CollectedNow {
  readonly update: Collected;
  /** Names of the volumes that were copied now. */
  readonly staged: readonly string[];
  /** Of those that were brought and are here already. */
  readonly kept: readonly string[];
  readonly missing: readonly MissingVolume[];
}

/**
 * Collects volumes from media that do not fit side by side: each is verified against its manifest while it is copied, and
 * kept in our own state until all are there. Nothing else of the copy is touched, but that an interrupted import is ended.
 *
 * @returns the updates of which something was brought, in the order of their numbers
 * @throws CondaDiffError malformed or integrity, naming what is wrong with which volume; io, when there is no room;
 *   usage; locked; interrupted
 */
export async function collect(options: CollectOptions): Promise<CollectedNow[]> {
  const { repository, stateDirectory, note } = options;
  requireOwnDirectory(repository);
  const made = await makeRepository(repository, options.disk ?? realDisk);
  return withLock(repository, 'conda-diff-import stage', async () => {
    const bench = benchFor(options);
    try {
      await recoverFirst(bench, { stateDirectory, cache: await HashCache.open(repository) }, note);
      const brought = await findOffers(options.paths);
      const taken = await takeAll(brought, options.trust);
      const known = await knownUpdates(bench, brought, taken, options.trust);
      const { matches, others } = matchOffers(brought.offers, known);
      others.forEach((path) => note(`Not a volume of a staged update: ${path}`));
      if (taken.length === 0 && matches.length === 0) throw nothingFound(options.paths);
      requireRoom(bench, known);
      for (const one of taken) await keepManifest(bench, one);
      return await copyAll(bench, matches, known, options);
    } catch (error) {
      if (made) await removeUnused(repository);
      throw error;
    }
  });
}

function nothingFound(paths: readonly string[]): CondaDiffError {
  return new CondaDiffError('usage', `There is nothing to stage in ${paths.join(', ')}`, {
    hint: 'The manifest of an update must be staged before its volumes, or with them',
  });
}

/** An update of which something was brought. */
type Known = Collected & Wanted;

async function takeAll({ manifests }: Brought, trust: Trust | undefined): Promise<Taken[]> {
  const taken = new Map<string, Taken>();
  for (const file of manifests) {
    const one = await takeManifest(file, trust);
    if (!taken.has(one.manifest.id)) taken.set(one.manifest.id, one);
  }
  return [...taken.values()];
}

/** The updates whose manifests were brought, and those that were staged before and that a file says it is of. */
async function knownUpdates(
  { layout }: Workbench,
  { offers }: Brought,
  taken: readonly Taken[],
  trust: Trust | undefined,
): Promise<Known[]> {
  const known: Known[] = taken.map(({ manifest, file }) => ({
    ...{ manifest, medium: dirname(file), directory: join(layout.collected, manifest.id) },
  }));
  const isUnclear = offers.some(({ seen }) => seen.mark === undefined);
  for (const id of collectedIds(layout)) {
    const isNamed = offers.some(({ seen }) => seen.mark?.update === markedId(id));
    if (known.some(({ manifest }) => manifest.id === id) || !(isNamed || isUnclear)) continue;
    known.push(await readCollected(layout, id, trust));
  }
  return known.sort((a, b) => a.manifest.sequence - b.manifest.sequence);
}

/** Documents, directories, and the rounding of sizes. */
const RESERVE = 1 << 20;

/**
 * There must be room for all that is still missing, not only for what was brought: the first disc of many is the time to
 * say so.
 */
function requireRoom({ layout }: Workbench, known: readonly Known[]): void {
  const { bavail, bsize } = statfsSync(layout.own);
  const missing = known.flatMap((one) => missingVolumes(one));
  const needed = missing.reduce((sum, { size }) => sum + size, missing.length > 0 ? RESERVE : 0);
  if (needed <= bavail * bsize) return;
  throw new CondaDiffError('io', `There is no room for the volumes in ${layout.own}; nothing was staged`, {
    details: [`${formatBytes(needed)} are needed, ${formatBytes(bavail * bsize)} are free`],
    hint: `Free space, or discard what was staged before: conda-diff-import stage ${shellWord(layout.repository)} --discard`,
  });
}

async function copyAll(
  bench: Workbench,
  matches: readonly Match[],
  known: readonly Known[],
  { progress, signal }: CollectOptions,
): Promise<CollectedNow[]> {
  const bytes = matches.reduce((sum, { path }) => sum + statSync(path).size, 0);
  progress.begin('stage', { files: matches.length, bytes });
  const done: CollectedNow[] = [];
  for (const update of known) {
    const staged: string[] = [];
    const kept: string[] = [];
    const own = matches.filter(({ id }) => id === update.manifest.id);
    const isBrought = own.length > 0 || update.medium !== undefined;
    if (!isBrought) continue;
    for (const match of own) {
      signal.throwIfAborted();
      const isNew = await keepVolume(bench, update, match, progress);
      (isNew ? staged : kept).push(update.manifest.volumes[match.i]!.name);
      progress.advance(1, 0);
    }
    done.push({ update, staged, kept, missing: missingVolumes(update) });
  }
  progress.end();
  return done;
}

/** Copies a volume, unless it is here and right. */
async function keepVolume(
  bench: Workbench,
  update: Known,
  match: Match,
  progress: Progress,
): Promise<boolean> {
  const volume = update.manifest.volumes[match.i]!;
  const target = join(update.directory, volume.name);
  const here = statSync(target, { throwIfNoEntry: false });
  if (here?.size === volume.size && (await hashFile(target)).sha256 === volume.sha256) return false;
  const found = await copyStated(bench, match.path, target, volume, (bytes) => progress.advance(0, bytes));
  if (found.sha256 === volume.sha256) return true;
  throw await damaged(update, match, found, bench.signal);
}

/** What exactly is wrong with a volume: it is read again, only to tell. */
async function damaged(
  { manifest }: Known,
  { path, i }: Match,
  found: FileHash,
  signal: AbortSignal,
): Promise<CondaDiffError> {
  const volume = { ...manifest.volumes[i]!, name: basename(path) };
  const start = manifest.volumes.slice(0, i).reduce((sum, { files }) => sum + files, 0);
  const files = manifest.files.slice(start, start + volume.files);
  const mark = volumeMark(manifest.id, i + 1, manifest.volumes.length);
  const wrong = await readVolume(dirname(path), volume, files, mark, DISCARD, signal);
  return new CondaDiffError('integrity', `${path} is damaged`, {
    details: [
      `expected sha256 ${volume.sha256}, found ${found.sha256}`,
      ...wrong.map((one) => `${one.path}: expected ${one.expected}, found ${one.found}`),
    ],
    hint: 'Copy this volume again from its source; what was staged before stays',
  });
}
