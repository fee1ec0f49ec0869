import { realpathSync } from 'node:fs';
import { sep } from 'node:path';

/** Whether a file or directory that exists lies in `root` (a real path) or is it, links followed. */
export function staysInside(root: string, path: string): boolean {
  const real = realpathSync(path);
  return real === root || real.startsWith(root + sep);
}
