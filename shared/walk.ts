import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { asIoError } from './errors.js';
import { joinPath } from './paths.js';
import { REPODATA, STATE_DIRECTORY } from './rules.js';

/** A symbolic link that is not followed. */
export interface StrayLink {
  readonly path: string;
  /** Where it leads, or why that is unknown. */
  readonly target: string;
}

/** The directories of a repository and the regular files in each, dot-files and dot-directories left out. */
export interface Tree {
  /** Directory ('' = the repository) → names of its regular files, links that stay inside included. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** Links that lead outside the repository, nowhere, or in a circle. */
  readonly strayLinks: readonly StrayLink[];
}

/**
 * Lists a repository. Symbolic links that stay inside it are read as what they point at.
 *
 * @param repository absolute path
 * @throws CondaDiffError io, when a directory cannot be read
 */
export function walk(repository: string): Tree {
  const walker: Walker = { repository, root: realpathSync(repository), files: new Map(), strayLinks: [] };
  walkDirectory(walker, '', [walker.root]);
  return walker;
}

interface Walker {
  readonly repository: string;
  readonly root: string;
  readonly files: Map<string, string[]>;
  readonly strayLinks: StrayLink[];
}

/** @param above real paths of the directories that lead here, this one included; they end circles */
function walkDirectory(walker: Walker, directory: string, above: readonly string[]): void {
  const files: string[] = [];
  walker.files.set(directory, files);
  for (const item of list(join(walker.repository, directory))) {
    if (item.name.startsWith('.')) continue;
    const path = joinPath(directory, item.name);
    if (item.isFile()) files.push(item.name);
    else if (item.isDirectory())
      walkDirectory(walker, path, [...above, join(above.at(-1) as string, item.name)]);
    else if (item.isSymbolicLink()) followLink(walker, path, files, above);
  }
}

function list(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw asIoError(error, `Cannot list ${directory}`);
  }
}

function followLink(walker: Walker, path: string, files: string[], above: readonly string[]): void {
  const real = realTarget(join(walker.repository, path));
  if (real === undefined) walker.strayLinks.push({ path, target: 'nothing' });
  else if (!isInside(walker.root, real)) walker.strayLinks.push({ path, target: real });
  else {
    const stats = statSync(real);
    if (stats.isFile()) files.push(path.slice(path.lastIndexOf('/') + 1));
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

/** Whether an absolute real path lies in `root` and not in our own state. */
function isInside(root: string, real: string): boolean {
  const own = join(root, STATE_DIRECTORY);
  return real.startsWith(root + sep) && real !== own && !real.startsWith(own + sep);
}

/** The index directories of a tree: those that hold a repodata.json, in the order of the walk. */
export function indexDirectoriesOf(tree: Tree): string[] {
  return [...tree.files].filter(([, names]) => names.includes(REPODATA)).map(([directory]) => directory);
}
