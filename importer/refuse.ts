import type { Diff } from '../shared/diff.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatCount } from '../shared/figures.js';
import type { LineageEntry } from '../shared/lineage.js';
import { shortDigest } from '../shared/state.js';
import { lastEvent } from './copy-history.js';
import type { Drifted, Facts, Fit } from './fit.js';
import { byReference, onlineCommand } from './online-command.js';
import { shellWord } from '../shared/shell-word.js';

/** The place of a refusal, as its messages name it. */
export interface RefusalPlace {
  readonly repository: string;
  /** As it was given on the command line. */
  readonly update: string;
  /** What was changed since the last import, where that is known and less than what leads from the base. */
  readonly sinceImport: Diff | undefined;
}

/** What a refusal says. */
interface Refusal {
  readonly message: string;
  readonly details?: readonly string[];
  /** Lines; the last is the command to type on the online side. */
  readonly hint: readonly string[];
}

/**
 * The error for an update that does not fit: what the copy has, what the update needs, and what to type on the
 * online side.
 */
export function unfit(fit: Fit, facts: Facts, place: RefusalPlace): CondaDiffError {
  const { message, details = [], hint } = refusalOf(fit, facts, place);
  return new CondaDiffError('fit', message, {
    outcome: fit.outcome,
    details: [...stateLines(fit, facts, place), ...details],
    hint: hint.join('\n'),
  });
}

function stateLines(
  { outcome }: Fit,
  { manifest, local, ledger }: Facts,
  { repository }: RefusalPlace,
): string[] {
  const site = lastEvent(ledger)?.update.site ?? manifest.site;
  return [
    `the update leads from ${shortDigest(manifest.base.digest)} to ${shortDigest(manifest.target.digest)}`,
    `${repository} is in ${shortDigest(local.digest)} (${formatCount(local.count, 'file')}; ${local.digest})`,
    ...(site === manifest.site || outcome === 'other-site'
      ? []
      : [`${repository} is the copy of site '${site}' so far`]),
  ];
}

function refusalOf(fit: Fit, facts: Facts, place: RefusalPlace): Refusal {
  const { repository } = place;
  const name = `Update ${String(facts.manifest.sequence)} of site '${facts.manifest.site}'`;
  switch (fit.outcome) {
    case 'superseded':
      return superseded(name, fit.later.sequence, facts, place);
    case 'behind':
      return {
        message: `${name} does not fit yet: ${repository} is in an earlier state than its base`,
        details: missingLines(fit.missing),
        hint: missingHint(fit.missing, online(facts, knownDigest(facts))),
      };
    case 'other-site':
      return otherSite(name, fit.site, facts, place);
    case 'empty':
      return {
        message: `${name} needs a copy that has the base; ${repository} has nothing`,
        details: missingLines(fit.missing),
        hint: [
          'Check the path of the copy. For a new copy, make an update that starts from nothing on the online side:',
          online(facts, 'empty'),
        ],
      };
    case 'drifted':
      return drifted(name, fit, facts, place);
    default:
      return {
        message: `${name} is of another repository: it shares no artifact with ${repository}`,
        hint: [
          'Check that repository and update belong together; if they shall, make an update that starts from nothing:',
          online(facts, 'empty'),
        ],
      };
  }
}

/** The command for the online side. */
function online(facts: Facts, base: string): string {
  return `  ${onlineCommand(ownSite(facts), base)}`;
}

/** The site of this copy, else that of the update. */
function ownSite({ manifest, site, ledger }: Facts): string {
  return site ?? lastEvent(ledger)?.update.site ?? manifest.site;
}

/** The digest under which the exporter may know the state of the copy. */
function knownDigest({ digests, local }: Facts): string {
  return digests.at(-1) ?? local.digest;
}

function superseded(name: string, later: number, facts: Facts, place: RefusalPlace): Refusal {
  const { repository, update } = place;
  const isBack = lastEvent(facts.ledger)?.state.digest !== facts.local.digest;
  const ways = [
    'Nothing needs to be done. To go back on purpose:',
    `  conda-diff-import undo ${shellWord(repository)}    takes the last import back`,
    `  conda-diff-import apply ${shellWord(update)} ${shellWord(repository)} --again`,
  ];
  return {
    message: `${name} is older than update ${String(later)}, which was imported into ${repository} before`,
    details: [
      ...(isBack ? [`${repository} is not in the state that its last import or undo left`] : []),
      ...(facts.again
        ? ['from here it cannot lead to its target: files of that are neither here nor in it']
        : []),
    ],
    hint: [
      ...(facts.again ? [] : ways),
      'For an update that starts from what is here, on the online side:',
      online(facts, knownDigest(facts)),
    ],
  };
}

function missingLines(missing: readonly LineageEntry[] | undefined): string[] {
  if (missing === undefined) return ['no updates are known that lead from here to its base'];
  return missing.map(
    ({ sequence, id, created }) => `needs update ${String(sequence)} (${id}) of ${created} first`,
  );
}

function missingHint(missing: readonly LineageEntry[] | undefined, command: string): string[] {
  const first = missing?.map(({ sequence }) => String(sequence)).join(', then ');
  const what = first === undefined ? 'Make' : `Import update ${first} first; or make`;
  return [`${what} one update that starts from what is here, on the online side:`, command];
}

function otherSite(name: string, site: string, facts: Facts, place: RefusalPlace): Refusal {
  const { repository, update } = place;
  const { manifest } = facts;
  return {
    message: `${name} is not for this copy: ${repository} is the copy of site '${site}'`,
    hint: [
      `If it shall be the copy of site '${manifest.site}' from now on:`,
      `  conda-diff-import apply ${shellWord(update)} ${shellWord(repository)} --site ${manifest.site}`,
      'Else make the update of its own site on the online side:',
      online(facts, knownDigest(facts)),
    ],
  };
}

function drifted(name: string, fit: Drifted, facts: Facts, place: RefusalPlace): Refusal {
  const { repository, update, sinceImport } = place;
  const { drift, lacking } = fit;
  const isKept = drift !== undefined && lacking.length === 0;
  const acceptable = [
    'To apply it all the same, keeping what it overwrites or drops for undo:',
    `  conda-diff-import apply ${shellWord(update)} ${shellWord(repository)} --accept-drift`,
  ];
  return {
    message: `${name} does not fit: ${repository} is in another state than its base`,
    details: [
      ...driftLines(drift, sinceImport),
      ...lacking.map((path) => `${path}: in the target, neither here nor in the update`),
    ],
    hint: [...(isKept ? acceptable : []), ...byReference(repository, ownSite(facts))],
  };
}

function driftLines(drift: Diff | undefined, sinceImport: Diff | undefined): string[] {
  if (drift === undefined)
    return ['the base reference did not travel along, so only a copy in exactly the base state is accepted'];
  const [diff, where] =
    sinceImport === undefined ? [drift, 'the base'] : [sinceImport, 'the state that the last import left'];
  return [
    ...diff.added.map(({ path }) => `${path}: here, not in ${where}`),
    ...diff.replaced.map(
      ({ after, before }) => `${after.path}: expected sha256 ${before.sha256}, found sha256 ${after.sha256}`,
    ),
    ...diff.removed.map(({ path }) => `${path}: in ${where}, not here`),
  ];
}
