import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * How a journal names the state directory (`--state-dir`), so that recovery needs no flag: relative to the repository
 * where it lies within, because then it moves along; else absolute.
 */
export function storedPlace(repository: string, stateDirectory: string): string {
  const path = relative(repository, stateDirectory);
  return problemOf(path) === undefined ? path.split(sep).join('/') : resolve(stateDirectory);
}

/** The state directory that a journal names. */
export function placeStored(repository: string, stored: string): string {
  return resolve(repository, stored);
}

/** Says why a journal cannot name a state directory so, or `undefined` when it can. */
export function storedProblem(stored: string): string | undefined {
  if (stored.includes('\0')) return 'has a zero byte';
  if (isAbsolute(stored))
    return resolve(stored) === stored ? undefined : 'is not the shortest form of its path';
  return problemOf(stored);
}

function problemOf(path: string): string | undefined {
  if (isAbsolute(path)) return 'is absolute';
  const parts = path.split('/');
  return parts.some((part) => part === '' || part === '.' || part === '..')
    ? 'is not a path within the repository'
    : undefined;
}
