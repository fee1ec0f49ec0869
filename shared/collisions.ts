import { CondaDiffError } from './errors.js';
import { outlineOf } from './outline.js';
import { directoryOf, joinPath, nameOf } from './paths.js';
import type { State } from './state.js';

/**
 * Finds the added paths that cannot stand beside the others of a target: on a file system that ignores case or
 * normalises Unicode (NTFS, exFAT, APFS, case-folding ext4) they would be one file or directory with another path,
 * and a path that is a file and a directory is possible nowhere.
 *
 * Takes one pass over the bytes of the target; what is kept grows with the update and the directories.
 *
 * @param added paths that the target has and the base has not
 * @returns what is wrong, one line each
 */
export function collisions(added: readonly string[], target: State): string[] {
  if (added.length === 0) return [];
  const { stretches, unusual } = outlineOf(target);
  const directories = withParents(stretches.map(({ directory }) => directory));
  const newDirectories = withParents(added.map(directoryOf));
  const isThere = (path: string): boolean => directories.has(path) || target.find(path) >= 0;
  const spellings = spellingsOf([...unusual.map((i) => target.path(i)), ...directories]);
  const problems: string[] = [];
  for (const path of [...newDirectories, ...added]) {
    const folded = foldName(path);
    const usual = folded !== path && isThere(folded) ? [folded] : [];
    const other = [...usual, ...(spellings.get(folded) ?? [])].find((one) => one !== path);
    if (other !== undefined)
      problems.push(`${path} is like ${other} but for upper and lower case or normalisation`);
  }
  const both = [...newDirectories].filter((path) => target.find(path) >= 0);
  both.push(...added.filter((path) => directories.has(path)));
  return [...problems, ...[...new Set(both)].map((path) => `${path} is a file and a directory`)];
}

/**
 * @param what leads to the target, for the message
 * @throws CondaDiffError malformed, when added paths cannot stand beside the others
 */
export function requireDistinct(added: readonly string[], target: State, what: string): void {
  const details = collisions(added, target);
  if (details.length === 0) return;
  throw new CondaDiffError('malformed', `${what} lead to files that cannot stand beside each other`, {
    details,
    hint: 'Leave these files out on the online side, and create the update again',
  });
}

/** Folded path → the unusual paths that are like it. */
function spellingsOf(paths: readonly string[]): Map<string, string[]> {
  const spellings = new Map<string, string[]>();
  for (const path of paths) {
    if (!isUnusual(nameOf(path))) continue;
    const known = spellings.get(foldName(path));
    if (known === undefined) spellings.set(foldName(path), [path]);
    else known.push(path);
  }
  return spellings;
}

/** The one spelling of a name that stands for all that a file system may take for the same; directories have theirs. */
function foldName(path: string): string {
  const name = nameOf(path);
  if (!isUnusual(name)) return path;
  // Upper case first: then ß is like ss, and the long s and the Kelvin sign are like s and k.
  return joinPath(directoryOf(path), name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFD'));
}

function isUnusual(name: string): boolean {
  return /[A-Z]|[^\0-\x7f]/.test(name);
}

/** These directories and all above them but the repository itself. */
function withParents(directories: Iterable<string>): Set<string> {
  const all = new Set<string>();
  for (const start of directories) {
    for (let path = start; path !== '' && !all.has(path); path = directoryOf(path)) all.add(path);
  }
  return all;
}
