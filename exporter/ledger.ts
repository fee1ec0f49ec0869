import type { Globs } from '../shared/globs.js';
import type { LineageEntry } from '../shared/lineage.js';
import type { Scope } from '../shared/reference.js';

/** What happened to the updates of a site, one event a line of the ledger; see schemas/ledger.schema.json. */
export type LedgerEvent = BaseEvent | PlannedEvent | OutcomeEvent | InheritedEvent;

/** The first base of a site was set. */
export type BaseEvent = {
  readonly event: 'base';
  readonly site: string;
  readonly digest: string;
  readonly scope: Scope;
  readonly how: 'empty' | 'in-sync' | 'from';
  /** Sequence number of the update that led to this base; 0 when none did. */
  readonly sequence: number;
  readonly ignore: readonly string[];
  readonly include: readonly string[];
  readonly at: string;
};

/** An update is about to be written. */
export type PlannedEvent = {
  readonly event: 'planned';
  readonly site: string;
  readonly id: string;
  readonly sequence: number;
  readonly base: string;
  readonly baseScope: Scope;
  readonly target: string;
  readonly ignore: readonly string[];
  readonly include: readonly string[];
  /** Absolute path of its manifest. */
  readonly manifest: string;
  /** Also the date in its manifest. */
  readonly at: string;
};

/** A planned update was published, was dropped before it was complete, or was withdrawn after it was published. */
export type OutcomeEvent = {
  readonly event: 'published' | 'dropped' | 'withdrawn';
  readonly site: string;
  readonly id: string;
  readonly at: string;
};

/** An update that an earlier ledger of the site held; known from the manifest that the first base came from. */
export type InheritedEvent = Pick<LineageEntry, keyof LineageEntry> & {
  readonly event: 'inherited';
  readonly site: string;
  readonly at: string;
};

/** A state that a site is assumed to have. */
export interface KnownState {
  readonly digest: string;
  readonly scope: Scope;
}

/** What the ledger tells of one site. */
export interface SiteView {
  /** The state of the last update published, or the first base; `undefined` before `init`. */
  readonly assumed: KnownState | undefined;
  /** The globs of its last update or first base. */
  readonly globs: Globs | undefined;
  /** The globs of its first base. */
  readonly firstGlobs: Globs | undefined;
  /** The highest sequence number that was ever used, 0 for none. */
  readonly sequence: number;
  /** Published and not withdrawn, oldest first. */
  readonly updates: readonly PlannedEvent[];
  /** All that were ever published, withdrawn and inherited ones too, oldest first. */
  readonly lineage: readonly LineageEntry[];
  /** Planned, neither published nor dropped: a run was interrupted. */
  readonly pending: PlannedEvent | undefined;
}

/** Replays the ledger for one site. */
export function viewSite(events: Iterable<LedgerEvent>, site: string): SiteView {
  let view: SiteView = {
    ...{ assumed: undefined, globs: undefined, firstGlobs: undefined },
    ...{ sequence: 0, updates: [], lineage: [], pending: undefined },
  };
  for (const event of events) if (event.site === site) view = next(view, event);
  return view;
}

function next(view: SiteView, event: LedgerEvent): SiteView {
  switch (event.event) {
    case 'base':
      return {
        ...view,
        assumed: { digest: event.digest, scope: event.scope },
        globs: globsOf(event),
        firstGlobs: globsOf(event),
        sequence: Math.max(view.sequence, event.sequence),
      };
    case 'planned':
      return { ...view, sequence: Math.max(view.sequence, event.sequence), pending: event };
    case 'published':
      if (view.pending?.id !== event.id) return view;
      return {
        ...view,
        globs: globsOf(view.pending),
        updates: [...view.updates, view.pending],
        lineage: [...view.lineage, lineageOf(view.pending)],
        assumed: { digest: view.pending.target, scope: 'all' },
        pending: undefined,
      };
    case 'dropped':
      return view.pending?.id === event.id ? { ...view, pending: undefined } : view;
    case 'withdrawn':
      return withdraw(view, event.id);
    case 'inherited':
      return {
        ...view,
        sequence: Math.max(view.sequence, event.sequence),
        lineage: [...view.lineage, inheritedEntry(event)],
      };
  }
}

function lineageOf({ id, sequence, base, target, at }: PlannedEvent): LineageEntry {
  return { id, sequence, base, target, created: at };
}

function inheritedEntry({ id, sequence, base, target, created, withdrawn }: InheritedEvent): LineageEntry {
  const entry = { id, sequence, base, target, created };
  return withdrawn === undefined ? entry : { ...entry, withdrawn };
}

function globsOf({ ignore, include }: Globs): Globs {
  return { ignore, include };
}

/** A withdrawn update never was: where it was the last one, the assumed state is its base again. */
function withdraw(view: SiteView, id: string): SiteView {
  const last = view.updates.at(-1);
  const updates = view.updates.filter((update) => update.id !== id);
  const lineage = view.lineage.map((entry) =>
    entry.id === id ? { ...entry, withdrawn: true as const } : entry,
  );
  if (last?.id !== id) return { ...view, updates, lineage };
  const before = updates.at(-1);
  return {
    ...{ ...view, updates, lineage, assumed: { digest: last.base, scope: last.baseScope } },
    globs: before === undefined ? view.firstGlobs : globsOf(before),
  };
}
