import type { RepositoryParts } from '../shared/bounds.js';
import { type Diff, diffStates } from '../shared/diff.js';
import { sameGlobs } from '../shared/globs.js';
import type { HashCache } from '../shared/hash-cache.js';
import type { Progress } from '../shared/progress.js';
import { readState } from '../shared/read-state.js';
import type { Reference } from '../shared/reference.js';
import { type Facts, type Fit, fitOf } from './fit.js';
import { lastReference } from './last-reference.js';
import { unfit } from './refuse.js';

/** Where an update is to be applied. */
export interface DecisionPlace extends RepositoryParts {
  readonly stateDirectory: string;
  /** As it was given on the command line. */
  readonly update: string;
  readonly signal: AbortSignal;
  /** Told how far the work is; nobody by default. */
  readonly progress?: Progress;
}

/** A fit of which the update may be applied. */
export type Accepted = Extract<Fit, { applies: true } | { applies: boolean }> & { readonly applies: true };

/**
 * Decides whether an update may be applied. Before it is refused, the state that the last import left is looked at:
 * other globs may hide that the copy is in a known state, and less may have changed since then than since the base.
 *
 * @throws CondaDiffError fit; malformed or integrity, when the reference of the last import is damaged; io
 */
export async function decide(facts: Facts, place: DecisionPlace, cache: HashCache): Promise<Accepted> {
  const first = fitOf(facts);
  if (isAccepted(first)) return first;
  const last = await lastReference(place);
  if (last === undefined || sameGlobs(last.globs, facts.manifest.globs))
    throw unfit(first, facts, { ...place, sinceImport: changesSince(last, first, facts) });
  const { globs } = last;
  const { repository, links, signal, progress } = place;
  const { state } = await readState(repository, { globs, cache, links, signal, progress });
  const wiser = { ...facts, digests: [...facts.digests, state.digest] };
  const second = fitOf(wiser);
  if (isAccepted(second)) return second;
  throw unfit(second, wiser, { ...place, sinceImport: undefined });
}

function isAccepted(fit: Fit): fit is Accepted {
  return fit.applies;
}

/** What was changed since the last import, where it is something and less than what leads from the base. */
function changesSince(last: Reference | undefined, fit: Fit, { local }: Facts): Diff | undefined {
  if (last === undefined || fit.outcome !== 'drifted' || fit.drift === undefined) return undefined;
  const diff = diffStates(last.state, local);
  const size = sizeOf(diff);
  return size > 0 && size < sizeOf(fit.drift) ? diff : undefined;
}

function sizeOf({ added, replaced, removed }: Diff): number {
  return added.length + replaced.length + removed.length;
}
