import { realpathSync } from 'node:fs';
import { sep } from 'node:path';

/** Whether a directory that exists lies in `root` (a real path) or is it, links followed. */
export function staysInside(root: string, directory: string): boolean {
  const real = realpathSync(directory);
  return real === root || real.startsWith(root + sep);
}
