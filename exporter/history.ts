import { shortDigest } from '../shared/state.js';
import type { LedgerEvent, PlannedEvent } from './ledger-events.js';

/** One line of `log`; digests are those of states. */
export interface HistoryEntry {
  readonly at: string;
  readonly site: string;
  readonly what: Exclude<LedgerEvent['event'], 'planned'> | 'pending';
  /** Number of the update. */
  readonly sequence: number | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly kind: 'import' | 'undo' | null;
}

/** What happened to the updates of a ledger, in order: a plan and its end are one entry, at the time of the end. */
export function historyOf(events: readonly LedgerEvent[]): HistoryEntry[] {
  const updates = new Map<string, Pick<PlannedEvent, 'sequence' | 'base' | 'target'>>();
  const pending = new Map<string, PlannedEvent>();
  const entries: HistoryEntry[] = [];
  for (const event of events) {
    const { at, site } = event;
    const entry = { at, site, sequence: null, from: null, to: null, kind: null };
    if (event.event === 'base') {
      entries.push({ ...entry, what: 'base', to: event.digest });
      continue;
    }
    if (event.event === 'planned') {
      updates.set(event.id, event);
      pending.set(event.id, event);
      continue;
    }
    if (event.event === 'inherited') updates.set(event.id, event);
    pending.delete(event.id);
    const { sequence = null, base = null, target = null } = updates.get(event.id) ?? {};
    const known = { ...entry, what: event.event, sequence, from: base, to: target };
    entries.push(
      event.event === 'confirmed' ? { ...known, from: null, to: event.digest, kind: event.kind } : known,
    );
  }
  for (const { at, site, sequence, base, target } of pending.values())
    entries.push({ at, site, what: 'pending', sequence, from: base, to: target, kind: null });
  return entries;
}

/** The line that `log` prints. */
export function historyLine({ at, site, what, sequence, from, to, kind }: HistoryEntry): string {
  const state = to === null ? '' : shortDigest(to);
  const number = String(sequence);
  const way = `from state ${from === null ? '' : shortDigest(from)} to ${state}`;
  const text = {
    base: `first base: state ${state}`,
    inherited: `update ${number} ${way}, of an earlier ledger`,
    published: `update ${number} ${way}`,
    pending: `update ${number} ${way}: its writing was interrupted, or goes on`,
    dropped: `update ${number} was not completed`,
    withdrawn: `update ${number} was withdrawn`,
    confirmed: `confirmed: update ${number} was ${kind === 'undo' ? 'undone' : 'imported'}, state ${state}`,
  }[what];
  return `${at}  ${site}  ${text}`;
}
