import { join, sep } from 'node:path';
import { STATE_DIRECTORY } from './rules.js';

/** A link in a repository that the configuration allows to lead out of it (`allowed-links`). */
export interface AllowedLink {
  /** Where the link is, as a path in the repository. */
  readonly path: string;
  /** Real path of the directory that it led to when the command began; it leads nowhere else until the command ends. */
  readonly target: string;
  /** Device and number of that directory. */
  readonly identity: string;
}

/** Where the files of a repository may lie: in it, and in what its allowed links lead to. */
export interface Bounds {
  /** Real path of the repository. */
  readonly root: string;
  readonly links: readonly AllowedLink[];
}

/** A repository as commands have it: what its allowed links lead to is a part of it. */
export interface RepositoryParts {
  /** Absolute path. */
  readonly repository: string;
  /** None by default. */
  readonly links?: readonly AllowedLink[] | undefined;
}

export const NO_LINKS: readonly AllowedLink[] = [];

/** Whether a real path lies within bounds, or is one of their directories; our own state does not. */
export function isWithin(bounds: Bounds, real: string): boolean {
  return topsOf(bounds).some((top) => isAtOrBelow(top, real)) && !isOwn(bounds, real);
}

/** Whether a real path lies in our own state, or is it. */
export function isOwn(bounds: Bounds, real: string): boolean {
  return topsOf(bounds).some((top) => isAtOrBelow(join(top, STATE_DIRECTORY), real));
}

/** The allowed link that a path in the repository is, or lies behind. */
export function linkOf(links: readonly AllowedLink[], path: string): AllowedLink | undefined {
  return links.find((link) => path === link.path || path.startsWith(`${link.path}/`));
}

function topsOf({ root, links }: Bounds): string[] {
  return [root, ...links.map(({ target }) => target)];
}

/** Whether a path is a directory or lies below it; both are absolute. */
export function isAtOrBelow(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
