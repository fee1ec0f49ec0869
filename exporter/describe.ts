import { isEmptyDiff } from '../shared/diff.js';
import { dirname, join } from 'node:path';
import { formatBytes, formatCount } from '../shared/figures.js';
import type { ShippedFile } from '../shared/manifest.js';
import { shortDigest } from '../shared/state.js';
import type { Comparison } from './compare.js';
import type { ExportOutcome } from './export.js';
import { inFlight, lastUpdate } from './site-updates.js';
import { type KnownUpdate, type SiteView } from './site-view.js';
import type { PlannedEvent } from './ledger-events.js';
import { siteFlag } from './sites.js';
import { shellWord } from '../shared/shell-word.js';

/** The JSON document of `create`. */
export function describeOutcome(outcome: ExportOutcome): object {
  const { comparison } = outcome;
  const { survey, base, chosen, released } = comparison;
  const common = {
    command: 'create',
    outcome: outcome.outcome,
    base: {
      digest: base.state.digest,
      count: base.state.count,
      bytes: base.state.bytes,
      scope: base.scope,
      how: chosen.how,
    },
    target: { digest: survey.state.digest, count: survey.state.count, bytes: survey.state.bytes },
    released,
    missing: survey.missing,
    unindexed: survey.unindexed.length,
    external: survey.external.length,
  };
  if (outcome.outcome === 'no-difference') {
    return { ...common, lastUpdate: lastUpdate(outcome.site)?.id ?? null };
  }
  const update = outcome.outcome === 'published' ? outcome.manifest : outcome.draft;
  return {
    ...common,
    update: { id: update.id, site: update.site, sequence: update.sequence },
    files: update.files,
    removed: update.removed.map(({ path }) => path),
    ...(outcome.outcome === 'published'
      ? { volumes: outcome.manifest.volumes.length, outputs: describeOutputs(outcome) }
      : { volumes: outcome.volumes, outputs: null }),
  };
}

type Published = Extract<ExportOutcome, { readonly outcome: 'published' }>;

/** Paths of the files of an update. */
function describeOutputs({ names, manifest, signatures }: Published): {
  readonly volumes: string[];
  readonly manifest: string;
  readonly baseReference: string;
  readonly signatures: string[];
} {
  return {
    volumes: manifest.volumes.map(({ name }) => join(dirname(names.manifest), name)),
    manifest: names.manifest,
    baseReference: names.baseReference,
    signatures: signatures.map(({ file }) => file),
  };
}

function writtenLines(published: Published): string[] {
  const { volumes, manifest, baseReference, signatures } = describeOutputs(published);
  const [first, ...others] = [...volumes, manifest, baseReference, ...signatures];
  return [`Wrote: ${first ?? ''}`, ...others.map((file) => `       ${file}`)];
}

/** The lines that `create` prints. */
export function outcomeLines(outcome: ExportOutcome, repository: string): string[] {
  const { comparison } = outcome;
  const { survey, base, chosen } = comparison;
  const from = `${base.state.count === 0 ? 'empty' : shortDigest(base.state.digest)} (${chosen.how})`;
  if (outcome.outcome === 'no-difference') return noDifferenceLines(outcome, repository);
  const update = outcome.outcome === 'published' ? outcome.manifest : outcome.draft;
  const head =
    outcome.outcome === 'published'
      ? writtenLines(outcome)
      : ['Dry run: nothing was written', ...update.files.map(({ path }) => path)];
  return [
    ...head,
    `Update ${String(update.sequence)} carries ${carried(update.files)}`,
    `  from state ${from}`,
    `    to state ${shortDigest(survey.state.digest)} (${formatCount(survey.state.count, 'file')}, ${formatBytes(survey.state.bytes)})`,
    ...removalLines(update.removed.map(({ path }) => path)),
    ...globLines(comparison),
  ];
}

function carried(files: readonly ShippedFile[]): string {
  const replaced = files.filter(({ replaces }) => replaces !== undefined).length;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${formatCount(files.length, 'file')}, ${formatBytes(bytes)}: ${String(files.length - replaced)} added, ${String(replaced)} replaced`;
}

/** People who unpack with plain tar have to remove these by hand. */
function removalLines(removed: readonly string[]): string[] {
  if (removed.length === 0) return [];
  return [
    `The import removes ${formatCount(removed.length, 'file')}; with plain tar, remove by hand:`,
    ...removed.map((path) => `  ${path}`),
  ];
}

function globLines({ released, diff }: Comparison): string[] {
  return [
    ...(isEmptyDiff(diff)
      ? ['It carries no files: it tells the other side which globs are in force now']
      : []),
    ...(released.length > 0
      ? [`${formatCount(released.length, 'file')} released: no longer tracked, left alone on the other side`]
      : []),
  ];
}

function noDifferenceLines(
  { site, comparison }: Extract<ExportOutcome, { outcome: 'no-difference' }>,
  repository: string,
): string[] {
  const { chosen, survey } = comparison;
  const state = `No difference: the base, ${chosen.how}, is this state (${shortDigest(survey.state.digest)})`;
  const last = lastUpdate(site);
  if (last === undefined) return [state];
  const where = last.planned === undefined ? '' : `, ${last.planned.manifest}`;
  return [
    state,
    `The last update is ${String(last.sequence)}${where}; ${arrival(site, last)}`,
    ...(last.planned === undefined ? [] : [`To build it again: ${rebuild(last.planned, repository)}`]),
  ];
}

/** Whether an update arrived, as far as it is known. */
function arrival(site: SiteView, { id, confirmed }: KnownUpdate): string {
  if (confirmed === 'import') return 'it is confirmed';
  if (confirmed === 'undo') return 'it was undone on the other side';
  const isOpen = inFlight(site).some((update) => update.id === id);
  return isOpen ? 'that it arrived is not confirmed' : 'a later state is confirmed';
}

function rebuild({ base, site }: PlannedEvent, repository: string): string {
  return `conda-diff-export create ${shellWord(repository)}${siteFlag(site)} --base ${shortDigest(base)} -o again/`;
}
