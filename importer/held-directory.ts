import { closeSync, constants, lstatSync, openSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { asIoError, CondaDiffError, isSystemError } from '../shared/errors.js';
import { DESCRIPTORS, HAS_DESCRIPTORS } from '../shared/opened-file.js';
import { isThere } from '../shared/is-there.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { isOwn, staysInside } from '../shared/real-path.js';

/** A directory that stays what it is while it is held, whatever becomes of its path. */
export interface HeldDirectory {
  /** Leads to the directory itself. */
  readonly path: string;
  readonly release: () => void;
}

/** open(2): only to name the file, which needs no right to read it. Node has no constant for it. */
const O_PATH = 0o10000000;
const NO_LINK = O_PATH | constants.O_NOFOLLOW;

/**
 * Opens a directory of a repository without leaving it: from the top down, each name by itself, and none of them a
 * link. A link that stays inside is resolved first, and the directory then reached by its real names. Whoever puts a
 * link in the place of a directory meanwhile finds it refused.
 *
 * Elsewhere than on Linux the path is only looked at: what is done directly afterwards can still be led astray.
 *
 * @param root real path of the repository
 * @param directory absolute path: the repository, or below it
 * @throws CondaDiffError malformed, when a link leads out of the repository or into our own state; system errors
 */
export function holdDirectory(root: string, directory: string): HeldDirectory {
  const names = namesBelow(root, directory);
  if (HAS_DESCRIPTORS) {
    try {
      return held(descend(root, names));
    } catch (error) {
      if (!isLink(error)) throw toldOf(error, directory);
    }
  }
  requireInside(root, directory);
  if (!HAS_DESCRIPTORS) return { path: directory, release: () => undefined };
  try {
    return held(descend(root, namesBelow(root, realpathSync(directory))));
  } catch (error) {
    throw isLink(error) ? leadsOut(directory) : toldOf(error, directory);
  }
}

/** The error of a system call on the way to a directory names that. */
function toldOf(error: unknown, directory: string): unknown {
  if (!isSystemError(error)) return error;
  const message = error.message.replace(/'\/proc\/self\/fd\/[^']*'/, () => `'${directory}'`);
  return Object.assign(error, { path: directory, message });
}

/**
 * Our own state is a directory in the repository, never a link: it is written to before anything else is looked at.
 *
 * @throws CondaDiffError malformed
 */
export function requireOwnDirectory(repository: string): void {
  const own = join(repository, STATE_DIRECTORY);
  if (!isThere(own) || !lstatSync(own).isSymbolicLink()) return;
  throw new CondaDiffError(
    'malformed',
    `${own} is a link; our own state must be a directory in the repository`,
    {
      hint: `Remove the link; what it points at may be moved to ${own} if it is on the same file system`,
    },
  );
}

/**
 * Opens what a name in a held directory stands for, without following it if it is a link.
 *
 * @returns `undefined` where that cannot be done
 */
export function holdFile(name: string): HeldDirectory | undefined {
  return HAS_DESCRIPTORS ? held(openSync(name, NO_LINK)) : undefined;
}

function held(descriptor: number): HeldDirectory {
  return {
    path: `${DESCRIPTORS}/${String(descriptor)}`,
    release: () => {
      closeSync(descriptor);
    },
  };
}

function descend(root: string, names: readonly string[]): number {
  let descriptor = openSync(root, NO_LINK | constants.O_DIRECTORY);
  for (const name of names) {
    const above = descriptor;
    try {
      descriptor = openSync(`${DESCRIPTORS}/${String(above)}/${name}`, NO_LINK | constants.O_DIRECTORY);
    } finally {
      closeSync(above);
    }
  }
  return descriptor;
}

/** What open(2) says of a link where a directory must be: ENOTDIR, or ELOOP where that is checked first. */
function isLink(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOTDIR' || error.code === 'ELOOP');
}

function namesBelow(root: string, directory: string): string[] {
  const path = relative(root, directory);
  return path === '' ? [] : path.split(sep);
}

/** Our own state is reached by its own name only. */
function requireInside(root: string, directory: string): void {
  try {
    if (!isOwn(root, directory) && staysInside(root, directory)) return;
  } catch (error) {
    throw asIoError(error);
  }
  throw leadsOut(directory);
}

function leadsOut(directory: string): CondaDiffError {
  return new CondaDiffError(
    'malformed',
    `${directory} is a link, or behind one, that leads out of the repository`,
    {
      hint: 'Replace this link by a directory in the repository, then run: conda-diff-import recover <repository>',
    },
  );
}
