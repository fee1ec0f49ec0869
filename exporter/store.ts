import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asIoError } from '../shared/errors.js';
import { appendEvents, damagedLog, type EventLog, readEventLog } from '../shared/event-log.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { documentValidator } from '../shared/schema.js';
import { viewSite } from './ledger.js';
import { type SiteView } from './site-view.js';
import type { LedgerEvent } from './ledger-events.js';
import { ledgerProblem } from './ledger-problems.js';

/** What the exporter remembers: its ledger and the references that later updates start from. */
export interface Store {
  readonly directory: string;
  readonly log: EventLog<LedgerEvent>;
}

/** @returns where ledger and references are: `--state-dir`, else `.conda-diff` in the repository */
export function stateDirectory(repository: string, option: string | undefined): string {
  return option ?? join(repository, STATE_DIRECTORY);
}

/**
 * Reads the ledger; a state directory that is not there is empty.
 *
 * @throws CondaDiffError integrity, naming the line, when the ledger is damaged; io
 */
export async function openStore(directory: string): Promise<Store> {
  const file = ledgerFile(directory);
  const log = await readEventLog(file, await documentValidator<LedgerEvent>('ledger', 'integrity'));
  const found = ledgerProblem(log.events);
  if (found !== undefined) throw damagedLog(file, found.at + 1, found.problem);
  return { directory, log };
}

function ledgerFile(directory: string): string {
  return join(directory, 'ledger.jsonl');
}

/** What the ledger says of a site. */
export function siteOf(store: Store, site: string): SiteView {
  return viewSite(store.log.events, site);
}

/** Appends events durably and returns the store with them. */
export async function appendToLedger(store: Store, events: readonly LedgerEvent[]): Promise<Store> {
  await makeDirectory(store.directory);
  return { ...store, log: await appendEvents(ledgerFile(store.directory), store.log, events) };
}

/** Makes a directory of ours, for its owner alone. */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asIoError(error, `Cannot create ${directory}`);
  }
}

/** Removes a file that need not be there. */
export async function removeFile(file: string): Promise<void> {
  try {
    await rm(file, { force: true });
  } catch (error) {
    throw asIoError(error, `Cannot remove ${file}`);
  }
}
