import { join } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { lstatIfThere, statIfThere } from '../shared/is-there.js';
import { directoryOf } from '../shared/paths.js';
import { shellWord } from '../shared/shell-word.js';

/** A directory where a file is to be, or a file where a directory is to be; an absolute path. */
export interface Obstacle {
  readonly path: string;
  readonly is: 'directory' | 'file';
}

/**
 * What stands where files are to be put, or where their directories are.
 *
 * @param paths of the files, in the repository
 * @throws Error of the system, when something may not be seen
 */
export function obstaclesTo(repository: string, paths: Iterable<string>): Obstacle[] {
  const found: Obstacle[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const place = join(repository, path);
    if (lstatIfThere(place)?.isDirectory() === true) found.push({ path: place, is: 'directory' });
    for (let above = directoryOf(path); above !== '' && !seen.has(above); above = directoryOf(above)) {
      seen.add(above);
      const directory = join(repository, above);
      if (statIfThere(directory)?.isDirectory() === false) found.push({ path: directory, is: 'file' });
    }
  }
  return found;
}

export function describeObstacle({ path, is }: Obstacle): string {
  return `${path} is in the way: it is a ${is}`;
}

/**
 * Nothing may stand where files are to be put back or put in their place, before any of them is.
 *
 * @param what cannot be done then
 * @param command to run once the way is free
 * @throws CondaDiffError io, naming everything that is in the way
 */
export function requireClear(
  repository: string,
  paths: Iterable<string>,
  { what, command }: { readonly what: string; readonly command: string },
): void {
  let obstacles: Obstacle[];
  try {
    obstacles = obstaclesTo(repository, paths);
  } catch (error) {
    throw asIoError(error, `Cannot look at ${repository}`);
  }
  if (obstacles.length === 0) return;
  throw new CondaDiffError('io', `${what}: something is in the way; nothing was changed`, {
    details: obstacles.map(describeObstacle),
    hint: `Move it to another place, then run: ${command} ${shellWord(repository)}`,
  });
}
