import type { RepositoryParts } from '../shared/bounds.js';
import { timestamp } from '../shared/clock.js';
import { CondaDiffError } from '../shared/errors.js';
import type { Globs } from '../shared/globs.js';
import { HashCache } from '../shared/hash-cache.js';
import { withLock } from '../shared/lock.js';
import { lineageWithSelf, type Manifest } from '../shared/manifest.js';
import { readBase } from '../shared/read-base.js';
import type { Progress } from '../shared/progress.js';
import { readState, type Survey } from '../shared/read-state.js';
import { requireReadable } from '../shared/present-state.js';
import type { Receipt } from '../shared/receipt.js';
import { EMPTY_REFERENCE, type Reference, referenceOf } from '../shared/reference.js';
import { stateOf } from '../shared/state.js';
import type { Trust } from '../shared/trust.js';
import type { BaseEvent, InheritedEvent, LedgerEvent } from './ledger-events.js';
import { checkHistory } from './init-history.js';
import { readReceipt } from './read-receipt.js';
import { saveReference } from './references.js';
import { requireDistinct, siteFlag, siteNames } from './sites.js';
import { appendToLedger, openStore, siteOf } from './store.js';
import { shellWord } from '../shared/shell-word.js';

export interface InitOptions extends RepositoryParts {
  readonly stateDirectory: string;
  readonly site: string;
  /** Whether the site was named by the user. */
  readonly isNamed: boolean;
  readonly how: BaseEvent['how'];
  /** The reference or manifest, for `from`. */
  readonly from?: string;
  /** The receipt that goes with it. */
  readonly receipt?: string;
  /** Whose signatures the receipt must have; `undefined` where nothing is trusted. */
  readonly trust?: Trust | undefined;
  readonly globs: Partial<Globs>;
  readonly signal: AbortSignal;
  /** Told how far the work is; nobody by default. */
  readonly progress?: Progress;
}

export interface InitResult {
  readonly reference: Reference;
  /** Records of a Python reference without a sha256: their files will be shipped. */
  readonly unknown: number;
  /** How many updates of the site a manifest told of. */
  readonly inherited: number;
  /** The highest number that an update of the site is known to have had, 0 for none. */
  readonly sequence: number;
}

/**
 * Sets the first base of a site, once: what the other side has now.
 *
 * @throws CondaDiffError usage, when it was set before or does not fit the site; source when the repository cannot be
 *   read; io
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { repository, stateDirectory, site } = options;
  return withLock(repository, 'conda-diff-export init', async () => {
    const store = await openStore(stateDirectory);
    requireDistinct(siteNames(store.log.events), site);
    if (siteOf(store, site).assumed !== undefined) throw alreadySet(options);
    const first = await firstBase(options);
    const receipt =
      options.receipt === undefined ? undefined : await readReceipt(options.receipt, options.trust);
    checkHistory(options, first, receipt);
    for (const reference of [first.reference, ...(first.update === undefined ? [] : [first.update.base])])
      await saveReference(stateDirectory, reference);
    const events = firstEvents(options, first, receipt);
    const { sequence } = siteOf(await appendToLedger(store, events), site);
    return { reference: first.reference, unknown: first.unknown, inherited: events.length - 1, sequence };
  });
}

function alreadySet({ repository, site }: InitOptions): CondaDiffError {
  return new CondaDiffError('usage', `The first base of site '${site}' of ${repository} was set before`, {
    hint: [
      'To start the next update from another state:',
      `  conda-diff-export create ${shellWord(repository)}${siteFlag(site)} --base <reference.json>`,
      'To serve another copy, name it: --site <name>',
    ].join('\n'),
  });
}

/** The first base, and where it came from. */
export interface FirstBase {
  readonly reference: Reference;
  readonly unknown: number;
  /** The update that it is the target of. */
  readonly update?: { readonly manifest: Manifest; readonly base: Reference } | undefined;
}

/** The first events of a site: what a manifest of it tells of its history, then the base. */
function firstEvents(
  { site, how, globs }: InitOptions,
  { reference, update }: FirstBase,
  receipt: Receipt | undefined,
): LedgerEvent[] {
  const at = timestamp();
  const own = update?.manifest.site === site ? update.manifest : undefined;
  const base: BaseEvent = {
    event: 'base',
    ...{ site, digest: reference.state.digest, scope: reference.scope, how },
    sequence: Math.max(own?.sequence ?? 0, receipt?.update.sequence ?? 0),
    ...{ baseIgnore: reference.globs.ignore, baseInclude: reference.globs.include },
    ...{ ignore: reference.globs.ignore, include: reference.globs.include, ...globs },
    at,
  };
  return [...(own === undefined ? [] : inheritedFrom(own, at)), base];
}

/** A manifest knows the updates before it; with itself they are all that a lost ledger can be rebuilt from. */
function inheritedFrom(manifest: Manifest, at: string): InheritedEvent[] {
  const { site } = manifest;
  return lineageWithSelf(manifest).map((entry) => ({ event: 'inherited', site, ...entry, at }));
}

async function firstBase(options: InitOptions): Promise<FirstBase> {
  const { how, from, globs } = options;
  const given = { ignore: [], include: [], ...globs };
  if (how === 'empty') return { reference: { ...EMPTY_REFERENCE, globs: given }, unknown: 0 };
  const survey = await surveyFor(options, given);
  if (how === 'in-sync') return { reference: artifactsOf(survey, given), unknown: 0 };
  return readBase(
    from ?? '',
    survey.indexes.map(({ directory }) => directory),
  );
}

async function surveyFor(
  { repository, links, signal, progress }: InitOptions,
  globs: Globs,
): Promise<Survey> {
  const cache = await HashCache.open(repository);
  const survey = await readState(repository, { globs, cache, links, signal, progress });
  requireReadable(survey);
  await cache.save();
  return survey;
}

/** The artifacts of this side that are what their records say: what `--in-sync` claims of the other side. */
function artifactsOf({ state, kindOf, mismatched }: Survey, globs: Globs): Reference {
  const wrong = new Set(mismatched.map(({ path }) => path));
  const artifacts = [...state].filter(({ path }) => kindOf(path) === 'artifact' && !wrong.has(path));
  return referenceOf(stateOf(artifacts), globs, 'artifacts');
}
