import { parseBase } from '../shared/base-option.js';
import type { RepositoryParts } from '../shared/bounds.js';
import { type Diff, diffStates, isEmptyDiff } from '../shared/diff.js';
import { type Globs, sameGlobs } from '../shared/globs.js';
import type { HashCache } from '../shared/hash-cache.js';
import type { Progress } from '../shared/progress.js';
import { readState, type Survey } from '../shared/read-state.js';
import type { Reference } from '../shared/reference.js';
import { underGlobs } from '../shared/release.js';
import { indexDirectoriesOf, walk } from '../shared/walk.js';
import { chooseBase, type ChosenBase } from './base.js';
import { type SourcePolicy, sourceFaults, throwFaults } from './check-source.js';
import { variantFaults } from './check-variants.js';
import { viewSite } from './ledger.js';
import { globsInForce } from './site-updates.js';
import type { LedgerEvent } from './ledger-events.js';

/** The part of a run's options that decides what an update would carry. */
export interface CompareOptions extends RepositoryParts {
  readonly stateDirectory: string;
  readonly site: string;
  /** As `--base`. */
  readonly base: string;
  /** As `--ignore` and `--include`; where one is not given, the site's stand. */
  readonly globs: Partial<Globs>;
  readonly policy: SourcePolicy;
  readonly signal: AbortSignal;
  /** Told how far the work is; nobody by default. */
  readonly progress?: Progress;
}

/** A repository against the base of its next update. */
export interface Comparison {
  readonly survey: Survey;
  readonly chosen: ChosenBase;
  /** The base as far as the globs of the update track it. */
  readonly base: Reference;
  /** The globs of the update. */
  readonly globs: Globs;
  readonly released: readonly string[];
  readonly diff: Diff;
  /** Whether there is nothing to tell the other side: neither files nor globs differ. */
  readonly isSame: boolean;
}

/**
 * Reads the repository and holds it against the base of the next update.
 *
 * @param events the ledger
 * @param copyTo directory to capture the metadata in; without it nothing is written
 * @throws CondaDiffError source or integrity, with everything that makes the repository unfit
 */
export async function compare(
  options: CompareOptions,
  events: readonly LedgerEvent[],
  cache: HashCache,
  copyTo?: string,
): Promise<Comparison> {
  const { chosen, globs, survey } = await readBoth(options, events, cache, copyTo);
  const { reference: base, released } = underGlobs(chosen.reference, globs);
  const diff = diffStates(base.state, survey.state);
  const changed = [...diff.added, ...diff.replaced.map(({ after }) => after), ...diff.removed].map(
    ({ path }) => path,
  );
  throwFaults([
    ...sourceFaults(survey, base.state, diff, options.policy),
    ...(await variantFaults(survey, globs, changed)),
  ]);
  const keepsGlobs = parseBase(options.base).kind === 'empty' || sameGlobs(chosen.reference.globs, globs);
  return { survey, chosen, base, globs, released, diff, isSame: isEmptyDiff(diff) && keepsGlobs };
}

/**
 * The base and the repository: at the same time where the globs are known without the base, and nothing is captured that
 * would have to be cleared away for a base which is none.
 */
async function readBoth(
  options: CompareOptions,
  events: readonly LedgerEvent[],
  cache: HashCache,
  copyTo: string | undefined,
): Promise<Pick<Comparison, 'chosen' | 'globs' | 'survey'>> {
  const { repository, links, stateDirectory, site } = options;
  const { stop, signal, release } = following(options.signal);
  const read = (globs: Globs): Promise<Survey> =>
    readState(repository, {
      ...{ globs, cache, signal, links },
      ...(copyTo !== undefined && { copyTo }),
      ...(options.progress && { progress: options.progress }),
    });
  const own = globsInForce(viewSite(events, site));
  const known = own && { ...own, ...options.globs };
  const early = copyTo === undefined && known !== undefined ? read(known) : undefined;
  early?.catch(() => undefined); // the base is judged first
  try {
    const place = { repository, stateDirectory, site, events };
    const chosen = await chooseBase(options.base, place, async () =>
      indexDirectoriesOf(await walk(repository, { links, signal })),
    );
    const globs = known ?? { ...chosen.reference.globs, ...options.globs };
    return { chosen, globs, survey: await (early ?? read(globs)) };
  } catch (error) {
    stop();
    await Promise.allSettled([early]);
    throw error;
  } finally {
    release();
  }
}

/** A signal that can be aborted by itself, and is when another one is. (`AbortSignal.any` came with Node 20.3.) */
function following(other: AbortSignal): { stop: () => void; signal: AbortSignal; release: () => void } {
  const own = new AbortController();
  const stop = (): void => {
    own.abort(other.reason);
  };
  if (other.aborted) stop();
  other.addEventListener('abort', stop, { once: true });
  const release = (): void => {
    other.removeEventListener('abort', stop);
  };
  return { stop, signal: own.signal, release };
}
