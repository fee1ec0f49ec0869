import { CondaDiffError } from '../shared/errors.js';
import { type Chunks, encodeLineDocument } from '../shared/line-document.js';
import { LineDocumentDecoder } from '../shared/line-document-decoder.js';
import { type LineageEntry, lineageEntry } from '../shared/lineage.js';
import { updateId } from '../shared/manifest.js';
import { checkFormat, type Totals } from '../shared/reference.js';
import type { Receipt } from '../shared/receipt.js';
import { entryValidator, headerValidator } from '../shared/schema.js';
import type { UpdateName } from './journal.js';

/** An import or an undo that was completed; a receipt follows from each. */
export interface CopyEvent {
  readonly kind: 'import' | 'undo';
  /** Of its journal: no event is noted twice. */
  readonly attempt: string;
  /** The update that was imported or undone. */
  readonly update: UpdateName;
  /** State digest before. */
  readonly from: string;
  /** The state after. */
  readonly state: Totals;
  /** Whether it was imported although a later one had been (`--again`). */
  readonly again: boolean;
  /** Of its receipt; counts from 1. */
  readonly counter: number;
  readonly established: Receipt['established'];
  /** ISO 8601, UTC, whole seconds. */
  readonly at: string;
}

/** An update that the copy imported or heard of. */
export interface KnownUpdate extends LineageEntry {
  readonly site: string;
}

/** What a copy remembers: what was done, oldest first, and every update that the lineages of these imports named. */
export interface CopyLedger {
  readonly events: readonly CopyEvent[];
  readonly updates: readonly KnownUpdate[];
}

export const EMPTY_LEDGER: CopyLedger = { events: [], updates: [] };

const SECTIONS = ['events', 'updates'] as const;

/** The bytes of `copy-ledger.json`. */
export function encodeCopyLedger({ events, updates }: CopyLedger): Generator<Buffer> {
  return encodeLineDocument({ format: 'conda-diff-copy-ledger', version: 1 }, [
    { name: 'events', entries: events.map(eventLine) },
    { name: 'updates', entries: updates.map(updateLine) },
  ]);
}

function eventLine(event: CopyEvent): Readonly<Record<string, unknown>> {
  const { kind, attempt, update, from, state, again, counter, established, at } = event;
  const { id, site, sequence } = update;
  const { digest, count, bytes } = state;
  return {
    ...{ kind, attempt, update: { id, site, sequence }, from, state: { digest, count, bytes } },
    ...{ again, counter, established, at },
  };
}

function updateLine(update: KnownUpdate): Readonly<Record<string, unknown>> {
  return { site: update.site, ...lineageEntry(update) };
}

/**
 * @param name the file, for messages
 * @throws CondaDiffError malformed or integrity
 */
export async function decodeCopyLedger(chunks: Chunks, name: string): Promise<CopyLedger> {
  const checkHeader = await headerValidator('copy-ledger', SECTIONS);
  const checkEvent = await entryValidator<CopyEvent>('copy-ledger', 'events');
  const checkUpdate = await entryValidator<KnownUpdate>('copy-ledger', 'updates');
  const events: CopyEvent[] = [];
  const updates: KnownUpdate[] = [];
  const decoder = new LineDocumentDecoder(name, SECTIONS, {
    header: (value) => {
      checkFormat(value, name, 'conda-diff-copy-ledger');
      checkHeader(value, name);
    },
    entry: (section, value) => {
      if (section === 'events') events.push(checkEvent(value, name));
      else updates.push(checkUpdate(value, name));
    },
  });
  for await (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  const details = [...ledgerProblems({ events, updates })].slice(0, 20);
  if (details.length === 0) return { events, updates };
  throw new CondaDiffError('malformed', `${name} is not the ledger of a copy`, { details });
}

function* ledgerProblems({ events, updates }: CopyLedger): Generator<string> {
  const known = new Map<string, KnownUpdate>();
  for (const update of updates) {
    const id = updateId(update.site, update.sequence, update.base, update.target);
    if (update.id !== id) yield `update ${update.id}: expected id ${id}`;
    if (known.has(update.id)) yield `update ${update.id} stands twice`;
    known.set(update.id, update);
  }
  const attempts = new Set<string>();
  let counter = 0;
  for (const { attempt, update, counter: own } of events) {
    const named = known.get(update.id);
    if (named?.site !== update.site || named.sequence !== update.sequence)
      yield `event ${String(own)}: update ${update.id} is not among the updates`;
    if (attempts.has(attempt)) yield `event ${String(own)}: attempt ${attempt} stands twice`;
    if (own <= counter) yield `event ${String(own)} must not stand after event ${String(counter)}`;
    attempts.add(attempt);
    counter = own;
  }
}
