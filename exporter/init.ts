import { timestamp } from '../shared/clock.js';
import { CondaDiffError } from '../shared/errors.js';
import type { Globs } from '../shared/globs.js';
import { HashCache } from '../shared/hash-cache.js';
import { withLock } from '../shared/lock.js';
import type { Manifest } from '../shared/manifest.js';
import { readBase } from '../shared/read-base.js';
import { readState, type Survey } from '../shared/read-state.js';
import { requireReadable } from '../shared/present-state.js';
import { EMPTY_REFERENCE, type Reference, referenceOf } from '../shared/reference.js';
import { stateOf } from '../shared/state.js';
import type { BaseEvent, InheritedEvent, LedgerEvent } from './ledger.js';
import { appendToLedger, openStore, saveReference, siteOf } from './store.js';

export interface InitOptions {
  /** Absolute path. */
  readonly repository: string;
  readonly stateDirectory: string;
  readonly site: string;
  readonly how: BaseEvent['how'];
  /** The reference or manifest, for `from`. */
  readonly from?: string;
  readonly globs: Partial<Globs>;
  readonly signal: AbortSignal;
}

export interface InitResult {
  readonly reference: Reference;
  /** Records of a Python reference without a sha256: their files will be shipped. */
  readonly unknown: number;
}

/**
 * Sets the first base of a site, once: what the other side has now.
 *
 * @throws CondaDiffError usage, when it was set before; source when the repository cannot be read; io
 */
export async function init(options: InitOptions): Promise<InitResult> {
  const { repository, stateDirectory, site, how } = options;
  return withLock(repository, 'conda-diff-export init', async () => {
    const store = await openStore(stateDirectory);
    const { assumed } = siteOf(store, site);
    if (assumed !== undefined) {
      throw new CondaDiffError('usage', `The first base of ${repository} was set before`, {
        hint: 'To start the next update from another state, use: conda-diff-export create <repository> --base <file>',
      });
    }
    const result = await firstBase(options);
    await saveReference(stateDirectory, result.reference);
    await appendToLedger(store, firstEvents(site, how, result));
    return result;
  });
}

/** The first events of a site: what a manifest of it tells of its history, then the base. */
function firstEvents(site: string, how: BaseEvent['how'], { reference, manifest }: FirstBase): LedgerEvent[] {
  const at = timestamp();
  const base: BaseEvent = {
    event: 'base',
    ...{ site, digest: reference.state.digest, scope: reference.scope, how },
    sequence: manifest?.sequence ?? 0,
    ...{ ignore: reference.globs.ignore, include: reference.globs.include },
    at,
  };
  return [...(manifest?.site === site ? inheritedFrom(manifest, at) : []), base];
}

/** A manifest knows the updates before it; with itself they are all that a lost ledger can be rebuilt from. */
function inheritedFrom(manifest: Manifest, at: string): InheritedEvent[] {
  const { id, sequence, base, target, created, site, lineage } = manifest;
  const self = { id, sequence, base: base.digest, target: target.digest, created };
  return [...lineage, self].map((entry) => ({ event: 'inherited', site, ...entry, at }));
}

/** The first base, and the manifest that it came from. */
type FirstBase = InitResult & { readonly manifest?: Manifest | undefined };

async function firstBase(options: InitOptions): Promise<FirstBase> {
  const { how, from, globs } = options;
  const known = { unknown: 0 };
  if (how === 'empty') return { ...known, reference: withGlobs(EMPTY_REFERENCE, globs) };
  const survey = await surveyFor(options);
  if (how === 'in-sync') return { ...known, reference: artifactsOf(survey, globs) };
  const directories = survey.indexes.map(({ directory }) => directory);
  const { reference, unknown, manifest } = await readBase(from ?? '', directories);
  return { reference: withGlobs(reference, globs), unknown, manifest };
}

async function surveyFor({ repository, globs, signal }: InitOptions): Promise<Survey> {
  const cache = await HashCache.open(repository);
  const survey = await readState(repository, { globs: { ignore: [], include: [], ...globs }, cache, signal });
  requireReadable(survey);
  await cache.save();
  return survey;
}

/** The artifacts of this side that are what their records say: what `--in-sync` claims of the other side. */
function artifactsOf({ state, kindOf, mismatched }: Survey, globs: Partial<Globs>): Reference {
  const wrong = new Set(mismatched.map(({ path }) => path));
  const artifacts = [...state].filter(({ path }) => kindOf(path) === 'artifact' && !wrong.has(path));
  return referenceOf(stateOf(artifacts), { ignore: [], include: [], ...globs }, 'artifacts');
}

function withGlobs(reference: Reference, globs: Partial<Globs>): Reference {
  return { ...reference, globs: { ...reference.globs, ...globs } };
}
