import type { Manifest } from '../shared/manifest.js';
import { standingOf } from './copy-history.js';
import type { CopyLedger } from './copy-ledger.js';
import type { UpdateName } from './journal.js';

/** What the order of an update among others depends on. */
export type Dated = Pick<Manifest, 'id' | 'site' | 'sequence' | 'created' | 'lineage'>;

/**
 * The last import that still stands and was made after the update: with it, applying the update would lead back.
 *
 * That the exporter knew an import when it made the update settles that the update is the later one. Else, of two
 * imports, their order here; of two that came in one lineage, their numbers; of updates that nothing connects (an
 * exporter's ledger was begun anew), their dates.
 */
export function supersededBy(update: Dated, ledger: CopyLedger): UpdateName | undefined {
  const standing = standingOf(ledger);
  const place = standing.findIndex(({ id }) => id === update.id);
  const known = new Set(update.lineage.map(({ id }) => id));
  return standing.findLast((other, n) => {
    if (other.id === update.id || known.has(other.id)) return false;
    return place >= 0 ? place < n : isBefore(update, other, ledger);
  });
}

function isBefore(update: Dated, other: UpdateName, { updates }: CopyLedger): boolean {
  const sameNumber = updates.filter(
    ({ site, sequence }) => site === update.site && sequence === update.sequence,
  );
  const isHeardOf = sameNumber.length === 1 && sameNumber[0]?.id === update.id;
  if (isHeardOf && other.site === update.site) return update.sequence < other.sequence;
  const date = updates.find(({ id }) => id === other.id)?.created ?? '';
  return update.created < date;
}
