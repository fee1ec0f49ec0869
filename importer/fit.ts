import { type Diff, diffStates, isEmptyDiff } from '../shared/diff.js';
import type { Manifest } from '../shared/manifest.js';
import type { Reference, Scope } from '../shared/reference.js';
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
    if (manifest.base.scope === 'all' && local.digest === manifest.base.digest) return { outcome: 'apply' };
    return { outcome: local.count === 0 ? 'empty' : 'drifted', drift: undefined };
  }
  const known = withinScope(local, base.scope, kindOf);
  const drift = diffStates(base.state, known);
  if (isEmptyDiff(drift)) return { outcome: 'apply' };
  if (local.count === 0) return { outcome: 'empty' };
  if (!sharesArtifacts(local, base.state, manifest, kindOf)) return { outcome: 'foreign' };
  return { outcome: 'drifted', drift };
}

/** The part of a state that a base of this scope speaks of. */
export function withinScope(state: State, scope: Scope, kindOf: (path: string) => Kind): State {
  if (scope === 'all') return state;
  const isKnown = (path: string): boolean =>
    kindOf(path) === 'artifact' && (scope === 'artifacts' || path.endsWith(`.${scope}`));
  return stateOf([...state].filter(({ path }) => isKnown(path)));
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
