import { realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { statFile } from '../shared/fingerprint.js';
import { asIoError } from '../shared/errors.js';
import { hashFile } from '../shared/hashing.js';
import type { Manifest } from '../shared/manifest.js';
import { staysInside } from '../shared/real-path.js';

/**
 * Files that an update removes and that are still on disk, unchanged, although the state is the target: someone
 * unpacked the archive with plain tar, or an import was interrupted near its end.
 *
 * @returns paths relative to the repository
 */
export async function leftovers(
  repository: string,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<string[]> {
  const found: string[] = [];
  const root = realpathSync(repository);
  for (const { path, size, sha256 } of manifest.removed) {
    const file = join(repository, path);
    if (statFile(file)?.size !== size || !staysInside(root, dirname(file))) continue;
    if ((await hashFile(file, { signal })).sha256 === sha256) found.push(path);
  }
  return found;
}

/**
 * @throws CondaDiffError io
 */
export async function removeLeftovers(repository: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await rm(join(repository, path), { force: true });
    } catch (error) {
      throw asIoError(error, `Cannot remove ${path}`);
    }
  }
}
