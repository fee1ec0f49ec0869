import type { Globs } from '../shared/globs.js';
import { type LineageEntry, lineageEntry } from '../shared/lineage.js';
import { globsOf } from './ledger-events.js';
import { type KnownUpdate, ledTo, type SiteView } from './site-view.js';

/** What the manifest of the next update tells of those before it. */
export function lineageOf({ updates }: SiteView): LineageEntry[] {
  return updates.map(lineageEntry);
}

/** The globs that are in force: those of the last update that stands, or of the first base. */
export function globsInForce({ updates, firstGlobs }: SiteView): Globs | undefined {
  const last = updates.findLast(({ withdrawn, planned }) => withdrawn !== true && planned !== undefined);
  return last?.planned === undefined ? firstGlobs : globsOf(last.planned);
}

/** The last update that stands. */
export function lastUpdate({ updates }: SiteView): KnownUpdate | undefined {
  return updates.findLast(({ withdrawn }) => withdrawn !== true);
}

/** Updates that may still arrive: published after the confirmed state, neither withdrawn nor undone. */
export function inFlight({ updates, confirmed, firstBase }: SiteView): KnownUpdate[] {
  const since = confirmed?.state.sequence ?? firstBase?.sequence ?? 0;
  return updates.filter(
    (one) => one.sequence > since && one.withdrawn !== true && one.confirmed === undefined,
  );
}

/** The updates that build on another one, directly or over others, oldest first; withdrawn ones do not count. */
export function laterOnes(view: SiteView, update: KnownUpdate): KnownUpdate[] {
  const chain = new Set([update.sequence]);
  return view.updates.filter(({ withdrawn, base, sequence }) => {
    const before = ledTo(view, base, sequence);
    if (withdrawn === true || before === undefined || !chain.has(before.sequence)) return false;
    chain.add(sequence);
    return true;
  });
}
