import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Workbench } from './commit.js';
import { isInterrupted } from '../shared/interrupted.js';
import { isThere } from '../shared/is-there.js';
import { readIfThere } from '../shared/read-document.js';
import type { Disk } from './disk.js';
import { decodeJournal, type Journal } from './journal.js';
import { type Area, areasOf, type Layout } from './layout.js';
import { decodeRetired, type Retired } from './retired.js';

/**
 * Reads a journal, a commit record or the record of the last import.
 *
 * @returns `undefined` when it is not there
 * @throws CondaDiffError malformed or integrity, when it is damaged; io
 */
export async function readJournal(file: string): Promise<Journal | undefined> {
  return readIfThere(file, decodeJournal);
}

/** Whether the last import did not pass its re-check. */
export function isUnverified({ unverified }: Layout): boolean {
  return isThere(unverified);
}

/** Reads the list of retired files; an absent one is empty. */
export async function readRetired({ retired }: Layout): Promise<readonly Retired[]> {
  return (await readIfThere(retired, decodeRetired)) ?? [];
}

/**
 * Removes what no journal speaks of: a stage, trash, half-written files, undo directories other than the one of
 * `keep`. The caller holds the lock; others may be trying to take it.
 */
export async function clearOwnFiles({ disk, layout }: Workbench, keep: string | undefined): Promise<void> {
  for (const area of areasOf(layout)) if (isThere(area.own)) await clearArea(disk, area, keep);
}

async function clearArea(
  disk: Disk,
  { own, stage, trash, undo }: Area,
  keep: string | undefined,
): Promise<void> {
  await disk.removeTree(stage);
  await disk.removeTree(trash);
  for (const name of readdirSync(own)) {
    if (name.endsWith('.partial') && !name.startsWith('lock.')) await disk.remove(join(own, name));
  }
  if (!isThere(undo)) return;
  for (const attempt of readdirSync(undo)) {
    if (attempt !== keep) await disk.removeTree(join(undo, basename(attempt)));
  }
}

/** After a failure: clears what was staged and kept, unless a journal speaks of it; failing to is not an error. */
export async function clearAfterFailure(bench: Workbench): Promise<void> {
  if (isInterrupted(bench.layout.repository)) return;
  try {
    await clearOwnFiles(bench, (await readJournal(bench.layout.lastImport))?.attempt);
  } catch {
    // The next run clears it.
  }
}
