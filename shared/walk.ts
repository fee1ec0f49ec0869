import { type Dirent, opendirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AllowedLink, isWithin, NO_LINKS } from './bounds.js';
import { asIoError } from './errors.js';
import { Listing } from './listing.js';
import { compareUtf8, joinPath, nameOf } from './paths.js';
import { REPODATA } from './rules.js';

/** A symbolic link that is not followed. */
export interface StrayLink {
  readonly path: string;
  /** Where it leads, or why that is unknown. */
  readonly target: string;
}

/** The directories of a repository and the regular files in each, dot-files and dot-directories left out. */
export interface Tree {
  /** Directory ('' = the repository) → its regular files, links that stay inside included. */
  readonly files: ReadonlyMap<string, Listing>;
  /** Links that lead outside the repository, nowhere, or in a circle. */
  readonly strayLinks: readonly StrayLink[];
}

/**
 * Lists a repository. Symbolic links that stay inside it are read as what they point at, and so are allowed links.
 *
 * @param repository absolute path
 * @param links allowed links of the repository
 * @throws CondaDiffError io, when a directory cannot be read
 */
export function walk(repository: string, links: readonly AllowedLink[] = NO_LINKS): Tree {
  const root = realpathSync(repository);
  const walker: Walker = { repository, root, links, files: new Map(), strayLinks: [] };
  walkDirectory(walker, '', [walker.root]);
  return walker;
}

interface Walker {
  readonly repository: string;
  readonly root: string;
  readonly links: readonly AllowedLink[];
  readonly files: Map<string, Listing>;
  readonly strayLinks: StrayLink[];
}

/** Names that are taken from the system at a time. */
const LISTED_AT_ONCE = 1024;

/** @param above real paths of the directories that lead here, this one included; they end circles */
function walkDirectory(walker: Walker, directory: string, above: readonly string[]): void {
  const files = new Listing();
  walker.files.set(directory, files);
  const inner: Dirent[] = [];
  for (const item of list(join(walker.repository, directory))) {
    if (item.name.startsWith('.')) continue;
    if (item.isFile()) files.add(item.name);
    else if (item.isDirectory() || item.isSymbolicLink()) inner.push(item);
  }
  // The system lists in any order
  for (const item of inner.sort((a, b) => compareUtf8(a.name, b.name))) {
    const path = joinPath(directory, item.name);
    if (item.isSymbolicLink()) followLink(walker, path, files, above);
    else walkDirectory(walker, path, [...above, join(above.at(-1) as string, item.name)]);
  }
}

/** Does not hold a whole directory at once: there may be a million files in it. */
function* list(directory: string): Generator<Dirent> {
  try {
    const handle = opendirSync(directory, { bufferSize: LISTED_AT_ONCE });
    try {
      for (let item = handle.readSync(); item !== null; item = handle.readSync()) yield item;
    } finally {
      handle.closeSync();
    }
  } catch (error) {
    throw asIoError(error, `Cannot list ${directory}`);
  }
}

function followLink(walker: Walker, path: string, files: Listing, above: readonly string[]): void {
  const real = realTarget(join(walker.repository, path));
  if (real === undefined) walker.strayLinks.push({ path, target: 'nothing' });
  else if (real === walker.root || !isWithin(walker, real)) walker.strayLinks.push({ path, target: real });
  else {
    const stats = statSync(real);
    if (stats.isFile()) files.add(nameOf(path));
    else if (above.includes(real)) walker.strayLinks.push({ path, target: `${real} (a circle)` });
    else if (stats.isDirectory()) walkDirectory(walker, path, [...above, real]);
  }
}

function realTarget(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}

/** The index directories of a tree: those that hold a repodata.json, in the order of the walk. */
export function indexDirectoriesOf(tree: Tree): string[] {
  return [...tree.files]
    .filter(([, { others }]) => others.includes(REPODATA))
    .map(([directory]) => directory);
}
