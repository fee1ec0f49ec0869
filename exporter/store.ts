import { mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeFileAtomically, type Written } from '../shared/atomic-file.js';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { appendEvents, type EventLog, readEventLog } from '../shared/event-log.js';
import { readReference } from '../shared/read-document.js';
import { EMPTY_REFERENCE, encodeReference, type Reference } from '../shared/reference.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { documentValidator } from '../shared/schema.js';
import { EMPTY_STATE } from '../shared/state.js';
import { type LedgerEvent, type SiteView, viewSite } from './ledger.js';

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
 * @throws CondaDiffError integrity or malformed when the ledger is damaged; io
 */
export async function openStore(directory: string): Promise<Store> {
  const file = ledgerFile(directory);
  if (!existsSync(file)) return { directory, log: { events: [], torn: false, check: '', bytes: 0 } };
  return {
    directory,
    log: await readEventLog(file, await documentValidator<LedgerEvent>('ledger', 'integrity')),
  };
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

function referenceFile(directory: string, digest: string): string {
  return join(directory, 'references', `${digest}.json.gz`);
}

/** Keeps a reference, by the digest of its state. */
export async function saveReference(directory: string, reference: Reference): Promise<void> {
  await makeDirectory(join(directory, 'references'));
  await writeReferenceGz(referenceFile(directory, reference.state.digest), reference);
}

/** Writes a gzip-compressed reference atomically; the same reference gives the same bytes. */
export async function writeReferenceGz(file: string, reference: Reference): Promise<Written> {
  return writeFileAtomically(file, gzipped(reference));
}

/** One gzip member per chunk: RFC 1952 allows it, and it needs no second buffer. */
function* gzipped(reference: Reference): Generator<Buffer> {
  for (const chunk of encodeReference(reference)) yield gzipSync(chunk);
}

/**
 * Reads a kept reference.
 *
 * @throws CondaDiffError usage, with the way out, when it is not kept any more; malformed or integrity
 */
export async function loadReference(directory: string, digest: string): Promise<Reference> {
  const file = referenceFile(directory, digest);
  if (existsSync(file)) return readReference(file);
  if (digest === EMPTY_STATE.digest) return EMPTY_REFERENCE;
  throw new CondaDiffError('usage', `The reference ${file} is not there any more`, {
    hint: 'Give the reference of the other side as the base: conda-diff-export create <repository> --base <reference.json>',
  });
}

async function makeDirectory(directory: string): Promise<void> {
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
