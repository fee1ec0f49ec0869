import { type Diff, isEmptyDiff } from '../shared/diff.js';
import { type LineageEntry, pathBetween } from '../shared/lineage.js';
import { hasPartialBase, type Manifest } from '../shared/manifest.js';
import type { Reference } from '../shared/reference.js';
import type { Kind } from '../shared/rules.js';
import { EMPTY_STATE, type Entry, type State } from '../shared/state.js';
import { lastEvent } from './copy-history.js';
import type { CopyLedger } from './copy-ledger.js';
import { driftFrom, lackingFiles, sharesArtifacts } from './drift.js';
import type { UpdateName } from './journal.js';
import { supersededBy } from './order.js';

/** What a person may say beforehand to an update that would be refused. */
export interface Permissions {
  /** `--again`: it may lead back. */
  readonly again: boolean;
  /** `--accept-drift`: what was changed by hand may go. */
  readonly acceptDrift: boolean;
  /** `--site`: the site of this copy; by default that of its last import. */
  readonly site: string | undefined;
}

export const NO_PERMISSIONS: Permissions = { again: false, acceptDrift: false, site: undefined };

/** What decides whether and how an update fits (DESIGN section 6). */
export interface Facts extends Permissions {
  readonly manifest: Manifest;
  /** The base reference and the target, or `undefined` when it did not travel along: then only the base fits. */
  readonly known: { readonly base: Reference; readonly target: State } | undefined;
  readonly local: State;
  /** The digests that the copy has under the update's globs and under those of its last import. */
  readonly digests: readonly string[];
  readonly kindOf: (path: string) => Kind;
  /** What is on disk at a path that the local state does not track, if anything. */
  readonly untracked: (path: string) => Entry | undefined;
  readonly ledger: CopyLedger;
}

/** What was found; `applies` when the update may be applied all the same. */
export type Fit =
  | ({ readonly outcome: 'already-applied'; readonly applies: true } & Applied)
  | { readonly outcome: 'apply' | 'skip-ahead'; readonly applies: true }
  | { readonly outcome: 'superseded'; readonly applies: boolean; readonly later: UpdateName }
  | { readonly outcome: 'other-site'; readonly applies: false; readonly site: string }
  | { readonly outcome: 'foreign'; readonly applies: false }
  | ({ readonly outcome: 'behind' | 'empty'; readonly applies: false } & Missing)
  | ({ readonly outcome: 'drifted'; readonly applies: boolean } & Drifted);

export interface Applied {
  /** A later one stands, or it is of another site: nothing of it is to be noted. */
  readonly isOld: boolean;
  /** The site of this copy, when the update is of another one. */
  readonly ownSite?: string;
}

export interface Missing {
  /** The updates to import first, in order; `undefined` when none are known that lead there. */
  readonly missing: readonly LineageEntry[] | undefined;
}

export interface Drifted {
  /** What leads from the base to the local state; `undefined` without a base reference. */
  readonly drift: Diff | undefined;
  /** Files of the target that are neither here nor in the update. */
  readonly lacking: readonly string[];
}

/**
 * Decides whether an update can be applied. What it leads to is judged by content, in the order of the outcomes; an
 * update that is older than one that stands never leads anywhere, whatever the content, unless it was allowed.
 */
export function fitOf(facts: Facts): Fit {
  const { manifest, local, again } = facts;
  const later = supersededBy(manifest, facts.ledger);
  const site = otherSite(facts);
  if (local.digest === manifest.target.digest) {
    const isOld = later !== undefined || site !== undefined;
    return { outcome: 'already-applied', applies: true, isOld, ...(site !== undefined && { ownSite: site }) };
  }
  if (site !== undefined) return fitOfOtherSite(facts, site);
  if (later !== undefined && !again) return { outcome: 'superseded', applies: false, later };
  const fit = fitByContent(facts);
  if (later === undefined || (!fit.applies && fit.outcome !== 'behind')) return fit;
  return { outcome: 'superseded', applies: fit.applies, later };
}

/** The site of this copy, when the update is of another one. */
function otherSite({ manifest, ledger, site }: Facts): string | undefined {
  const own = site ?? lastEvent(ledger)?.update.site;
  return own === manifest.site ? undefined : own;
}

/** What such an update is short of does not matter, only that it is for another copy. */
function fitOfOtherSite(facts: Facts, site: string): Fit {
  const fit = fitByContent(facts);
  if (fit.outcome === 'foreign' || fit.outcome === 'empty') return fit;
  return { outcome: 'other-site', applies: false, site };
}

function fitByContent(facts: Facts): Fit {
  const { manifest, known, local, kindOf } = facts;
  if (known === undefined) return fitWithoutBase(facts);
  const { base, target } = known;
  const drift = driftFrom(base, target, local, manifest.globs, kindOf);
  if (isEmptyDiff(drift)) return { outcome: 'apply', applies: true };
  if (local.count === 0) return empty(facts);
  const lacking = lackingFiles(manifest, target, local, facts.untracked);
  if (isOfLineage(facts))
    return lacking.length === 0 ? { outcome: 'skip-ahead', applies: true } : behind(facts);
  if (!sharesHistory(facts) && !sharesArtifacts(local, base.state, manifest, kindOf))
    return { outcome: 'foreign', applies: false };
  return { outcome: 'drifted', applies: facts.acceptDrift && lacking.length === 0, drift, lacking };
}

/** Then only a copy in exactly the base state is sure to become the target. */
function fitWithoutBase(facts: Facts): Fit {
  const { manifest, local } = facts;
  if (!hasPartialBase(manifest) && local.digest === manifest.base.digest)
    return { outcome: 'apply', applies: true };
  if (local.count === 0) return empty(facts);
  if (isOfLineage(facts)) return behind(facts);
  return { outcome: 'drifted', applies: false, drift: undefined, lacking: [] };
}

function empty(facts: Facts): Fit {
  return { outcome: 'empty', applies: false, missing: wayFrom([EMPTY_STATE.digest], facts) };
}

function behind(facts: Facts): Fit {
  return { outcome: 'behind', applies: false, missing: wayFrom(facts.digests, facts) };
}

function wayFrom(digests: readonly string[], facts: Facts): readonly LineageEntry[] | undefined {
  const lineage = lineageOf(facts);
  const ways = digests.map((digest) => pathBetween(lineage, digest, facts.manifest.base.digest));
  return ways.find((way) => way !== undefined && way.length > 0);
}

/** Whether the local state is one that an update of the site led from or to. */
function isOfLineage(facts: Facts): boolean {
  return lineageOf(facts).some(({ base, target }) =>
    facts.digests.some((digest) => digest === base || digest === target),
  );
}

/** What update and copy know of the site's updates, together; an update is withdrawn when either says so. */
function lineageOf({ manifest, ledger }: Facts): LineageEntry[] {
  const heard = ledger.updates.filter(({ site }) => site === manifest.site);
  const withdrawn = new Set(
    [...manifest.lineage, ...heard].filter((one) => one.withdrawn).map(({ id }) => id),
  );
  const all = new Map([...heard, ...manifest.lineage].map((update) => [update.id, update]));
  return [...all.values()].map((update) =>
    withdrawn.has(update.id) ? { ...update, withdrawn: true as const } : update,
  );
}

function sharesHistory({ ledger, manifest }: Facts): boolean {
  const known = new Set(ledger.updates.map(({ id }) => id));
  return [manifest, ...manifest.lineage].some(({ id }) => known.has(id));
}
