import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bounds, isOwn } from '../shared/bounds.js';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { isThere } from '../shared/is-there.js';
import { directoryOf } from '../shared/paths.js';
import { boundsOf, staysInside } from '../shared/real-path.js';
import type { CommitAction } from './commit-plan.js';
import type { Journal } from './journal.js';
import { areasFor, type Layout } from './layout.js';

/**
 * Nothing outside of the repository is touched: no directory that a commit changes may lead out of it through a
 * link that is not allowed to, into our own state, or nowhere.
 *
 * @throws CondaDiffError malformed, naming the link; io
 */
export function requireInside(layout: Layout, actions: readonly CommitAction[]): void {
  const { repository } = layout;
  const changed = actions.filter(({ action }) => action !== 'retire').map(({ path }) => directoryOf(path));
  try {
    const bounds = boundsOf(layout);
    for (const path of new Set(changed)) requireDirectoryInside(bounds, nearest(repository, path));
  } catch (error) {
    throw asIoError(error, `Cannot resolve the links of ${repository}`);
  }
}

/**
 * A commit is ended, or undone, with the allowed links that it was made with: without one of them a part of the state would
 * seem to be missing. A link that is gone, because a directory took its place, needs no leave.
 *
 * @throws CondaDiffError usage, naming the links
 */
export function requireSameLinks(layout: Layout, { links: before }: Pick<Journal, 'links'>): void {
  const { repository, links } = layout;
  const bounds = boundsOf(layout);
  const lost = before
    .filter((path) => !links.some((link) => link.path === path))
    .map((path) => join(repository, path))
    .filter((file) => isThere(file) && !(existsSync(file) && staysInside(bounds, file)));
  if (lost.length === 0) return;
  throw new CondaDiffError('usage', `The last import of ${repository} was made with other allowed links`, {
    details: lost.map(
      (file) => `${file} leads out of the repository, and the configuration does not allow it`,
    ),
    hint: "Name these links under 'allowed-links' in the file that --config names",
  });
}

/**
 * A commit is ended only where all of its files are: a link to the mount point of a disk that is not mounted leads to an
 * empty directory, in which nothing seems to be done. Each area of a commit is there, durably, before its journal is.
 *
 * @throws CondaDiffError io, naming the links
 */
export function requireMounted(layout: Layout, { links, kind, actions }: Journal): void {
  const changed = actions.filter(({ action }) => action !== 'retire').map(({ path }) => path);
  const there = layout.links.filter(({ path }) => links.includes(path));
  const lost = areasFor({ ...layout, links: there }, changed).filter(({ own }) => !isThere(own));
  if (lost.length === 0) return;
  throw new CondaDiffError(
    'io',
    `The interrupted ${kind} of ${layout.repository} cannot be ended without all of its disks`,
    {
      details: lost.map(({ own }) => `${own} is not there, where the ${kind} keeps its files`),
      hint: 'Mount the disks that the allowed links lead to, then run: conda-diff-import recover <repository>',
    },
  );
}

function requireDirectoryInside(bounds: Bounds, directory: string): void {
  if (!existsSync(directory)) throw leadsOut(`${directory} is a link that leads nowhere`);
  if (staysInside(bounds, directory)) return;
  const real = realpathSync(directory);
  const where = isOwn(bounds, real) ? 'into our own state' : 'out of the repository';
  throw leadsOut(`${directory} leads ${where}, to ${real}`);
}

/** What to do about a link that leads out. */
export const NO_LINK_OUT =
  "Replace this link by a directory in the repository, or name it under 'allowed-links' in the configuration";

function leadsOut(message: string): CondaDiffError {
  return new CondaDiffError('malformed', message, {
    hint: NO_LINK_OUT,
  });
}

/** What is at the path, or at the nearest one above it where something is. */
function nearest(repository: string, path: string): string {
  let directory = join(repository, path);
  while (!isThere(directory)) directory = dirname(directory);
  return directory;
}
