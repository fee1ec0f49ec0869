import picomatch from 'picomatch';
import { CondaDiffError } from './errors.js';

/** A site's globs; they stand in reference and manifest, and the importer uses the exporter's. */
export interface Globs {
  /** Tracked paths that match are left out of the state. */
  readonly ignore: readonly string[];
  /** Files that match are tracked although no other rule names them. */
  readonly include: readonly string[];
}

export const NO_GLOBS: Globs = { ignore: [], include: [] };

export type PathTest = (path: string) => boolean;

/**
 * Compiles globs over paths relative to the repository (`*` within a segment, `**` across segments, `?`,
 * `[...]`, `{a,b}`; no negation, dots need no special care because dot-files are never tracked).
 *
 * @throws CondaDiffError usage, when a pattern is empty, absolute or begins with `!`
 */
export function compileGlobs(patterns: readonly string[]): PathTest {
  for (const pattern of patterns) {
    if (pattern === '' || pattern.startsWith('!') || pattern.startsWith('/')) {
      throw new CondaDiffError(
        'usage',
        `The glob '${pattern}' is not a path pattern relative to the repository`,
        {
          hint: "Write it like 'linux-64/*.tar.bz2' or '**/index.html'",
        },
      );
    }
  }
  if (patterns.length === 0) return () => false;
  const match = picomatch([...patterns], { nonegate: true, strictSlashes: true, noextglob: true });
  return (path) => match(path);
}

/** Whether two sites' globs are the same, order included. */
export function sameGlobs(a: Globs, b: Globs): boolean {
  return sameList(a.ignore, b.ignore) && sameList(a.include, b.include);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
