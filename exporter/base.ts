import { parseBase } from '../shared/base-option.js';
import { CondaDiffError } from '../shared/errors.js';
import { readBase } from '../shared/read-base.js';
import { EMPTY_REFERENCE, type Reference } from '../shared/reference.js';
import { shortDigest } from '../shared/state.js';
import { confirmedState, type Place, stateOfDigest, stateOfSequence } from './find-state.js';
import { viewSite } from './ledger.js';
import { type KnownState, type SiteView } from './site-view.js';
import type { LedgerEvent } from './ledger-events.js';
import { keptStates, loadReference, notKept } from './references.js';
import { siteNames, waysToBegin } from './sites.js';
import { shellWord } from '../shared/shell-word.js';

/** The state that an update starts from, and how it came to be chosen. */
export interface ChosenBase {
  readonly reference: Reference;
  /** For people: `assumed delivered, not confirmed`, `confirmed`, `empty`, `the state after update 5`, or the file. */
  readonly how: string;
}

/** What a base is chosen for. */
export interface BasePlace extends Place {
  readonly stateDirectory: string;
  readonly events: readonly LedgerEvent[];
}

/**
 * Finds the base of the next update.
 *
 * @param option `--base`, see {@link parseBase}; a sequence number stands for the state after that update of the site,
 *   `assumed` for the one that the site has once all updates arrived, `confirmed` for the one that it confirmed last
 * @param indexDirectories those of the repository, for a reference of the Python tool
 * @throws CondaDiffError usage, with the commands to type, when there is no such state or its reference is not kept;
 *   integrity, malformed or io, when it cannot be read
 */
export async function chooseBase(
  option: string,
  place: BasePlace,
  indexDirectories: () => Promise<readonly string[]>,
): Promise<ChosenBase> {
  const base = parseBase(option);
  const own = viewSite(place.events, place.site);
  switch (base.kind) {
    case 'empty':
      return { reference: EMPTY_REFERENCE, how: 'empty' };
    case 'file':
      return {
        reference: (await readBase(base.file, await indexDirectories())).reference,
        how: `from ${base.file}`,
      };
    case 'assumed':
      if (own.assumed === undefined) throw await noBase(place);
      return kept(place, own.assumed, howAssumed(own));
    case 'confirmed':
      return kept(place, confirmedState(own, place), 'confirmed');
    case 'sequence': {
      const state = stateOfSequence(base.sequence, own, place);
      return kept(place, state, `the state after update ${String(base.sequence)}`);
    }
    case 'digest': {
      const others = siteNames(place.events).filter((name) => name !== place.site);
      const views = others.map((name) => viewSite(place.events, name));
      const state = stateOfDigest(base.digest, own, views, await keptStates(place.stateDirectory), place);
      return kept(place, state, `the state ${shortDigest(state.digest)}`);
    }
  }
}

async function kept(
  { stateDirectory, repository, site }: BasePlace,
  state: KnownState,
  how: string,
): Promise<ChosenBase> {
  const reference = await loadReference(stateDirectory, state);
  if (reference === undefined) throw notKept({ repository, site }, state.digest);
  return { reference, how };
}

/** Whether the assumed state is more than assumed. */
export function howAssumed(own: SiteView): string {
  const { assumed, confirmed, firstBase } = own;
  if (confirmed?.state.digest === assumed?.digest) return 'confirmed';
  const isFirst = assumed?.digest === firstBase?.digest && assumed?.sequence === firstBase?.sequence;
  return isFirst ? 'as it was set with init' : 'assumed delivered, not confirmed';
}

async function noBase({ repository, site, stateDirectory }: BasePlace): Promise<CondaDiffError> {
  const isLost = (await keptStates(stateDirectory)).size > 0;
  const lost = [
    `There are references in ${stateDirectory} and no ledger. If it was lost, begin with the last manifest:`,
    `  conda-diff-export init ${shellWord(repository)} --from <last manifest>`,
    'If it was not, say what the other side has, with one of',
  ];
  return new CondaDiffError('usage', `It is not known what the other side of ${repository} has`, {
    hint: [...(isLost ? lost : ['Say it once, with one of']), ...waysToBegin(repository, site)].join('\n'),
  });
}
