import { viewSite } from './ledger.js';
import { baseOf, type SiteView, targetOf } from './site-view.js';
import type { LedgerEvent } from './ledger-events.js';
import { siteNames } from './sites.js';

/** How many of a site's last updates keep their states, whatever was confirmed. */
export const LAST_UPDATES = 10;

/**
 * The digests of the states whose references some site needs.
 *
 * @param last of how many last updates of each site they are kept
 */
export function neededReferences(events: readonly LedgerEvent[], last = LAST_UPDATES): Set<string> {
  return new Set(siteNames(events).flatMap((name) => [...neededBy(viewSite(events, name), last)]));
}

/**
 * The digests of the states that updates of a site may have to start from: the confirmed one and all after it, the
 * assumed one, and those of the last updates.
 */
function neededBy(view: SiteView, last: number): Set<string> {
  const { updates, assumed, confirmed, firstBase, pending } = view;
  const after = confirmed?.state.sequence ?? Infinity;
  const kept = updates.filter(({ sequence }, i) => sequence > after || i >= updates.length - last);
  const begins = updates.length < last ? firstBase : undefined;
  const states = [
    assumed,
    confirmed?.state,
    begins,
    ...kept.flatMap((one) => [baseOf(view, one), targetOf(one)]),
  ];
  const digests = states.flatMap((state) => (state === undefined ? [] : [state.digest]));
  return new Set(pending === undefined ? digests : [...digests, pending.base, pending.target]);
}
