import { type Diff, diffStates } from '../shared/diff.js';
import { type Globs, sameGlobs } from '../shared/globs.js';
import type { Manifest } from '../shared/manifest.js';
import { compareUtf8 } from '../shared/paths.js';
import type { Reference, Scope } from '../shared/reference.js';
import { trackedUnder } from '../shared/release.js';
import type { Kind } from '../shared/rules.js';
import { type Entry, type State, stateOf } from '../shared/state.js';

/**
 * What of the local state is neither as in the base nor as in the target. A file that is in the target already is no
 * drift: someone unpacked the archive by hand.
 *
 * @param kindOf the kind of each local path
 */
export function driftFrom(
  base: Reference,
  target: State,
  local: State,
  globs: Globs,
  kindOf: (path: string) => Kind,
): Diff {
  const { added, replaced, removed } = diffStates(base.state, knownPart(local, base, globs, kindOf));
  const isDone = ({ path, sha256 }: Entry): boolean => target.get(path)?.sha256 === sha256;
  return {
    added: added.filter((entry) => !isDone(entry)),
    replaced: replaced.filter(({ after }) => !isDone(after)),
    removed: removed.filter(({ path }) => target.find(path) >= 0),
  };
}

/** The part of the local state, read under the globs of the update, that the base speaks of. */
function knownPart(local: State, base: Reference, globs: Globs, kindOf: (path: string) => Kind): State {
  if (base.scope === 'all' && sameGlobs(base.globs, globs)) return local;
  const isTracked = sameGlobs(base.globs, globs) ? (): boolean => true : trackedUnder(local, base.globs);
  const isInScope = inScope(base.scope, kindOf);
  return stateOf([...local].filter(({ path }) => isInScope(path) && isTracked(path)));
}

function inScope(scope: Scope, kindOf: (path: string) => Kind): (path: string) => boolean {
  if (scope === 'all') return () => true;
  return (path) => kindOf(path) === 'artifact' && (scope === 'artifacts' || path.endsWith(`.${scope}`));
}

/**
 * The files of the target that are neither here with the right content nor in the update, sorted.
 *
 * @param untracked what is on disk at a path that the local state does not track
 */
export function lackingFiles(
  { files }: Manifest,
  target: State,
  local: State,
  untracked: (path: string) => Entry | undefined,
): string[] {
  const shipped = new Set(files.map(({ path }) => path));
  return notHere(local, target)
    .filter(({ path, sha256 }) => !shipped.has(path) && untracked(path)?.sha256 !== sha256)
    .map(({ path }) => path)
    .sort(compareUtf8);
}

/** The files of the target that the local state does not have, or not with this content. */
export function notHere(local: State, target: State): Entry[] {
  const { added, replaced } = diffStates(local, target);
  return [...added, ...replaced.map(({ after }) => after)];
}

/** Whether any artifact of the copy, by path and content, is one of the base or of the update. */
export function sharesArtifacts(
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
