import { lstatSync, type Stats, statSync } from 'node:fs';
import { asIoError, isSystemError } from './errors.js';

/** Whether a system call failed because there is nothing at its path. */
export function isAbsent(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** The status of what is at a path, links followed; `undefined` when there is nothing, or a file above it. */
export function statIfThere(path: string): Stats | undefined {
  return lookAt(path, statSync);
}

/** The status of what is at a path, a link itself; `undefined` when there is nothing, or a file above it. */
export function lstatIfThere(path: string): Stats | undefined {
  return lookAt(path, lstatSync);
}

/** Without an error for what is not there, as far as the system call lets: one for each of many takes long. */
function lookAt(path: string, look: typeof statSync): Stats | undefined {
  try {
    return look(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Whether there is anything at a path, a link that leads nowhere included.
 *
 * @throws CondaDiffError io, when that cannot be told: what may not be seen is not absent
 */
export function isThere(path: string): boolean {
  try {
    return lstatIfThere(path) !== undefined;
  } catch (error) {
    throw asIoError(error, `Cannot read ${path}`);
  }
}
