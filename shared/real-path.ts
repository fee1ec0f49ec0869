import { realpathSync } from 'node:fs';
import { type AllowedLink, type Bounds, isWithin } from './bounds.js';

/** The bounds of a repository that exists. */
export function boundsOf(repository: string, links: readonly AllowedLink[]): Bounds {
  return { root: realpathSync(repository), links };
}

/** Whether a file or directory that exists lies within bounds, links followed. */
export function staysInside(bounds: Bounds, path: string): boolean {
  return isWithin(bounds, realpathSync(path));
}
