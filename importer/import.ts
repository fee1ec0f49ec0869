import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { timestamp } from '../shared/clock.js';
import { NO_LINKS } from '../shared/bounds.js';
import { asIoError } from '../shared/errors.js';
import { HashCache } from '../shared/hash-cache.js';
import { withLock } from '../shared/lock.js';
import { lineageWithSelf, type Manifest } from '../shared/manifest.js';
import type { Amount } from '../shared/progress.js';
import { totalsOf } from '../shared/reference.js';
import { anchoredDisk } from './anchored-disk.js';
import { attributesIn, missingDirectories } from './attributes.js';
import { type BurstTime, commit, makeStage, type Workbench } from './commit.js';
import { type Completed, completeCommit, type Notebook } from './complete.js';
import { codeLine } from './describe.js';
import { type Disk, realDisk } from './disk.js';
import { requireSettled } from '../shared/interrupted.js';
import { requireSameLinks } from './inside.js';
import type { Journal } from './journal.js';
import { type Area, layoutOf } from './layout.js';
import { requireOwnDirectory } from './held-directory.js';
import { makesLinks, measure, spacesFor } from './measure.js';
import { makeRepository, removeUnused } from './new-copy.js';
import { noteApplied } from './note-applied.js';
import { discardCollected, isCollected } from './collected.js';
import { clearAfterFailure, clearOwnFiles, readJournal, readRetired } from './own-files.js';
import { requireFeasible } from './preflight.js';
import { prepare, type Prepared, type PrepareOptions } from './prepare.js';
import { recover, type Recovery } from './recover.js';
import { type Retired, reusedBy } from './retired.js';
import { requireSafe } from './safe-plan.js';
import { storedPlace } from './state-directory.js';
import { DISCARD, readUpdate, StageSink } from './stage.js';

export interface ImportOptions extends PrepareOptions {
  /** Whether what is replaced or removed is kept, so that the import can be undone or taken back. */
  readonly keepsUndo: boolean;
  /** How many hours retired files wait at least; by default until the next import. */
  readonly wait?: number | undefined;
  readonly note: (line: string) => void;
  /** The file system, unless a test puts another in its place. */
  readonly disk?: Disk;
}

/** What an import did, or would do. */
export type ImportOutcome = Pick<
  Prepared,
  'outcome' | 'ownSite' | 'manifest' | 'signatures' | 'target' | 'plan'
> &
  Partial<BurstTime & Pick<Completed, 'receipt'>>;

/**
 * Applies an update: recover → manifest → fit → preflight → stage and verify all → commit → re-check → reference.
 *
 * @throws CondaDiffError fit, when the update does not lead from this state; integrity or malformed, when it is
 *   damaged; in all of these nothing was changed; locked; io; interrupted
 */
export async function importUpdate(options: ImportOptions): Promise<ImportOutcome> {
  const { repository, note } = options;
  requireOwnDirectory(repository);
  const made = await makeRepository(repository, options.disk ?? realDisk);
  return withLock(repository, 'conda-diff-import apply', async () => {
    try {
      const bench = benchFor(options);
      const { stateDirectory, wait } = options;
      const notebook = { stateDirectory, cache: await HashCache.open(repository), wait };
      await recoverFirst(bench, notebook, note);
      const prepared = await prepare(options, notebook.cache);
      const done =
        prepared.outcome === 'already-applied'
          ? { receipt: await noteApplied(bench, notebook, prepared) }
          : await applyPrepared(bench, notebook, options, prepared);
      if (isCollected(bench.layout, prepared.directory))
        await discardCollected(bench, [prepared.manifest.id]);
      const { receipt, ...times } = done;
      return { ...prepared, ...times, ...(receipt && { receipt }) };
    } catch (error) {
      if (made) await removeUnused(repository);
      throw error;
    }
  });
}

/** What the engine works with, for one run on a repository. */
export function benchFor({
  repository,
  links = NO_LINKS,
  signal,
  disk = anchoredDisk({ root: repository, links }),
  progress,
}: Pick<ImportOptions, 'repository' | 'links' | 'signal' | 'disk' | 'progress'>): Workbench {
  return {
    disk,
    layout: layoutOf(repository, links),
    signal,
    ...(progress && { progress }),
  };
}

/** Ends what an interrupted run left, and clears away what no journal speaks of. */
export async function recoverFirst(
  bench: Workbench,
  notebook: Notebook,
  note: (line: string) => void = () => undefined,
): Promise<Recovery | undefined> {
  const recovery = await recover(bench, notebook);
  if (recovery !== undefined) note(recoveryLine(recovery.did, recovery.journal));
  if (recovery?.receipt !== undefined) note(codeLine(recovery.receipt));
  const last = await readJournal(bench.layout.lastImport);
  if (last !== undefined) requireSameLinks(bench.layout, last);
  await clearOwnFiles(bench, last?.attempt);
  return recovery;
}

export function recoveryLine(did: 'finished' | 'taken-back', { kind, update }: Journal): string {
  const what = `The interrupted ${kind} of update ${String(update.sequence)}`;
  return did === 'finished' ? `${what} was finished` : `${what} was taken back: the copy is as it was before`;
}

async function applyPrepared(
  bench: Workbench,
  notebook: Notebook,
  options: ImportOptions,
  prepared: Prepared,
): Promise<BurstTime & Completed> {
  const { layout } = bench;
  const { keepsUndo } = options;
  const { local, target, plan } = prepared;
  const retired = await readRetired(layout);
  requireSafe(layout, prepared, retired, options.permissions);
  const copiesUndo = (area: Area): boolean => keepsUndo && !makesLinks(area);
  const spaces = spacesFor(layout, plan, local.count + target.count, copiesUndo);
  requireFeasible(layout.repository, spaces, measure(layout, plan));
  try {
    await makeStage(bench, plan);
    await stageUpdate(bench, prepared);
    const journal = journalFor(bench, options, prepared, retired);
    const burst = await commit(bench, journal);
    return { ...burst, ...(await completeCommit(bench, journal, notebook)) };
  } catch (error) {
    await clearAfterFailure(bench);
    throw asIoError(error);
  }
}

/** Verifies the update and writes what the plan publishes to the stage, durably. */
async function stageUpdate(
  { disk, layout, signal, progress }: Workbench,
  { manifest, directory, plan }: Prepared,
): Promise<void> {
  const mtimes = new Map(manifest.files.map(({ path, mtime }) => [path, mtime]));
  const attributesOf = attributesIn(layout.repository, ({ path }) => mtimes.get(path) ?? 0);
  const sink = new StageSink(disk, layout, plan, attributesOf);
  progress?.begin('stage', amountOf(manifest));
  try {
    await readUpdate(manifest, directory, sink, signal, progress);
    await sink.durable();
  } finally {
    await sink.close();
  }
}

function journalFor(
  { layout }: Workbench,
  { keepsUndo, stateDirectory }: ImportOptions,
  { outcome, manifest, local, target, plan }: Prepared,
  retired: readonly Retired[],
): Journal {
  const { id, site, sequence, globs } = manifest;
  return {
    attempt: randomBytes(8).toString('hex'),
    kind: 'import',
    globs,
    update: { id, site, sequence },
    lineage: lineageWithSelf(manifest),
    again: outcome === 'superseded',
    from: totalsOf(local),
    to: manifest.target,
    keepsUndo,
    at: timestamp(),
    stateDirectory: storedPlace(layout.repository, stateDirectory),
    reused: reusedBy(target, retired),
    links: layout.links.map(({ path }) => path),
    directories: missingDirectories(layout.repository, plan),
    actions: plan,
  };
}

/**
 * Verifies everything that {@link importUpdate} would verify, changing nothing.
 *
 * @param contents whether the archives are read, too
 * @throws CondaDiffError as {@link importUpdate}
 */
export async function checkUpdate(options: PrepareOptions, contents: boolean): Promise<ImportOutcome> {
  requireOwnDirectory(options.repository);
  requireSettled(options.repository, 'fit');
  const prepared = await prepare(options, await HashCache.open(options.repository));
  const layout = layoutOf(options.repository, options.links);
  if (prepared.outcome !== 'already-applied' && existsSync(options.repository)) {
    requireSafe(layout, prepared, await readRetired(layout), options.permissions);
    const entries = prepared.local.count + prepared.target.count;
    const spaces = spacesFor(layout, prepared.plan, entries, () => false);
    requireFeasible(options.repository, spaces, measure(layout, prepared.plan));
  }
  if (!contents) return prepared;
  options.progress?.begin('verify', amountOf(prepared.manifest));
  await readUpdate(prepared.manifest, prepared.directory, DISCARD, options.signal, options.progress);
  options.progress?.end();
  return prepared;
}

function amountOf({ files }: Manifest): Amount {
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}
