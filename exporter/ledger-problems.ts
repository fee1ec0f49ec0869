import { updateId } from '../shared/manifest.js';
import { next, viewSite } from './ledger.js';
import { type SiteView, statesOf } from './site-view.js';
import type { ConfirmedEvent, InheritedEvent, LedgerEvent, PlannedEvent } from './ledger-events.js';

/**
 * Finds the first event that no exporter writes where it stands: a ledger whose lines are whole can still have been put
 * together by hand, or from two.
 *
 * @returns its place in the ledger, from 0, and what is wrong
 */
export function ledgerProblem(events: readonly LedgerEvent[]): { at: number; problem: string } | undefined {
  const views = new Map<string, SiteView>();
  for (const [at, event] of events.entries()) {
    const view = views.get(event.site) ?? viewSite([], event.site);
    const problem = eventProblem(view, event);
    if (problem !== undefined) return { at, problem };
    views.set(event.site, next(view, event));
  }
  return undefined;
}

/** Why an event cannot follow on those before it. */
function eventProblem(view: SiteView, event: LedgerEvent): string | undefined {
  switch (event.event) {
    case 'base':
      return hasBegun(view) ? 'the first base is set twice' : undefined;
    case 'inherited':
      if (hasBegun(view)) return 'history is inherited after the first base';
      return numberProblem(event, view.updates.at(-1)?.sequence ?? 0);
    case 'planned':
      if (view.pending !== undefined) return `update ${String(view.pending.sequence)} has not ended`;
      return numberProblem(event, view.sequence);
    case 'published':
    case 'dropped':
      return view.pending?.id === event.id ? undefined : `no update ${event.id} is planned`;
    case 'withdrawn':
      return withdrawalProblem(view, event.id);
    case 'confirmed':
      return confirmationProblem(view, event);
  }
}

function hasBegun({ firstBase, updates }: SiteView): boolean {
  return firstBase !== undefined || updates.some(({ planned }) => planned !== undefined);
}

function numberProblem(event: InheritedEvent | PlannedEvent, last: number): string | undefined {
  const { site, id, sequence, base, target } = event;
  if (sequence <= last) return `update ${String(sequence)} stands after update ${String(last)}`;
  const expected = updateId(site, sequence, base, target);
  return id === expected ? undefined : `id: expected ${expected}, found ${id}`;
}

function withdrawalProblem({ updates }: SiteView, id: string): string | undefined {
  const update = updates.find((one) => one.id === id);
  if (update === undefined) return `there is no update ${id}`;
  return update.withdrawn === true ? `update ${String(update.sequence)} is withdrawn twice` : undefined;
}

function confirmationProblem(view: SiteView, { id, kind, digest }: ConfirmedEvent): string | undefined {
  const update = view.updates.find((one) => one.id === id);
  if (update === undefined) return `there is no update ${id}`;
  if (kind === 'import') return update.target === digest ? undefined : `it does not lead to ${digest}`;
  return statesOf(view).some((state) => state.digest === digest) ? undefined : `there is no state ${digest}`;
}
