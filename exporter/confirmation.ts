import { confirmationCode } from '../shared/confirmation-code.js';
import type { Receipt } from '../shared/receipt.js';
import type { ConfirmedEvent } from './ledger-events.js';
import { type KnownUpdate, type Receipts, type SiteView, statesOf } from './site-view.js';

/** What a receipt or code says: which update was imported or undone, and what is held now. */
export type Statement = Pick<ConfirmedEvent, 'id' | 'kind' | 'digest'>;

/** What a receipt or a code is, held against what is known of a site. */
export type Judgement =
  | { readonly outcome: 'confirmed'; readonly statement: Statement }
  /** A receipt is noted all the same: its counter makes older ones old. */
  | { readonly outcome: 'already-confirmed'; readonly statement: Statement; readonly isNoted: boolean }
  | { readonly outcome: 'old' }
  /** Of another repository, or of the site that is named. */
  | { readonly outcome: 'foreign'; readonly site: string | undefined }
  /** Of an update with a higher number than any that the ledger knows: the ledger is an older one. */
  | { readonly outcome: 'foreign'; readonly site?: never; readonly sequence: number; readonly last: number }
  /** Of an update of the site, with a state that was never seen here. */
  | { readonly outcome: 'unknown-state'; readonly update: KnownUpdate; readonly digest: string };

/** How many of the last updates are tried as undone; any state of the site can be the one before an import. */
const UNDONE_UPDATES = 50;

/** @param views of all sites of the repository */
export function judgeReceipt(
  receipt: Receipt,
  site: string,
  views: ReadonlyMap<string, SiteView>,
): Judgement {
  const { update, kind, state, counter } = receipt;
  const found = findUpdate(views.get(update.site), update.id);
  const own = views.get(site);
  if (found === undefined && update.site === site && own !== undefined && update.sequence > own.sequence)
    return { outcome: 'foreign', sequence: update.sequence, last: own.sequence };
  if (found === undefined || own === undefined || update.site !== site) {
    return { outcome: 'foreign', site: found === undefined ? undefined : update.site };
  }
  const statement = { id: update.id, kind, digest: state.digest };
  if (!isNew(receipt, own.receipts)) {
    const isSame = own.receipts?.series === receipt.series && own.confirmed?.event.counter === counter;
    const isLast = isSame && isLastStatement(own, statement);
    return isLast ? { outcome: 'already-confirmed', statement, isNoted: true } : { outcome: 'old' };
  }
  const isKnown =
    kind === 'import'
      ? found.target === state.digest
      : statesOf(own).some(({ digest }) => digest === state.digest);
  if (!isKnown) return { outcome: 'unknown-state', update: found, digest: state.digest };
  if (isLastStatement(own, statement)) return { outcome: 'already-confirmed', statement, isNoted: false };
  return { outcome: 'confirmed', statement };
}

/**
 * @param code as {@link confirmationCode} writes it
 * @param views of all sites of the repository
 */
export function judgeCode(code: string, site: string, views: ReadonlyMap<string, SiteView>): Judgement {
  const own = views.get(site);
  const found = own && statementOf(code, own);
  if (own === undefined || found === undefined) {
    const other = [...views].find(([name, view]) => name !== site && statementOf(code, view) !== undefined);
    return { outcome: 'foreign', site: other?.[0] };
  }
  const { update, ...statement } = found;
  if (isLastStatement(own, statement)) return { outcome: 'already-confirmed', statement, isNoted: true };
  const since = own.confirmed?.state.sequence ?? -1;
  if (update.sequence < since) return { outcome: 'old' };
  const isHeld = statement.kind === 'import' && update.sequence === since;
  return isHeld
    ? { outcome: 'already-confirmed', statement, isNoted: true }
    : { outcome: 'confirmed', statement };
}

/**
 * Whether a receipt is later than those that were confirmed: by its counter within a series. Of another series, which
 * a copy begins when it lost its ledger, by its date; one that was left never comes back.
 */
function isNew({ series, counter, at }: Receipt, heard: Receipts | undefined): boolean {
  if (heard === undefined) return true;
  if (series === heard.series) return counter > heard.counter;
  return !heard.ended.includes(series) && at >= heard.written;
}

function findUpdate(view: SiteView | undefined, id: string): KnownUpdate | undefined {
  return view?.updates.find((update) => update.id === id);
}

function isLastStatement({ confirmed }: SiteView, { id, kind, digest }: Statement): boolean {
  const event = confirmed?.event;
  return event?.id === id && event.kind === kind && event.digest === digest;
}

/** What a code says: it is derived from update and state, so those of the site are tried. */
function statementOf(code: string, view: SiteView): (Statement & { update: KnownUpdate }) | undefined {
  for (const update of view.updates) {
    const { id, target } = update;
    if (confirmationCode(id, target) === code) return { update, id, kind: 'import', digest: target };
  }
  const digests = new Set(statesOf(view).map(({ digest }) => digest));
  for (const update of view.updates.slice(-UNDONE_UPDATES)) {
    for (const digest of digests) {
      if (confirmationCode(update.id, digest) === code)
        return { update, id: update.id, kind: 'undo', digest };
    }
  }
  return undefined;
}
