import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { asIoError } from '../shared/errors.js';
import { NO_GLOBS } from '../shared/globs.js';
import { readState } from '../shared/read-state.js';
import type { Receipt } from '../shared/receipt.js';
import { type Totals, totalsOf } from '../shared/reference.js';
import { deleteRetired, type Untouched } from './clear-away.js';
import { type Workbench, writeDocument } from './commit.js';
import type { Notebook } from './complete.js';
import { lastReceipt } from './copy-history.js';
import { type Holder, otherHolder } from '../shared/lock-holder.js';
import type { Journal } from './journal.js';
import { readCopyLedger } from './note-event.js';
import { isUnverified, readJournal, readRetired } from './own-files.js';
import { areasOf, type Layout } from './layout.js';
import { lastReference } from './last-reference.js';
import { encodeRetired, olderThan } from './retired.js';
import { listStaged, type Staged } from './staged.js';

/** What `gc` did. */
export interface Collected {
  /** Retired files that were deleted, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Files that were on the list, were not deleted, and are not on it any more. */
  readonly left: readonly { readonly path: string; readonly reason: Untouched | 'tracked' }[];
  /** Retired files that wait on. */
  readonly waiting: number;
}

/**
 * Deletes retired files that have waited since before `limit`. What the state tracks again is left alone.
 *
 * @throws CondaDiffError io
 */
export async function collectGarbage(bench: Workbench, notebook: Notebook, limit: Date): Promise<Collected> {
  const { layout, signal, progress } = bench;
  const globs = (await lastReference(notebook))?.globs ?? NO_GLOBS;
  const { state } = await readState(layout.repository, {
    ...{ globs, links: layout.links, signal, progress },
    cache: notebook.cache,
  });
  const retired = await readRetired(layout);
  const { kept, expired } = olderThan(retired, limit, state);
  const tracked = retired.filter(({ path }) => state.find(path) >= 0);
  try {
    const { deleted, left } = await deleteRetired(bench, expired);
    await writeDocument(bench, layout.retired, encodeRetired(kept));
    const bytes = deleted.reduce((sum, { size }) => sum + size, 0);
    const also = tracked.map(({ path }) => ({ path, reason: 'tracked' as const }));
    return { files: deleted.length, bytes, left: [...left, ...also], waiting: kept.length };
  } catch (error) {
    throw asIoError(error);
  }
}

/** What `status` tells. */
export interface Status {
  /** The commit that was not ended; then there is no state. */
  readonly interrupted: Journal | undefined;
  /** Which other process works on the copy now. */
  readonly holder: Holder | undefined;
  readonly state: Totals | undefined;
  readonly lastImport: Journal | undefined;
  /** Whether the last import passed its re-check. */
  readonly verified: boolean;
  /** Bytes that undo holds beside the files of the repository. */
  readonly undoBytes: number;
  readonly retired: { readonly files: number; readonly bytes: number };
  /** What was collected of updates that are not applied yet. */
  readonly staged: readonly Staged[];
  /** Of the last import or undo. */
  readonly receipt: Receipt | undefined;
}

/** Looks at a copy without changing anything. */
export async function readStatus(bench: Workbench, notebook: Notebook): Promise<Status> {
  const { layout, signal, progress } = bench;
  const lastImport = await readJournal(layout.lastImport);
  const holder = otherHolder(layout.repository);
  // In the order in which a commit goes through them: so it is not missed while it is renamed.
  const interrupted = (await readJournal(layout.journal)) ?? (await readJournal(layout.committed));
  const retired = await readRetired(layout);
  const receipt = lastReceipt(await readCopyLedger(notebook.stateDirectory));
  const survey =
    interrupted === undefined
      ? await readState(layout.repository, {
          globs: (await lastReference(notebook))?.globs ?? NO_GLOBS,
          cache: notebook.cache,
          ...{ links: layout.links, signal, progress },
        })
      : undefined;
  return {
    interrupted,
    holder,
    state: survey && totalsOf(survey.state),
    lastImport,
    verified: !isUnverified(layout),
    undoBytes: lastImport === undefined ? 0 : keptBytes(layout, lastImport),
    retired: { files: retired.length, bytes: retired.reduce((sum, { size }) => sum + size, 0) },
    staged: await listStaged(layout),
    receipt,
  };
}

function keptBytes(layout: Layout, { attempt }: Journal): number {
  return areasOf(layout).reduce((sum, { undo }) => sum + bytesIn(join(undo, attempt)), 0);
}

function bytesIn(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}
