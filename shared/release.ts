import { compileGlobs, type Globs, sameGlobs } from './globs.js';
import { directoryOf, nameOf } from './paths.js';
import type { Reference } from './reference.js';
import { isRootName, kindByName, REPODATA } from './rules.js';
import { type State, stateOf } from './state.js';

/** A base as other globs see it. Its own globs then say what it knows of: what both track. */
export interface Released {
  readonly reference: Reference;
  /** Paths that left the state only because of the globs: they are let go, never removed. */
  readonly released: readonly string[];
}

/**
 * Reads a base under the globs of the next update. What they do not track any more is released: it is neither
 * shipped nor removed, and stays where it is on the other side.
 */
export function underGlobs(reference: Reference, globs: Globs): Released {
  if (sameGlobs(reference.globs, globs)) return { reference, released: [] };
  const isTracked = trackedUnder(reference.state, globs);
  const kept = [...reference.state].filter(({ path }) => isTracked(path));
  const released = [...reference.state].filter(({ path }) => !isTracked(path)).map(({ path }) => path);
  const ignore = [...new Set([...reference.globs.ignore, ...globs.ignore])];
  const known = { ignore, include: reference.globs.include };
  return { reference: { ...reference, globs: known, state: stateOf(kept) }, released };
}

/** The part of a state that globs track; every other rule is taken to track it. */
export function trackedUnder(state: State, globs: Globs): (path: string) => boolean {
  const isIgnored = compileGlobs(globs.ignore);
  const isIncluded = compileGlobs(globs.include);
  const isIndexDirectory = (directory: string): boolean =>
    state.find(directory === '' ? REPODATA : `${directory}/${REPODATA}`) >= 0;
  return (path) => {
    if (isIgnored(path)) return false;
    if (kindByName(path, isIndexDirectory) !== 'root') return true;
    return isIncluded(path) || (isRootName(nameOf(path)) && !isIndexDirectory(directoryOf(path)));
  };
}
