import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asIoError } from '../shared/errors.js';
import type { Workbench } from './commit.js';
import { decodeJournal, type Journal } from './journal.js';
import type { Layout } from './layout.js';
import { decodeRetired, type Retired } from './retired.js';

/**
 * Reads a journal, a commit record or the record of the last import.
 *
 * @returns `undefined` when it is not there
 * @throws CondaDiffError malformed or integrity, when it is damaged; io
 */
export async function readJournal(file: string): Promise<Journal | undefined> {
  const bytes = readIfThere(file);
  return bytes && decodeJournal([bytes], file);
}

/** Reads the list of retired files; an absent one is empty. */
export async function readRetired({ retired }: Layout): Promise<readonly Retired[]> {
  const bytes = readIfThere(retired);
  return bytes === undefined ? [] : decodeRetired([bytes], retired);
}

function readIfThere(file: string): Buffer | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw asIoError(error, `Cannot read ${file}`);
  }
}

/** Removes what no journal speaks of: a stage, trash, undo directories other than the one of `keep`. */
export async function clearOwnFiles({ disk, layout }: Workbench, keep: string | undefined): Promise<void> {
  await disk.removeTree(layout.stage);
  await disk.removeTree(layout.trash);
  if (!existsSync(layout.undo)) return;
  for (const attempt of readdirSync(layout.undo)) {
    if (attempt !== keep) await disk.removeTree(join(layout.undo, basename(attempt)));
  }
}
