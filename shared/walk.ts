import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AllowedLink, isWithin, NO_LINKS } from './bounds.js';
import { listDirectory, type ListedDirectory } from './list-directory.js';
import { Listing } from './listing.js';
import { compareUtf8, joinPath, nameOf } from './paths.js';
import { REPODATA } from './rules.js';
import { idlestThread } from './threads.js';

/** A symbolic link that is not followed. */
export interface StrayLink {
  readonly path: string;
  /** Where it leads, or why that is unknown. */
  readonly target: string;
}

/** The directories of a repository and the regular files in each, dot-files and dot-directories left out. */
export interface Tree {
  /** Directory ('' = the repository) → its regular files, links that stay inside included. Sorted. */
  readonly files: ReadonlyMap<string, Listing>;
  /** Links that lead outside the repository, nowhere, or in a circle. Sorted. */
  readonly strayLinks: readonly StrayLink[];
}

export interface WalkOptions {
  /** Allowed links of the repository; none by default. */
  readonly links?: readonly AllowedLink[] | undefined;
  /** Whether other threads shall list the directories; by default where there are so many names that it is worth their start. */
  readonly threads?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** More names than these are listed by other threads: two large directories at the same time, or one beside other work. */
const MANY_NAMES = 20_000;

/**
 * Lists a repository. Symbolic links that stay inside it are read as what they point at, and so are allowed links.
 *
 * @param repository absolute path
 * @throws CondaDiffError io, when a directory cannot be read (of several, the first by path); the reason of the signal
 */
export async function walk(
  repository: string,
  { links = NO_LINKS, threads, signal }: WalkOptions = {},
): Promise<Tree> {
  const root = realpathSync(repository);
  const atMost = threads === undefined ? MANY_NAMES : threads ? 0 : Infinity;
  const walker: Walker = { repository, root, links, atMost, signal, files: new Map(), strayLinks: [] };
  await walkDirectory(walker, { path: '', above: [root] });
  return {
    files: new Map([...walker.files].sort(([a], [b]) => compareUtf8(a, b))),
    strayLinks: walker.strayLinks.sort((a, b) => compareUtf8(a.path, b.path)),
  };
}

interface Walker {
  readonly repository: string;
  readonly root: string;
  readonly links: readonly AllowedLink[];
  /** So many names, about, and not more of them, are listed by this thread. */
  readonly atMost: number;
  readonly signal: AbortSignal | undefined;
  readonly files: Map<string, Listing>;
  readonly strayLinks: StrayLink[];
}

/** A directory that is to be walked. */
interface Inner {
  readonly path: string;
  /** Real paths of the directories that lead here, this one included; they end circles. */
  readonly above: readonly string[];
}

async function walkDirectory(walker: Walker, { path: directory, above }: Inner): Promise<void> {
  walker.signal?.throwIfAborted();
  const listed = await list(walker, join(walker.repository, directory));
  const { files } = listed;
  walker.files.set(directory, files);
  const inner = listed.directories.map((name): Inner => {
    return { path: joinPath(directory, name), above: [...above, join(above.at(-1) as string, name)] };
  });
  // Packages may be links: there may be a million of them
  for (const name of listed.links) {
    const behind = followLink(walker, joinPath(directory, name), files, above);
    if (behind !== undefined) inner.push(behind);
  }
  inner.sort((a, b) => compareUtf8(a.path, b.path));
  for (const result of await Promise.allSettled(inner.map((one) => walkDirectory(walker, one))))
    if (result.status === 'rejected') throw result.reason;
}

async function list({ atMost, signal }: Walker, place: string): Promise<ListedDirectory> {
  const here = listDirectory(place, (names) => names > atMost);
  if (here.isWhole) return here;
  const { files, ...others } = await idlestThread().call('list-directory', place, { signal });
  return { files: Listing.from(files), ...others };
}

/** Adds a link to what it is read as. Returns the directory that it leads to, if it is one to be walked. */
function followLink(
  walker: Walker,
  path: string,
  files: Listing,
  above: readonly string[],
): Inner | undefined {
  const real = realTarget(join(walker.repository, path));
  if (real === undefined) walker.strayLinks.push({ path, target: 'nothing' });
  else if (real === walker.root || !isWithin(walker, real)) walker.strayLinks.push({ path, target: real });
  else {
    const stats = statSync(real);
    if (stats.isFile()) files.add(nameOf(path));
    else if (above.includes(real)) walker.strayLinks.push({ path, target: `${real} (a circle)` });
    else if (stats.isDirectory()) return { path, above: [...above, real] };
  }
  return undefined;
}

function realTarget(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}

/** The index directories of a tree: those that hold a repodata.json, sorted. */
export function indexDirectoriesOf(tree: Tree): string[] {
  return [...tree.files]
    .filter(([, { others }]) => others.includes(REPODATA))
    .map(([directory]) => directory);
}
