import { type Diff, diffStates, isEmptyDiff } from '../shared/diff.js';
import { type Globs, sameGlobs } from '../shared/globs.js';
import { hasPartialBase, type Manifest } from '../shared/manifest.js';
import type { Reference, Scope } from '../shared/reference.js';
import { trackedUnder } from '../shared/release.js';
import type { Kind } from '../shared/rules.js';
import { type State, stateOf } from '../shared/state.js';

/** Whether and how an update fits the local state (DESIGN section 6). */
export type Fit =
  | { readonly outcome: 'already-applied' | 'apply' | 'empty' | 'foreign' }
  /** The local state is neither base nor target; `drift` leads from the base to it. */
  | { readonly outcome: 'drifted'; readonly drift: Diff | undefined };

/**
 * Decides from content alone whether an update can be applied.
 *
 * @param base the base reference, or `undefined` when it did not travel along: then only an exact base matches
 * @param target base and manifest together; `undefined` without a base
 */
export function fitOf(
  manifest: Manifest,
  base: Reference | undefined,
  local: State,
  kindOf: (path: string) => Kind,
): Fit {
  if (local.digest === manifest.target.digest) return { outcome: 'already-applied' };
  if (base === undefined) {
    if (!hasPartialBase(manifest) && local.digest === manifest.base.digest) return { outcome: 'apply' };
    return { outcome: local.count === 0 ? 'empty' : 'drifted', drift: undefined };
  }
  const known = knownPart(local, base, manifest.globs, kindOf);
  const drift = diffStates(base.state, known);
  if (isEmptyDiff(drift)) return { outcome: 'apply' };
  if (local.count === 0) return { outcome: 'empty' };
  if (!sharesArtifacts(local, base.state, manifest, kindOf)) return { outcome: 'foreign' };
  return { outcome: 'drifted', drift };
}

/** The part of the local state, read under the globs of the update, that the base speaks of. */
function knownPart(local: State, base: Reference, globs: Globs, kindOf: (path: string) => Kind): State {
  const isTracked = sameGlobs(base.globs, globs) ? (): boolean => true : trackedUnder(local, base.globs);
  const isInScope = inScope(base.scope, kindOf);
  if (base.scope === 'all' && sameGlobs(base.globs, globs)) return local;
  return stateOf([...local].filter(({ path }) => isInScope(path) && isTracked(path)));
}

function inScope(scope: Scope, kindOf: (path: string) => Kind): (path: string) => boolean {
  if (scope === 'all') return () => true;
  return (path) => kindOf(path) === 'artifact' && (scope === 'artifacts' || path.endsWith(`.${scope}`));
}

/** Whether any artifact of the copy, by path and content, is one of the base or of the update. */
function sharesArtifacts(
  local: State,
  base: State,
  { files }: Manifest,
  kindOf: (path: string) => Kind,
): boolean {
  const shipped = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  for (const { path, sha256 } of local) {
    if (kindOf(path) !== 'artifact') continue;
    if (base.get(path)?.sha256 === sha256 || shipped.get(path) === sha256) return true;
  }
  return false;
}
