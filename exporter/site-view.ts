import type { Globs } from '../shared/globs.js';
import type { LineageEntry } from '../shared/lineage.js';
import type { Scope } from '../shared/reference.js';
import { baseGlobsOf, type ConfirmedEvent, globsOf, type PlannedEvent } from './ledger-events.js';

/** A state that a site had, has or is to have. */
export interface KnownState {
  readonly digest: string;
  /** How much of it is known; `undefined` of what an earlier ledger knew. */
  readonly known: { readonly scope: Scope; readonly globs: Globs } | undefined;
  /**
   * Number of the update that led to it. Where none did, because a reference told of it, the number before the update
   * that starts from it; of a first base 0.
   */
  readonly sequence: number;
}

/** An update that was published. */
export interface KnownUpdate extends LineageEntry {
  /** How it was planned; an inherited update has none. */
  readonly planned?: PlannedEvent;
  /** Whether the site confirmed last that it was imported or that it was undone. */
  readonly confirmed?: ConfirmedEvent['kind'];
}

/** What a site said last of what it holds. */
export interface Confirmation {
  readonly state: KnownState;
  readonly event: ConfirmedEvent;
}

/** How far the receipts of a site have come. */
export interface Receipts {
  /** The series of the last one. */
  readonly series: string;
  /** The highest counter in it. */
  readonly counter: number;
  /** When the site wrote that one. */
  readonly written: string;
  /** Series before it: the copy lost its ledger, and began another. */
  readonly ended: readonly string[];
}

/** What the ledger tells of one site. */
export interface SiteView {
  readonly firstBase: KnownState | undefined;
  /** The globs that came with the first base. */
  readonly firstGlobs: Globs | undefined;
  /** The state that the site has when everything published arrived; `undefined` before `init`. */
  readonly assumed: KnownState | undefined;
  readonly confirmed: Confirmation | undefined;
  /** The receipts that were confirmed; `undefined` for none. */
  readonly receipts: Receipts | undefined;
  /** The highest sequence number that was ever used, 0 for none. */
  readonly sequence: number;
  /** All that were ever published, withdrawn and inherited ones too, oldest first. */
  readonly updates: readonly KnownUpdate[];
  /** Planned, neither published nor dropped: a run was interrupted. */
  readonly pending: PlannedEvent | undefined;
}

/** The state after an update. */
export function targetOf({ target, sequence, planned }: KnownUpdate): KnownState {
  const known = planned && { scope: 'all' as const, globs: globsOf(planned) };
  return { digest: target, known, sequence };
}

/** The state before an update. */
export function baseOf(view: SiteView, { base, sequence, planned }: KnownUpdate): KnownState {
  const known = planned && { scope: planned.baseScope, globs: baseGlobsOf(planned) };
  return { digest: base, known, sequence: ledTo(view, base, sequence)?.sequence ?? sequence - 1 };
}

/** The state before an update was imported, which need not be its base. */
export function heldBefore(view: SiteView, update: KnownUpdate, digest: string): KnownState {
  if (update.base === digest) return baseOf(view, update);
  const { sequence } = update;
  return ledTo(view, digest, sequence) ?? { digest, known: undefined, sequence: sequence - 1 };
}

/** A state that the latest update before another one led to, or the first base. */
export function ledTo(
  { updates, firstBase }: SiteView,
  digest: string,
  before: number,
): KnownState | undefined {
  const update = updates.findLast(({ sequence, target }) => sequence < before && target === digest);
  if (update !== undefined) return targetOf(update);
  return firstBase?.digest === digest ? firstBase : undefined;
}

/** Every state that the ledger tells of: the first base, and what updates lead from and to, oldest first. */
export function statesOf(view: SiteView): KnownState[] {
  const states = view.updates.flatMap((update) => [baseOf(view, update), targetOf(update)]);
  return view.firstBase === undefined ? states : [view.firstBase, ...states];
}
