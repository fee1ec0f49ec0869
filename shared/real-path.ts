import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { STATE_DIRECTORY } from './rules.js';

/** Whether a file or directory that exists lies in `root` (a real path) or is it, links followed; our own state does not. */
export function staysInside(root: string, path: string): boolean {
  const real = realpathSync(path);
  return real === root || (isBelow(root, real) && !isOwn(root, real));
}

/** Whether a real path lies in our own state in `root`, or is it. */
export function isOwn(root: string, real: string): boolean {
  const own = join(root, STATE_DIRECTORY);
  return real === own || isBelow(own, real);
}

function isBelow(directory: string, path: string): boolean {
  return path.startsWith(directory + sep);
}
