import type {
  BaseEvent,
  ConfirmedEvent,
  InheritedEvent,
  LedgerEvent,
  PlannedEvent,
} from '../../exporter/ledger-events.js';
import { updateId } from '../../shared/manifest.js';
import { hashOf } from './arbitrary.js';

export const AT = '2024-01-02T03:04:05Z';
export const SITE = 'default';
/** Of receipts. */
export const SERIES = '0123456789abcdef';

/**
 * Events of a ledger in which a state is named by a letter, `''` being the empty one, and an update by its number and
 * the states that it leads from and to.
 */
export interface Step {
  readonly sequence: number;
  readonly from: string;
  readonly to: string;
  readonly site?: string;
}

export const step = (sequence: number, from: string, to: string, site = SITE): Step => ({
  ...{ sequence, from, to, site },
});

export function idOf({ sequence, from, to, site = SITE }: Step): string {
  return updateId(site, sequence, hashOf(from), hashOf(to));
}

export function base(state: string, changes: Partial<BaseEvent> = {}): BaseEvent {
  return {
    ...{ event: 'base', site: SITE, digest: hashOf(state), scope: 'all', how: 'empty', sequence: 0 },
    ...{ baseIgnore: [], baseInclude: [], ignore: [], include: [], at: AT },
    ...changes,
  };
}

export function planned(update: Step, changes: Partial<PlannedEvent> = {}): PlannedEvent {
  const { sequence, from, to, site = SITE } = update;
  return {
    ...{ event: 'planned', site, id: idOf(update), sequence, base: hashOf(from), baseScope: 'all' },
    ...{ baseIgnore: [], baseInclude: [], target: hashOf(to), ignore: [], include: [] },
    ...{ manifest: `/out/${String(sequence)}.manifest.json`, at: AT },
    ...changes,
  };
}

export function outcome(event: 'published' | 'dropped' | 'withdrawn', update: Step): LedgerEvent {
  return { event, site: update.site ?? SITE, id: idOf(update), at: AT };
}

export function published(update: Step, changes: Partial<PlannedEvent> = {}): LedgerEvent[] {
  return [planned(update, changes), outcome('published', update)];
}

export function inherited(update: Step, withdrawn?: true): InheritedEvent {
  const { sequence, from, to, site = SITE } = update;
  return {
    ...{ event: 'inherited', site, id: idOf(update), sequence, base: hashOf(from), target: hashOf(to) },
    ...{ created: '2023-01-02T03:04:05Z', ...(withdrawn && { withdrawn }), at: AT },
  };
}

/** The site imported an update, or undid it and is then in a state. */
export function confirmed(
  update: Step,
  undoneTo?: string,
  receipt: Pick<ConfirmedEvent, 'series' | 'counter' | 'established' | 'written'> = {},
): ConfirmedEvent {
  return {
    ...{ event: 'confirmed', site: update.site ?? SITE, id: idOf(update) },
    ...{ kind: undoneTo === undefined ? 'import' : 'undo', digest: hashOf(undoneTo ?? update.to) },
    ...{ by: receipt.counter === undefined ? 'code' : 'receipt', ...receipt, at: AT },
  };
}
