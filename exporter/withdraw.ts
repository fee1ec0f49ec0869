import { withLock } from '../shared/lock.js';
import { outcomeEvent } from './draft.js';
import { clearWithdrawn, settlePending } from './earlier-updates.js';
import type { Place } from './find-state.js';
import { requireSite, siteNames } from './sites.js';
import type { KnownUpdate, SiteView } from './site-view.js';
import { appendToLedger, openStore, siteOf } from './store.js';
import { findUpdate, updatesToWithdraw } from './withdrawal.js';

export interface WithdrawOptions extends Place {
  readonly stateDirectory: string;
  /** Its number, or the beginning of its id. */
  readonly update: string;
  readonly withLater: boolean;
  readonly note: (line: string) => void;
}

export interface WithdrawResult {
  readonly outcome: 'withdrawn' | 'already-withdrawn';
  /** The last first. */
  readonly updates: readonly KnownUpdate[];
  readonly after: SiteView;
}

/**
 * Takes an update back that will never be delivered. The ledger says so first, then the manifest goes, then the other
 * files: without a manifest there is no update.
 *
 * @throws CondaDiffError usage, when there is no such update, when it arrived, or when later ones build on it; locked; io
 */
export async function withdraw(options: WithdrawOptions): Promise<WithdrawResult> {
  const { repository, stateDirectory, site, note } = options;
  return withLock(repository, 'conda-diff-export withdraw', async () => {
    const store = await settlePending(await openStore(stateDirectory), note);
    requireSite(siteNames(store.log.events), site, repository);
    const view = siteOf(store, site);
    const update = findUpdate(options.update, view, options);
    if (update.withdrawn === true) return { outcome: 'already-withdrawn', updates: [update], after: view };
    const updates = updatesToWithdraw(view, update, options.withLater, options);
    const events = updates.map(({ id }) => outcomeEvent('withdrawn', { site, id }));
    const after = siteOf(await appendToLedger(store, events), site);
    for (const { planned } of updates) if (planned !== undefined) await clearWithdrawn(planned);
    return { outcome: 'withdrawn', updates, after };
  });
}
