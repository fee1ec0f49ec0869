import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { type AllowedLink, isAtOrBelow } from './bounds.js';
import { asIoError, CondaDiffError } from './errors.js';
import { isJunkName, REPODATA, STATE_DIRECTORY } from './rules.js';

/** Directories that keys and settings are never taken from: what lies there came from others, or is served to others. */
export interface Untrusted {
  /** Absolute path, if it is known; it need not exist. */
  readonly repository?: string | undefined;
  /** Allowed links of the repository: what they lead to is a part of it. */
  readonly links?: readonly AllowedLink[] | undefined;
  /** Directory of an update. */
  readonly update?: string | undefined;
}

/**
 * Refuses a key in a repository or beside an update.
 *
 * @param file exists
 * @throws CondaDiffError usage
 */
export function requireKeyPlace(file: string, untrusted: Untrusted): void {
  const real = realPath(file);
  const inside = repositoryAround(dirname(real)) ?? partWith(real, untrusted);
  if (inside !== undefined) {
    throw new CondaDiffError('usage', `The key ${file} lies in the repository ${inside}`, {
      hint: 'Keep keys where nothing is mirrored to and nothing is served from',
    });
  }
  if (!isBeside(real, untrusted.update)) return;
  throw new CondaDiffError('usage', `The key ${file} lies with the update: it proves nothing`, {
    hint: 'Get the key on another way than the update, compare its id, and keep it on this machine',
  });
}

/**
 * Refuses settings beside an update, or in the part of a repository that is tracked: a mirror or an update could have
 * brought them.
 *
 * @param file exists
 * @throws CondaDiffError usage
 */
export function requireConfigPlace(file: string, untrusted: Untrusted): void {
  const real = realPath(file);
  const inside = partWith(real, untrusted);
  if (inside !== undefined && !isUntracked(real, inside)) {
    throw new CondaDiffError('usage', `The configuration ${file} lies in the repository`, {
      hint: 'Keep it elsewhere, or call it conda-diff.yaml, which is never mirrored',
    });
  }
  if (!isBeside(real, untrusted.update)) return;
  throw new CondaDiffError('usage', `The configuration ${file} lies with the update`, {
    hint: 'Keep it on this machine: what comes with an update cannot say whom to trust',
  });
}

function isUntracked(file: string, repository: string): boolean {
  return file
    .slice(repository.length + 1)
    .split(sep)
    .some(isJunkName);
}

/** The repository, or what an allowed link of it leads to, if a file lies in it. */
function partWith(real: string, { repository, links = [] }: Untrusted): string | undefined {
  const root = repository !== undefined && existsSync(repository) ? [realPath(repository)] : [];
  return [...root, ...links.map(({ target }) => target)].find((part) => isAtOrBelow(part, dirname(real)));
}

function isBeside(path: string, directory: string | undefined): boolean {
  return directory !== undefined && dirname(path) === realPath(directory);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw asIoError(error, `Cannot resolve ${path}`);
  }
}

const MARKS = [REPODATA, join('noarch', REPODATA), join(STATE_DIRECTORY, 'hash-cache')];

/**
 * The repository that a directory looks to be in: it, or one above, has an index, a channel, or what we keep in every
 * repository.
 *
 * @param directory a real path
 * @returns `undefined` where nothing looks like a repository
 */
export function repositoryAround(directory: string): string | undefined {
  if (MARKS.some((name) => existsSync(join(directory, name)))) return directory;
  const above = dirname(directory);
  return above === directory ? undefined : repositoryAround(above);
}
