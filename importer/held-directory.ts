import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { identityFrom, identityOf } from '../shared/allowed-links.js';
import { type AllowedLink, type Bounds, isAtOrBelow, isOwn, linkOf } from '../shared/bounds.js';
import { asIoError, CondaDiffError, isSystemError } from '../shared/errors.js';
import { DESCRIPTORS, HAS_DESCRIPTORS } from '../shared/opened-file.js';
import { isThere } from '../shared/is-there.js';
import { COMMIT_RECORD, JOURNAL } from '../shared/interrupted.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { staysInside } from '../shared/real-path.js';
import { NO_LINK_OUT } from './inside.js';

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
 * link in the place of a directory meanwhile finds it refused. What lies behind an allowed link is reached from the directory
 * that it led to at the beginning; where it leads elsewhere by now, that is refused.
 *
 * Elsewhere than on Linux the path is only looked at: what is done directly afterwards can still be led astray.
 *
 * @param bounds of the repository
 * @param directory absolute path: the repository, or below it
 * @throws CondaDiffError malformed, when a link leads out of the repository or into our own state; system errors
 */
export function holdDirectory(bounds: Bounds, directory: string): HeldDirectory {
  const way = wayTo(bounds, directory);
  if (HAS_DESCRIPTORS) {
    try {
      return held(descend(way));
    } catch (error) {
      if (!isLink(error)) throw toldOf(error, directory);
    }
  }
  requireInside(bounds, directory, way);
  if (!HAS_DESCRIPTORS) return { path: directory, release: () => undefined };
  try {
    return held(descend(realWayTo(bounds, realpathSync(directory))));
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
 * What an allowed link leads to holds nothing of ours but stage, undo and trash: a copy of its own is none of this one.
 *
 * @throws CondaDiffError usage; malformed, when our own state in it is a link
 */
export function requireFreeTargets(links: readonly AllowedLink[]): void {
  for (const { path, target } of links) {
    requireOwnDirectory(target);
    if (!COPY_MARKS.some((name) => isThere(join(target, STATE_DIRECTORY, name)))) continue;
    throw new CondaDiffError(
      'usage',
      `allowed-links: ${path} leads to ${target}, which is a repository itself`,
      {
        hint: 'Give the link a directory of its own',
      },
    );
  }
}

const COPY_MARKS = ['hash-cache', 'lock', 'last-import.json', JOURNAL, COMMIT_RECORD];

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

/** How a directory is reached: from the repository, or from what an allowed link leads to, by names that are no links. */
interface Way {
  readonly top: string;
  readonly link?: AllowedLink;
  readonly names: readonly string[];
}

/** @param directory as it is named, an allowed link followed */
function wayTo(bounds: Bounds, directory: string): Way {
  const names = namesBelow(bounds.root, directory);
  const link = linkOf(bounds.links, names.join('/'));
  if (link === undefined) return { top: bounds.root, names };
  if (identityOf(join(bounds.root, link.path)) !== link.identity) throw leadsOut(directory);
  return { top: link.target, link, names: names.slice(link.path.split('/').length) };
}

function realWayTo({ root, links }: Bounds, real: string): Way {
  const link = links.find(({ target }) => isAtOrBelow(target, real));
  const top = link?.target ?? root;
  return { top, ...(link && { link }), names: namesBelow(top, real) };
}

function descend({ top, link, names }: Way): number {
  let descriptor = openSync(top, NO_LINK | constants.O_DIRECTORY);
  if (link !== undefined && identityFrom(fstatSync(descriptor, { bigint: true })) !== link.identity) {
    closeSync(descriptor);
    throw leadsOut(link.target);
  }
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
function requireInside(bounds: Bounds, directory: string, { top, names }: Way): void {
  try {
    if (!isOwn(bounds, join(top, ...names)) && staysInside(bounds, directory)) return;
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
      hint: `${NO_LINK_OUT}; then run: conda-diff-import recover <repository>`,
    },
  );
}
