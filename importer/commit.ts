import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asIoError } from '../shared/errors.js';
import { directoryOf } from '../shared/paths.js';
import type { Progress } from '../shared/progress.js';
import { type CommitAction, placesOf } from './commit-plan.js';
import type { Disk, Ownership } from './disk.js';
import { encodeJournal, type Journal } from './journal.js';
import { type Area, areaOf, areasFor, keptFile, type Layout, stagedFile, trashFile } from './layout.js';

/** What a commit works with. */
export interface Workbench {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly signal: AbortSignal;
  /** Told how far the work is; nobody by default. */
  readonly progress?: Progress;
}

/** How many files are synced or linked at a time. */
const AT_ONCE = 8;

/**
 * Brings the repository from one state to the other, in phases that each end with fsync before the next begins:
 * undo links → journal → steps 1–3 → burst → steps 5–6 → commit record. The stage is verified and durable.
 *
 * An interruption is heeded before the journal and before the burst; what was begun then is finished or taken
 * back by the next run.
 *
 * @returns how long the burst took
 * @throws CondaDiffError io; interrupted
 */
export async function commit(bench: Workbench, journal: Journal): Promise<BurstTime> {
  try {
    if (journal.keepsUndo) await linkUndo(bench, journal);
    for (const area of areasFor(bench.layout, removalsOf(journal)))
      await makeOwnDirectory(bench, area.trash, area);
    await bench.disk.syncDirectory(bench.layout.repository); // `.conda-diff` may be new
    bench.signal.throwIfAborted();
    await writeDocument(bench, bench.layout.journal, encodeJournal(journal));
    return await perform(bench, journal);
  } catch (error) {
    throw asIoError(error);
  }
}

/** How long readers could meet a mixture of two states. */
export interface BurstTime {
  /** From before the first rename of the burst to after the last. */
  readonly burstMilliseconds: number;
}

const BURST = 4;
/** So long, actions go on without anything else having its turn, as signals must have. */
const TURN_MILLISECONDS = 10;

/** The steps of a journalled commit; done ones are skipped by `isDone`. */
export async function perform(
  bench: Workbench,
  journal: Journal,
  isDone: (n: number) => boolean = () => false,
): Promise<BurstTime> {
  let burstMilliseconds = 0;
  bench.progress?.begin('commit', { files: journal.actions.length, bytes: 0 });
  await makeDirectories(bench, journal);
  const groups: readonly (readonly number[])[] = [[1, 2, 3], [BURST], [5, 6]];
  for (const steps of groups) {
    const phase = [...journal.actions.entries()].filter(([, { step }]) => steps.includes(step));
    bench.signal.throwIfAborted();
    const begun = performance.now();
    let turned = begun;
    for (const [n, action] of phase) {
      if (!isDone(n)) await performAction(bench, n, action);
      bench.progress?.advance(1, 0);
      if (performance.now() - turned < TURN_MILLISECONDS) continue;
      await nextTurn();
      turned = performance.now();
    }
    if (steps.includes(BURST)) burstMilliseconds = performance.now() - begun;
    await syncDirectories(
      bench,
      phase.flatMap(([, action]) => touched(bench, action)),
    );
  }
  bench.progress?.end();
  await bench.disk.rename(bench.layout.journal, bench.layout.committed);
  await bench.disk.syncDirectory(bench.layout.own);
  return { burstMilliseconds };
}

async function performAction({ disk, layout }: Workbench, n: number, action: CommitAction): Promise<void> {
  const place = join(layout.repository, action.path);
  if (action.action === 'publish') await disk.rename(stagedFile(layout, n, action.path), place);
  else if (action.action === 'remove') {
    const trash = trashFile(layout, n, action.path);
    // Where a power failure left both names, rename would do nothing: they are one file.
    if (existsSync(trash)) await disk.remove(trash);
    // It may be gone: another name of the same directory, or someone was faster.
    if (existsSync(place)) await disk.rename(place, trash);
  }
}

/** The directories whose entries an action changes. */
function touched({ layout }: Workbench, action: CommitAction): string[] {
  if (action.action === 'retire') return [];
  const place = join(layout.repository, directoryOf(action.path));
  const area = areaOf(layout, action.path);
  return [place, action.action === 'publish' ? area.stage : area.trash];
}

function removalsOf({ actions }: Journal): string[] {
  return actions.filter(({ action }) => action === 'remove').map(({ path }) => path);
}

/** The places of which a commit replaces or takes away what is there. */
function keptPathsOf({ actions }: Journal): string[] {
  return actions.filter(({ action, before }) => action !== 'retire' && before).map(({ path }) => path);
}

/** Keeps what the commit replaces or takes away, so that it can be taken back. */
async function linkUndo(bench: Workbench, journal: Journal): Promise<void> {
  const { disk, layout } = bench;
  const areas = areasFor(layout, keptPathsOf(journal));
  for (const area of areas) {
    await makeOwnDirectory(bench, area.undo, area);
    await makeOwnDirectory(bench, join(area.undo, journal.attempt), area);
  }
  await all(journal.actions.entries(), async ([n, action]) => {
    if (action.action === 'retire' || action.before === undefined) return;
    const kept = keptFile(layout, journal.attempt, n, action.path);
    await disk.linkOrCopy(join(layout.repository, action.path), kept);
    await disk.syncFile(kept);
  });
  for (const { undo } of areas) {
    await disk.syncDirectory(join(undo, journal.attempt));
    await disk.syncDirectory(undo);
  }
}

/** Makes the stages for the files that a plan publishes. */
export async function makeStage(bench: Workbench, actions: readonly CommitAction[]): Promise<void> {
  for (const area of areasFor(bench.layout, placesOf(actions)))
    await makeOwnDirectory(bench, area.stage, area);
}

/** Makes the names of the files that are staged durable. */
export async function syncStage(
  { disk, layout }: Pick<Workbench, 'disk' | 'layout'>,
  actions: readonly CommitAction[],
): Promise<void> {
  for (const { stage } of areasFor(layout, placesOf(actions))) await disk.syncDirectory(stage);
}

/** Makes a directory of ours, if it is not there. */
export async function makeOwnDirectory(
  { disk, layout }: Workbench,
  directory: string,
  { own }: Area = layout,
): Promise<void> {
  if (existsSync(directory)) return;
  if (!existsSync(own)) {
    await disk.makeDirectory(own, 0o700);
    await disk.syncDirectory(dirname(own));
  }
  await disk.makeDirectory(directory, 0o700);
  await disk.syncDirectory(own);
}

/** Makes the directory of what is remembered, and those above it, if they are not there; each is durable in its own. */
export async function makeStateDirectory(bench: Workbench, directory: string): Promise<void> {
  if (existsSync(directory)) return;
  const above = dirname(directory);
  await makeStateDirectory(bench, above);
  await bench.disk.makeDirectory(directory, 0o700);
  await bench.disk.syncDirectory(above);
}

/** Makes the directories of the plan with mode and owner of the ones above them; what is put in them syncs them. */
async function makeDirectories({ disk, layout }: Workbench, { directories }: Journal): Promise<void> {
  for (const path of directories) {
    const directory = join(layout.repository, path);
    const above = join(layout.repository, directoryOf(path));
    if (!existsSync(directory)) await disk.makeDirectory(directory, 0o755);
    await disk.setOwnership(directory, ownershipOf(above, 0o7777));
    await disk.syncDirectory(above);
  }
}

/** Mode and owner of what is at a path, as a model for something new. */
export function ownershipOf(path: string, mask: number): Ownership {
  const { mode, uid, gid } = statSync(path);
  return { mode: mode & mask, uid, gid };
}

/** Writes one of our documents durably: under another name, synced, renamed, its directory synced. */
export async function writeDocument(
  { disk }: Workbench,
  file: string,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  const partial = `${file}.partial`;
  await disk.remove(partial);
  const written = await disk.create(partial, 0o644);
  try {
    for (const chunk of chunks) await written.write(chunk);
  } catch (error) {
    throw asIoError(error, `Cannot write ${file}`);
  } finally {
    await written.close();
  }
  await disk.syncFile(partial);
  await disk.rename(partial, file);
  await disk.syncDirectory(dirname(file));
}

/** Syncs directories, each once, several at a time. */
export async function syncDirectories({ disk }: Workbench, directories: readonly string[]): Promise<void> {
  await all(
    [...new Set(directories)].filter((one) => existsSync(one)),
    (one) => disk.syncDirectory(one),
  );
}

/** Runs work for every item, some at a time, and waits for all of it also when one fails. */
export async function all<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  const rest = items[Symbol.iterator]();
  const take = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      await work(next.value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  if (failures.length > 0) throw failures[0];
}
