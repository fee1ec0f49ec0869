import { dirname } from 'node:path';
import type { RepositoryParts } from '../shared/bounds.js';
import { applyDiff } from '../shared/diff.js';
import type { HashCache } from '../shared/hash-cache.js';
import { locateManifest } from '../shared/locate.js';
import { checkTarget, diffOf, type Manifest, targetOf } from '../shared/manifest.js';
import { readBaseReference } from '../shared/read-base.js';
import { readSignedManifest } from '../shared/read-signed.js';
import type { Progress } from '../shared/progress.js';
import type { Receipt } from '../shared/receipt.js';
import type { Entry, State } from '../shared/state.js';
import type { Signatures, Trust } from '../shared/trust.js';
import { type CommitAction, planCommit } from './commit-plan.js';
import { type Accepted, decide } from './decide.js';
import { type Applied, NO_PERMISSIONS, type Permissions } from './fit.js';
import { leftovers } from './leftovers.js';
import { lookAt } from './look.js';
import { readCopyLedger } from './note-event.js';

export interface PrepareOptions extends RepositoryParts {
  /** The archive, the manifest, or their directory. */
  readonly update: string;
  /** Whose signatures the manifest must have; `undefined` where nothing is trusted. */
  readonly trust?: Trust | undefined;
  readonly stateDirectory: string;
  readonly removeNow: boolean;
  /** None by default. */
  readonly permissions?: Permissions;
  readonly signal: AbortSignal;
  /** Told how far the work is; nobody by default. */
  readonly progress?: Progress;
}

/** An update that fits, and what there is to do. */
export interface Prepared extends Applied {
  /** What was found: `superseded` and `drifted` only where they were allowed. */
  readonly outcome: Accepted['outcome'];
  readonly manifest: Manifest;
  readonly signatures: Signatures;
  /** Where the files of the update are. */
  readonly directory: string;
  readonly local: State;
  /** Whether every file of the local state was hashed. */
  readonly established: Receipt['established'];
  readonly target: State;
  /** Empty when it is applied already. */
  readonly plan: readonly CommitAction[];
  /** Removed files that are on disk though the local state is the target. */
  readonly leftovers: readonly Entry[];
}

/**
 * Reads the update's documents and the local state, and decides what is to be done. Changes nothing.
 *
 * @throws CondaDiffError fit; integrity or malformed, when a document is damaged; usage; io
 */
export async function prepare(options: PrepareOptions, cache: HashCache): Promise<Prepared> {
  const { update, removeNow, signal } = options;
  const file = locateManifest(update);
  const { manifest, signatures } = await readSignedManifest(file, options.trust);
  const base = await readBaseReference(manifest, file);
  const stated = base && targetOf(manifest, base, file);
  const look = await lookAt(options, manifest, stated, cache);
  const known = base && stated && { base, target: stated };
  const ledger = await readCopyLedger(options.stateDirectory);
  const permissions = options.permissions ?? NO_PERMISSIONS;
  const facts = { ...permissions, ...look, manifest, known, ledger, digests: [look.local.digest] };
  const fit = await decide(facts, options, cache);
  const { local, established } = look;
  const found = { outcome: fit.outcome, manifest, signatures, directory: dirname(file), local, established };
  if (fit.outcome === 'already-applied') {
    const left = await leftovers(options, manifest, signal);
    return { ...fit, ...found, target: local, plan: [], leftovers: left };
  }
  const target = stated ?? targetFrom(local, manifest, file);
  const plan = planCommit(manifest, local, target, look.kindOf, { ...look, removeNow });
  return { ...found, isOld: false, target, plan, leftovers: [] };
}

/** Without the base reference the local state, being exactly the base, stands for it. */
function targetFrom(local: State, manifest: Manifest, name: string): State {
  const target = applyDiff(local, diffOf(manifest));
  checkTarget(`${name}: local state and files`, manifest, target);
  return target;
}
