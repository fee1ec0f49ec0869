import { confirmationCode } from '../shared/confirmation-code.js';
import type { LineageEntry } from '../shared/lineage.js';
import type { Receipt } from '../shared/receipt.js';
import type { CopyEvent, CopyLedger, KnownUpdate } from './copy-ledger.js';
import type { UpdateName } from './journal.js';

/** The event of a commit or of what was done by hand; it gets its counter when it is noted. */
export type NewEvent = Omit<CopyEvent, 'counter'>;

/**
 * Notes an event, and the lineage that came with its update. What was noted before is not noted again: the end of a
 * commit may be repeated.
 *
 * @param lineage all updates of the site that the update's manifest knew, itself among them
 * @param used the highest counter of a receipt that is on disk, for a ledger that was lost
 */
export function withEvent(
  ledger: CopyLedger,
  event: NewEvent,
  lineage: readonly LineageEntry[],
  used = 0,
): Noted {
  const known = ledger.events.find(({ attempt }) => attempt === event.attempt);
  if (known !== undefined) return { ledger, event: known };
  const counter = Math.max(used, lastEvent(ledger)?.counter ?? 0) + 1;
  const noted = { ...event, counter };
  const updates = withUpdates(ledger.updates, event.update.site, lineage);
  return { ledger: { events: [...ledger.events, noted], updates }, event: noted };
}

/** A ledger, and the event in question as it stands in it. */
export interface Noted {
  readonly ledger: CopyLedger;
  readonly event: CopyEvent;
}

/** The union: an update is withdrawn once any lineage said so. */
function withUpdates(
  known: readonly KnownUpdate[],
  site: string,
  lineage: readonly LineageEntry[],
): KnownUpdate[] {
  const all = new Map(known.map((update) => [update.id, update]));
  for (const { id, sequence, base, target, created, withdrawn } of lineage) {
    const isWithdrawn = withdrawn ?? all.get(id)?.withdrawn;
    const update = { site, id, sequence, base, target, created };
    all.set(id, isWithdrawn ? { ...update, withdrawn: true } : update);
  }
  return [...all.values()];
}

/** The event that led to the present state. */
export function lastEvent({ events }: CopyLedger): CopyEvent | undefined {
  return events.at(-1);
}

/**
 * The updates that were imported and not undone, in the order of their imports. An import with `--again` is a way
 * back: what was imported before it counts no longer, but for the lineage that it came with. An undo brings back
 * what counted before the import.
 */
export function standingOf({ events }: CopyLedger): readonly UpdateName[] {
  let before: readonly UpdateName[] = [];
  let standing: readonly UpdateName[] = [];
  let last: string | undefined;
  for (const { kind, update, again } of events) {
    const others = standing.filter(({ id }) => id !== update.id);
    if (kind === 'undo') {
      standing = last === update.id ? before : others;
      last = undefined;
      continue;
    }
    before = standing;
    standing = again ? [update] : [...others, update];
    last = update.id;
  }
  return standing;
}

/**
 * The receipt of an event. A ledger has a series of receipts of its own, named after its first event: a copy that lost
 * its ledger may count from 1 again, and yet no two of its receipts are alike.
 */
export function receiptOf({ events }: CopyLedger, event: CopyEvent): Receipt {
  const { counter, kind, update, state, established, at } = event;
  const series = events[0]?.attempt ?? event.attempt;
  const code = confirmationCode(update.id, state.digest);
  return { series, counter, kind, update, state, established, at, code };
}

/** The receipt of the event that led to the present state. */
export function lastReceipt(ledger: CopyLedger): Receipt | undefined {
  const last = lastEvent(ledger);
  return last && receiptOf(ledger, last);
}
