import { type BigIntStats, existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AllowedLink, isAtOrBelow } from './bounds.js';
import { asIoError, CondaDiffError } from './errors.js';
import { isThere } from './is-there.js';
import { pathProblem } from './paths.js';

/**
 * Looks where the links lead that the configuration allows to lead out of a repository; for the rest of the command they
 * lead there and nowhere else. What is not there, is no link, or leads to another place in the repository needs no leave.
 *
 * @param repository real path; it need not exist
 * @param paths `allowed-links` of the configuration: paths in the repository
 * @throws CondaDiffError usage, for a path that can be no allowed link; io, for a link that leads nowhere
 */
export function pinLinks(repository: string, paths: readonly string[] = []): AllowedLink[] {
  const links: AllowedLink[] = [];
  try {
    for (const path of new Set(paths)) {
      const link = pinLink(repository, path);
      if (link === undefined) continue;
      const other = links.find(
        ({ target }) => isAtOrBelow(target, link.target) || isAtOrBelow(link.target, target),
      );
      if (other !== undefined)
        throw notAllowed(path, `it leads to ${link.target}, and ${other.path} to ${other.target}`);
      links.push(link);
    }
  } catch (error) {
    throw asIoError(error, `Cannot look at the allowed links of ${repository}`);
  }
  return links;
}

function pinLink(repository: string, path: string): AllowedLink | undefined {
  const problem = pathProblem(path);
  if (problem !== undefined) throw notAllowed(path, `it ${problem}`);
  const file = join(repository, path);
  if (!isThere(file) || !lstatSync(file).isSymbolicLink()) return undefined;
  if (realpathSync(dirname(file)) !== dirname(file)) throw notAllowed(path, 'it lies behind another link');
  if (!existsSync(file)) {
    throw new CondaDiffError('io', `${file} leads nowhere`, {
      hint: 'It is one of the allowed-links: mount the disk that it leads to, and run this again',
    });
  }
  const target = realpathSync(file);
  if (!statSync(target).isDirectory()) throw notAllowed(path, `it leads to ${target}, which is no directory`);
  if (isAtOrBelow(target, repository))
    throw notAllowed(path, `it leads to ${target}, which the repository lies in`);
  return isAtOrBelow(repository, target) ? undefined : { path, target, identity: identityOf(target) ?? '' };
}

function notAllowed(path: string, why: string): CondaDiffError {
  return new CondaDiffError('usage', `allowed-links: ${path} cannot be an allowed link: ${why}`, {
    hint: 'Name links in the repository that lead to directories elsewhere, each with a disk or directory of its own',
  });
}

/** Device and number of what a path leads to, links followed. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && identityFrom(stats);
}

/** Device and number in a status. */
export function identityFrom({ dev, ino }: BigIntStats): string {
  return `${String(dev)}:${String(ino)}`;
}
