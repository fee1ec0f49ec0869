import type { RepositoryParts } from '../shared/bounds.js';
import type { HashCache } from '../shared/hash-cache.js';
import { diffStates } from '../shared/diff.js';
import { type Globs, NO_GLOBS } from '../shared/globs.js';
import { requireReadable } from '../shared/present-state.js';
import type { Progress } from '../shared/progress.js';
import { readState, type Survey } from '../shared/read-state.js';
import { underGlobs } from '../shared/release.js';
import { loadReference } from './references.js';
import { globsInForce } from './site-updates.js';
import type { KnownState, SiteView } from './site-view.js';

/** How far the mirror has moved on from a state: what an update from there would do. */
export interface Moved {
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  /** Of the files that it would carry. */
  readonly bytes: number;
}

/** One site, and the mirror held against what it has; `undefined` where there is no such state or no reference of it. */
export interface SiteStatus {
  readonly site: string;
  readonly view: SiteView;
  readonly sinceAssumed: Moved | undefined;
  readonly sinceConfirmed: Moved | undefined;
}

/** A repository and what is remembered of it. */
export interface StatusPlace extends RepositoryParts {
  readonly stateDirectory: string;
  readonly signal: AbortSignal;
  /** Told how far the work is; nobody by default. */
  readonly progress?: Progress | undefined;
}

/**
 * Holds the mirror against the assumed and the confirmed state of each site. Writes nothing; does not judge whether the
 * mirror is fit to be exported.
 *
 * @throws CondaDiffError source, when an index cannot be read; integrity or malformed, when a reference is damaged; io
 */
export async function statusOf(
  views: readonly (readonly [site: string, view: SiteView])[],
  place: StatusPlace,
  cache: HashCache,
): Promise<SiteStatus[]> {
  const { repository, links, signal, progress } = place;
  const surveys = new Map<string, Survey>();
  const surveyUnder = async (globs: Globs): Promise<Survey> => {
    const key = JSON.stringify([globs.ignore, globs.include]);
    const survey =
      surveys.get(key) ?? (await readState(repository, { globs, cache, links, signal, progress }));
    requireReadable(survey);
    surveys.set(key, survey);
    return survey;
  };
  const found: SiteStatus[] = [];
  for (const [site, view] of views) {
    const globs = globsInForce(view) ?? NO_GLOBS;
    const since = async (state: KnownState | undefined): Promise<Moved | undefined> =>
      state && movedFrom(state, await surveyUnder(globs), globs, place.stateDirectory);
    const sinceAssumed = await since(view.assumed);
    found.push({ site, view, sinceAssumed, sinceConfirmed: await since(view.confirmed?.state) });
  }
  return found;
}

async function movedFrom(
  state: KnownState,
  survey: Survey,
  globs: Globs,
  stateDirectory: string,
): Promise<Moved | undefined> {
  const reference = await loadReference(stateDirectory, state);
  if (reference === undefined) return undefined;
  const { added, replaced, removed } = diffStates(underGlobs(reference, globs).reference.state, survey.state);
  const carried = [...added, ...replaced.map(({ after }) => after)];
  return {
    ...{ added: added.length, replaced: replaced.length, removed: removed.length },
    bytes: carried.reduce((sum, { size }) => sum + size, 0),
  };
}
