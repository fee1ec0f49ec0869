import { CondaDiffError } from './errors.js';
import { alternativesOf, matches, parsePattern } from './glob-pattern.js';

/** A site's globs; they stand in reference and manifest, and the importer uses the exporter's. */
export interface Globs {
  /** Tracked paths that match are left out of the state. */
  readonly ignore: readonly string[];
  /** Files that match are tracked although no other rule names them. */
  readonly include: readonly string[];
}

export const NO_GLOBS: Globs = { ignore: [], include: [] };

export type PathTest = (path: string) => boolean;

/** Longest glob, in UTF-16 units: that of a name. */
const MAX_GLOB_LENGTH = 255;
/** How many alternatives the globs of a list may have together; each is held against every path. */
const MAX_ALTERNATIVES = 256;

/**
 * Compiles globs over paths relative to the repository: `*` and `?` within a segment, `**` across segments, `[...]`
 * with `!` or `^` for all others, `{a,b}`. Everything else stands for itself.
 *
 * @throws CondaDiffError usage, when a pattern is empty, absolute, begins with `!` or is too long, or when there are
 *   too many
 */
export function compileGlobs(patterns: readonly string[]): PathTest {
  const problem = globsProblem(patterns);
  if (problem !== undefined) {
    throw new CondaDiffError('usage', problem, {
      hint: "Write globs like 'linux-64/*.tar.bz2' or '**/index.html'",
    });
  }
  if (patterns.length === 0) return () => false;
  const compiled = patterns.flatMap((one) => alternativesOf(one, MAX_ALTERNATIVES) ?? []).map(parsePattern);
  return (path) => {
    const segments = path.split('/');
    return compiled.some((pattern) => matches(pattern, segments));
  };
}

/** Says why these cannot be globs, or `undefined` when they can. */
export function globsProblem(patterns: readonly string[]): string | undefined {
  let left = MAX_ALTERNATIVES;
  for (const pattern of patterns) {
    if (pattern === '' || pattern.startsWith('!') || pattern.startsWith('/'))
      return `The glob '${pattern}' is not a path pattern relative to the repository`;
    if (/\p{Cc}|\p{Cf}|\p{Cs}/u.test(pattern))
      return `The glob ${JSON.stringify(pattern)} has a control or invisible character`;
    if (pattern.length > MAX_GLOB_LENGTH)
      return `The glob '${pattern.slice(0, 40)}…' is longer than ${String(MAX_GLOB_LENGTH)} characters`;
    left -= alternativesOf(pattern, left)?.length ?? left + 1;
    if (left < 0) return `The globs have more than ${String(MAX_ALTERNATIVES)} alternatives together`;
  }
  return undefined;
}

/**
 * Checks the globs of a document.
 *
 * @throws CondaDiffError malformed
 */
export function requireGlobs({ ignore, include }: Globs, name: string): void {
  const problem = globsProblem(ignore) ?? globsProblem(include);
  if (problem !== undefined) throw new CondaDiffError('malformed', `${name}: ${problem}`);
}

/** Whether two sites' globs are the same, order included. */
export function sameGlobs(a: Globs, b: Globs): boolean {
  return sameList(a.ignore, b.ignore) && sameList(a.include, b.include);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
