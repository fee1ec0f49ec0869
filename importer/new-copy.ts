import { existsSync, realpathSync, statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asIoError, CondaDiffError, isSystemError } from '../shared/errors.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import type { Disk } from './disk.js';
import { layoutOf } from './layout.js';

/**
 * Makes the directory of a new copy, unless it is there.
 *
 * @returns whether it was made
 * @throws CondaDiffError usage, when something else is there; io
 */
export async function makeRepository(repository: string, disk: Disk): Promise<boolean> {
  if (existsSync(repository)) {
    if (statSync(repository).isDirectory()) return false;
    throw new CondaDiffError('usage', `${repository} is not a directory`);
  }
  try {
    await disk.makeDirectory(repository, 0o777);
    await disk.syncDirectory(dirname(repository));
    return true;
  } catch (error) {
    // Another run was faster.
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    throw asIoError(error, `Cannot create ${repository}`);
  }
}

/** Removes a repository that was made for an import that then changed nothing. */
export async function removeUnused(repository: string): Promise<void> {
  const layout = layoutOf(repository);
  if (existsSync(layout.journal) || existsSync(layout.committed)) return;
  const names = await readdir(repository);
  if (names.every((name) => name === STATE_DIRECTORY)) await rm(repository, { recursive: true });
}

/** The real path of a repository that need not exist yet. */
export function realRepository(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CondaDiffError('usage', `No such directory: ${parent}`);
  }
  return join(realpathSync(parent), basename(path));
}
