import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { isThere } from '../shared/is-there.js';
import { directoryOf } from '../shared/paths.js';
import { isOwn, staysInside } from '../shared/real-path.js';
import type { CommitAction } from './commit-plan.js';
import type { Layout } from './layout.js';

/**
 * Nothing outside of the repository is touched: no directory that a commit changes may lead out of it through a
 * link, into our own state, or nowhere.
 *
 * @throws CondaDiffError malformed, naming the link; io
 */
export function requireInside({ repository }: Layout, actions: readonly CommitAction[]): void {
  const changed = actions.filter(({ action }) => action !== 'retire').map(({ path }) => directoryOf(path));
  try {
    const root = realpathSync(repository);
    for (const path of new Set(changed)) requireDirectoryInside(root, nearest(repository, path));
  } catch (error) {
    throw asIoError(error, `Cannot resolve the links of ${repository}`);
  }
}

function requireDirectoryInside(root: string, directory: string): void {
  if (!existsSync(directory)) throw leadsOut(`${directory} is a link that leads nowhere`);
  if (staysInside(root, directory)) return;
  const real = realpathSync(directory);
  const where = isOwn(root, real) ? 'into our own state' : 'out of the repository';
  throw leadsOut(`${directory} leads ${where}, to ${real}`);
}

function leadsOut(message: string): CondaDiffError {
  return new CondaDiffError('malformed', message, {
    hint: 'Replace this link by a directory in the repository',
  });
}

/** What is at the path, or at the nearest one above it where something is. */
function nearest(repository: string, path: string): string {
  let directory = join(repository, path);
  while (!isThere(directory)) directory = dirname(directory);
  return directory;
}
