import type { Globs } from '../shared/globs.js';
import type { LineageEntry } from '../shared/lineage.js';
import type { Scope } from '../shared/reference.js';

/**
 * What happened to the updates of a site, one event a line of the ledger; see schemas/ledger.schema.json. Times are
 * ISO 8601, UTC, whole seconds.
 */
export type LedgerEvent =
  BaseEvent | InheritedEvent | PlannedEvent | PublishedEvent | DroppedEvent | WithdrawnEvent | ConfirmedEvent;

/** The first base of a site was set. */
export type BaseEvent = {
  readonly event: 'base';
  readonly site: string;
  readonly digest: string;
  readonly scope: Scope;
  readonly how: 'empty' | 'in-sync' | 'from';
  /** Sequence number of the update that led to this base; 0 when none did. */
  readonly sequence: number;
  /** The globs under which its state is known. */
  readonly baseIgnore: readonly string[];
  readonly baseInclude: readonly string[];
  /** The globs that are in force for the first update. */
  readonly ignore: readonly string[];
  readonly include: readonly string[];
  readonly at: string;
};

/** An update that an earlier ledger of the site held; known from the manifest that the first base came from. */
export type InheritedEvent = Pick<LineageEntry, keyof LineageEntry> & {
  readonly event: 'inherited';
  readonly site: string;
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
  readonly baseIgnore: readonly string[];
  readonly baseInclude: readonly string[];
  readonly target: string;
  /** The globs of the update, and so of its target. */
  readonly ignore: readonly string[];
  readonly include: readonly string[];
  /** Absolute path of its manifest. */
  readonly manifest: string;
  /** Also the date in its manifest. */
  readonly at: string;
};

type OfUpdate<Name extends string> = {
  readonly event: Name;
  readonly site: string;
  readonly id: string;
  readonly at: string;
};

/** A planned update is complete. */
export type PublishedEvent = OfUpdate<'published'>;
/** A planned update was cleared away before it was complete. */
export type DroppedEvent = OfUpdate<'dropped'>;
/** An update was taken back after it was published. */
export type WithdrawnEvent = OfUpdate<'withdrawn'>;

/** The site said, by a receipt or a code, what it holds. */
export type ConfirmedEvent = {
  readonly event: 'confirmed';
  readonly site: string;
  /** The update that was imported or undone. */
  readonly id: string;
  readonly kind: 'import' | 'undo';
  /** The state that the site has now. */
  readonly digest: string;
  readonly by: 'receipt' | 'code';
  /** Of the receipt; a code has none of these four. */
  readonly series?: string;
  readonly counter?: number;
  readonly established?: 'claimed' | 'hashed';
  /** When the site wrote the receipt. */
  readonly written?: string;
  readonly at: string;
};

/** The globs of an event, without the rest of it. */
export function globsOf({ ignore, include }: Globs): Globs {
  return { ignore, include };
}

/** The globs under which the base that an event speaks of is known. */
export function baseGlobsOf({ baseIgnore, baseInclude }: BaseEvent | PlannedEvent): Globs {
  return { ignore: baseIgnore, include: baseInclude };
}
