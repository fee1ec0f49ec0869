import { CondaDiffError } from '../shared/errors.js';
import { shortDigest } from '../shared/state.js';
import { type KnownState, type SiteView, statesOf, targetOf } from './site-view.js';
import { siteFlag } from './sites.js';
import { shellWord } from '../shared/shell-word.js';

/** The site that a state is looked up for, as messages name it. */
export interface Place {
  readonly repository: string;
  readonly site: string;
}

/**
 * The state that a digest or the beginning of one names: of the site, of another site, or one that is kept.
 *
 * @param kept digests of the references that are kept
 * @throws CondaDiffError usage, when there is none or several
 */
export function stateOfDigest(
  begin: string,
  own: SiteView,
  others: readonly SiteView[],
  kept: Iterable<string>,
  place: Place,
): KnownState {
  const found = new Map<string, KnownState>();
  for (const digest of kept) found.set(digest, { digest, known: undefined, sequence: 0 });
  for (const state of [...others, own].flatMap(statesOf)) found.set(state.digest, state);
  const [state, ...more] = [...found.values()].filter(({ digest }) => digest.startsWith(begin));
  if (state === undefined) throw unknownState(begin, place);
  if (more.length === 0) return state;
  throw new CondaDiffError('usage', `Several states have a digest that begins with ${begin}`, {
    details: [state, ...more].map(({ digest }) => digest),
    hint: 'Give more digits',
  });
}

function unknownState(digest: string, { repository, site }: Place): CondaDiffError {
  return new CondaDiffError('usage', `No state of ${repository} with the digest ${digest} is known here`, {
    hint: [
      `conda-diff-export log ${shellWord(repository)}${siteFlag(site)} lists those that are. If it is the state of a copy, have its reference carried over:`,
      '  there: conda-diff-import reference <repository> -o reference.json',
      `  here:  conda-diff-export create ${shellWord(repository)}${siteFlag(site)} --base reference.json`,
      `(a file of this name is ./${digest})`,
    ].join('\n'),
  });
}

/**
 * The state after an update of the site.
 *
 * @throws CondaDiffError usage, with the updates that there are
 */
export function stateOfSequence(sequence: number, own: SiteView, { repository, site }: Place): KnownState {
  const update = own.updates.find((one) => one.sequence === sequence);
  if (update !== undefined) return targetOf(update);
  const numbers = own.updates.map((one) => String(one.sequence));
  throw new CondaDiffError('usage', `Site '${site}' of ${repository} has no update ${String(sequence)}`, {
    details: numbers.length === 0 ? ['it has none'] : [`it has ${numbers.join(', ')}`],
    hint: `conda-diff-export log ${shellWord(repository)}${siteFlag(site)} lists them (a file of this name is ./${String(sequence)})`,
  });
}

/**
 * The state that the site confirmed last.
 *
 * @throws CondaDiffError usage, with the states that it may have, newest first, when it confirmed none
 */
export function confirmedState(own: SiteView, { repository, site }: Place): KnownState {
  if (own.confirmed !== undefined) return own.confirmed.state;
  const command = `conda-diff-export create ${shellWord(repository)}${siteFlag(site)} --base <digest>`;
  throw new CondaDiffError('usage', `Site '${site}' of ${repository} has not confirmed what it has`, {
    details: candidates(own),
    hint: [
      'Confirm it with the receipt or the code that the import printed:',
      `  conda-diff-export confirm ${shellWord(repository)} <receipt.json or code>${siteFlag(site)}`,
      `or choose one of these: ${command}`,
    ].join('\n'),
  });
}

function candidates({ firstBase, updates }: SiteView): string[] {
  const standing = updates.filter(({ withdrawn }) => withdrawn !== true).reverse();
  return [
    ...standing.map(
      ({ sequence, target, created }) =>
        `${shortDigest(target)}: the state after update ${String(sequence)} of ${created}`,
    ),
    ...(firstBase === undefined ? [] : [`${shortDigest(firstBase.digest)}: the first base`]),
  ];
}
