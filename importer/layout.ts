import { join } from 'node:path';
import { type AllowedLink, linkOf, NO_LINKS } from '../shared/bounds.js';
import { COMMIT_RECORD, JOURNAL } from '../shared/interrupted.js';
import { STATE_DIRECTORY } from '../shared/rules.js';

/** Where the files of a commit wait and are kept, on the file system of their places: a commit renames. */
export interface Area {
  /** A `.conda-diff`. */
  readonly own: string;
  /** Verified files that wait to be published: `<n>` for the n-th action. */
  readonly stage: string;
  /** What was replaced or removed, by attempt. */
  readonly undo: string;
  /** What was taken away and is deleted at the end. */
  readonly trash: string;
}

/**
 * Where an import keeps its own files: always in the repository, so that everything is a rename away; for what lies
 * behind an allowed link, in the directory that it leads to.
 */
export interface Layout extends Area {
  readonly repository: string;
  readonly links: readonly AllowedLink[];
  /** Updates of which volumes were collected, by update id; nothing but `stage --discard` and their import clears them. */
  readonly collected: string;
  /** The plan of a commit that is under way. */
  readonly journal: string;
  /** The same file once every action was performed; what is left is to note it. */
  readonly committed: string;
  /** The same file once all is done: what `undo` takes back. */
  readonly lastImport: string;
  readonly retired: string;
  /** Exists while the last import did not pass its re-check. */
  readonly unverified: string;
}

export function layoutOf(repository: string, links: readonly AllowedLink[] = NO_LINKS): Layout {
  const own = join(repository, STATE_DIRECTORY);
  return {
    repository,
    links,
    ...areaIn(repository),
    collected: join(own, 'collected'),
    journal: join(own, JOURNAL),
    committed: join(own, COMMIT_RECORD),
    lastImport: join(own, 'last-import.json'),
    retired: join(own, 'retired.json'),
    unverified: join(own, 'unverified'),
  };
}

function areaIn(directory: string): Area {
  const own = join(directory, STATE_DIRECTORY);
  return { own, stage: join(own, 'stage'), undo: join(own, 'undo'), trash: join(own, 'trash') };
}

/** The area for a path in the repository. */
export function areaOf(layout: Layout, path: string): Area {
  const link = linkOf(layout.links, path);
  return link === undefined ? layout : areaIn(join(layout.repository, link.path));
}

/** The areas for some paths, each once, and the repository's own in any case. */
export function areasFor(layout: Layout, paths: Iterable<string>): Area[] {
  const links = new Set<string>();
  for (const path of paths) {
    const link = linkOf(layout.links, path);
    if (link !== undefined) links.add(link.path);
  }
  return [layout, ...[...links].map((path) => areaIn(join(layout.repository, path)))];
}

/** All areas of a repository. */
export function areasOf(layout: Layout): Area[] {
  return areasFor(
    layout,
    layout.links.map(({ path }) => path),
  );
}

/** Where the file that the n-th action puts in its place waits. */
export function stagedFile(layout: Layout, n: number, path: string): string {
  return join(areaOf(layout, path).stage, String(n));
}

/** Where what the n-th action of a commit replaces or removes is kept. */
export function keptFile(layout: Layout, attempt: string, n: number, path: string): string {
  return join(areaOf(layout, path).undo, attempt, String(n));
}

/** Where what the n-th action takes away waits to be deleted. */
export function trashFile(layout: Layout, n: number, path: string): string {
  return join(areaOf(layout, path).trash, String(n));
}
