import { join } from 'node:path';
import type { HashCache } from '../shared/hash-cache.js';
import { asIoError } from '../shared/errors.js';
import { readState, type Survey } from '../shared/read-state.js';
import type { Receipt } from '../shared/receipt.js';
import { checkTotals, encodeReference, referenceOf, type Totals, totalsOf } from '../shared/reference.js';
import type { State } from '../shared/state.js';
import { deleteRetired, removeEmptied } from './clear-away.js';
import { makeStateDirectory, type Workbench, writeDocument } from './commit.js';
import type { NewEvent } from './copy-history.js';
import type { Journal } from './journal.js';
import { noteEvent } from './note-event.js';
import { clearOwnFiles, readRetired } from './own-files.js';
import { encodeRetired, retiredAfter } from './retired.js';
import { limitFor } from './wait.js';

/** Where the end of a commit is noted. */
export interface Notebook {
  /** Where reference.json, the ledger of the copy and its receipts are kept. */
  readonly stateDirectory: string;
  readonly cache: HashCache;
  /** How many hours retired files wait at least; by default until the next import. */
  readonly wait?: number | undefined;
}

/**
 * Ends a commit whose actions are all performed: re-check → reference → ledger → receipt → retired list →
 * clean-up. Every part can be done again.
 *
 * @returns the state, which is the target, and the receipt of it
 * @throws CondaDiffError integrity, when the state on disk is not the target: then nothing is noted, and `undo`
 *   can still take the import back; io
 */
export async function completeCommit(
  bench: Workbench,
  journal: Journal,
  notebook: Notebook,
): Promise<Completed> {
  const { layout } = bench;
  const touched = new Set(journal.actions.map(({ path }) => path));
  const survey = await surveyOnDisk(bench, journal, notebook, touched);
  const { state } = survey;
  let receipt: Receipt;
  try {
    checkTotals(`${layout.repository}: the files after the ${journal.kind}`, journal.to, state);
  } catch (error) {
    if (journal.kind === 'import') await writeDocument(bench, layout.unverified, []);
    await closeCommit(bench, journal);
    throw error;
  }
  try {
    await makeStateDirectory(bench, notebook.stateDirectory);
    const file = join(notebook.stateDirectory, 'reference.json');
    await writeDocument(bench, file, encodeReference(referenceOf(state, journal.globs)));
    receipt = await noteEvent(bench, notebook.stateDirectory, eventOf(journal, survey), journal.lineage);
    const { kept, expired } = retiredAfter(
      await readRetired(layout),
      journal,
      state,
      notebook.wait === undefined ? undefined : limitFor(notebook.wait),
    );
    await deleteRetired(bench, expired);
    const removed = journal.actions.filter(({ action }) => action === 'remove').map(({ path }) => path);
    await removeEmptied(bench, removed);
    await writeDocument(bench, layout.retired, encodeRetired(kept));
    await clearOwnFiles(bench, journal.kind === 'import' && journal.keepsUndo ? journal.attempt : undefined);
    await bench.disk.remove(layout.unverified);
    await closeCommit(bench, journal);
  } catch (error) {
    throw asIoError(error);
  }
  await notebook.cache.save();
  return { state, receipt };
}

/** How a commit ended. */
export interface Completed {
  readonly state: State;
  readonly receipt: Receipt;
}

function eventOf({ kind, attempt, update, from, again, at }: Journal, survey: Survey): NewEvent {
  const state = totalsOf(survey.state);
  return { kind, attempt, update, from: from.digest, state, again, established: establishedBy(survey), at };
}

/** Whether a survey hashed every file of its state. */
export function establishedBy({ trusted }: Survey): Receipt['established'] {
  return trusted === 0 ? 'hashed' : 'claimed';
}

/** The commit record becomes the record of the last import; an undone import is not the last one any more. */
async function closeCommit({ disk, layout }: Workbench, { kind }: Journal): Promise<void> {
  if (kind === 'import') await disk.rename(layout.committed, layout.lastImport);
  else {
    await disk.remove(layout.lastImport);
    await disk.syncDirectory(layout.own);
    await disk.remove(layout.committed);
  }
  await disk.syncDirectory(layout.own);
}

/** Reads the repository under the globs of a journal. */
export async function surveyOnDisk(
  { layout, signal, progress }: Workbench,
  { globs }: Journal,
  { cache }: Notebook,
  mustHash: ReadonlySet<string>,
): Promise<Survey> {
  return readState(layout.repository, {
    ...{ globs, cache, links: layout.links, mustHash, signal },
    ...(progress && { progress }),
  });
}

/** Whether two states are the same by digest and totals. */
export function sameTotals(a: Totals, b: Totals): boolean {
  return a.digest === b.digest && a.count === b.count && a.bytes === b.bytes;
}
