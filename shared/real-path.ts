import { existsSync, realpathSync } from 'node:fs';
import { pinLinks } from './allowed-links.js';
import { type Bounds, isWithin, NO_LINKS, type RepositoryParts } from './bounds.js';

/** The bounds of a repository that exists. */
export function boundsOf({ repository, links = NO_LINKS }: RepositoryParts): Bounds {
  return { root: realpathSync(repository), links };
}

/**
 * A repository that need not exist, and its allowed links.
 *
 * @param repository absolute path
 * @param allowed `allowed-links` of the configuration
 * @throws CondaDiffError as {@link pinLinks}
 */
export function partsOf(repository: string, allowed: readonly string[] | undefined): RepositoryParts {
  const root = existsSync(repository) ? realpathSync(repository) : repository;
  return { repository: root, links: pinLinks(root, allowed) };
}

/** Whether a file or directory that exists lies within bounds, links followed. */
export function staysInside(bounds: Bounds, path: string): boolean {
  return isWithin(bounds, realpathSync(path));
}
