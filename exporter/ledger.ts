import { lineageEntry } from '../shared/lineage.js';
import {
  baseGlobsOf,
  type BaseEvent,
  type ConfirmedEvent,
  globsOf,
  type LedgerEvent,
  type PlannedEvent,
} from './ledger-events.js';
import { baseOf, heldBefore, type KnownUpdate, type Receipts, type SiteView, targetOf } from './site-view.js';

const NOTHING: SiteView = {
  ...{
    firstBase: undefined,
    firstGlobs: undefined,
    assumed: undefined,
    confirmed: undefined,
    receipts: undefined,
    pending: undefined,
  },
  ...{ sequence: 0, updates: [] },
};

/** Replays the ledger for one site. */
export function viewSite(events: Iterable<LedgerEvent>, site: string): SiteView {
  let view = NOTHING;
  for (const event of events) if (event.site === site) view = next(view, event);
  return view;
}

/** What an event makes of a view; one that {@link eventProblem} refuses has no meaning. */
export function next(view: SiteView, event: LedgerEvent): SiteView {
  switch (event.event) {
    case 'base':
      return begin(view, event);
    case 'inherited':
      return {
        ...view,
        sequence: Math.max(view.sequence, event.sequence),
        updates: [...view.updates, lineageEntry(event)],
      };
    case 'planned':
      return { ...view, sequence: Math.max(view.sequence, event.sequence), pending: event };
    case 'published':
      return view.pending === undefined ? view : publish(view, view.pending);
    case 'dropped':
      return { ...view, pending: undefined };
    case 'withdrawn':
      return withdraw(view, event.id);
    case 'confirmed':
      return confirm(view, event);
  }
}

function begin(view: SiteView, event: BaseEvent): SiteView {
  const { digest, scope, sequence } = event;
  const firstBase = { digest, known: { scope, globs: baseGlobsOf(event) }, sequence };
  return {
    ...{ ...view, firstBase, firstGlobs: globsOf(event), assumed: firstBase },
    sequence: Math.max(view.sequence, sequence),
  };
}

function publish(view: SiteView, planned: PlannedEvent): SiteView {
  const { id, sequence, base, target, at } = planned;
  const update = { id, sequence, base, target, created: at, planned };
  return { ...view, pending: undefined, updates: [...view.updates, update], assumed: targetOf(update) };
}

/**
 * A withdrawn update never was: where the assumed state came from it, that is its base again, or what the site
 * confirmed after that.
 */
function withdraw(view: SiteView, id: string): SiteView {
  const update = view.updates.find((one) => one.id === id);
  if (update === undefined) return view;
  const updates = changed(view.updates, { ...update, withdrawn: true });
  const { assumed, confirmed } = view;
  if (assumed?.digest !== update.target || assumed.sequence !== update.sequence) return { ...view, updates };
  const base = baseOf(view, update);
  const isNewer = confirmed !== undefined && confirmed.state.sequence > base.sequence;
  return { ...view, updates, assumed: isNewer ? confirmed.state : base };
}

/**
 * What a site holds is no matter of assuming: what was published before it counts as arrived. What was published
 * after it is still assumed to arrive, unless the site went back.
 */
function confirm(view: SiteView, event: ConfirmedEvent): SiteView {
  const found = view.updates.find(({ id }) => id === event.id);
  if (found === undefined) return view;
  const state = event.kind === 'import' ? targetOf(found) : heldBefore(view, found, event.digest);
  const wentBack = event.kind === 'undo' || state.sequence < (view.confirmed?.state.sequence ?? 0);
  const isBehind = state.sequence > (view.assumed?.sequence ?? 0);
  return {
    ...view,
    confirmed: { state, event },
    receipts: receiptsAfter(view.receipts, event),
    assumed: wentBack || isBehind ? state : view.assumed,
    updates: changed(view.updates, {
      ...(event.kind === 'import' ? arrived(found) : found),
      confirmed: event.kind,
    }),
  };
}

function receiptsAfter(
  heard: Receipts | undefined,
  { series, counter, written }: ConfirmedEvent,
): Receipts | undefined {
  if (series === undefined || counter === undefined || written === undefined) return heard;
  if (heard === undefined) return { series, counter, written, ended: [] };
  if (series !== heard.series) return { series, counter, written, ended: [...heard.ended, heard.series] };
  return counter > heard.counter ? { ...heard, counter, written } : heard;
}

/** An update that was withdrawn, and that the site had all the same, is not withdrawn. */
function arrived({ id, sequence, base, target, created, planned }: KnownUpdate): KnownUpdate {
  const update = { id, sequence, base, target, created };
  return planned === undefined ? update : { ...update, planned };
}

function changed(updates: readonly KnownUpdate[], update: KnownUpdate): KnownUpdate[] {
  return updates.map((one) => (one.id === update.id ? update : one));
}
