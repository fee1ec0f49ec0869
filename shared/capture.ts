import { constants } from 'node:fs';
import { copyFile, mkdir, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AllowedLink, Bounds } from './bounds.js';
import { asIoError, CondaDiffError, isSystemError } from './errors.js';
import { type Fingerprint, fingerprintOfFile } from './fingerprint.js';
import { openWithin, whereIs } from './opened-file.js';
import { boundsOf } from './real-path.js';

/** The metadata of a repository at one moment. */
export interface Capture {
  /** Where to read a captured path from. */
  readonly source: (path: string) => string;
  /** Paths that have changed since the capture began. */
  readonly moved: () => string[];
}

/**
 * Notes what the given files are now, and copies them to `copyTo` when that is given: whatever the mirror does
 * afterwards, the copies belong together if `moved` finds nothing directly after the capture.
 *
 * @param paths relative to the repository; all exist
 * @param links allowed links of the repository
 * @throws CondaDiffError source, when a file is none of the repository any more; io
 */
export async function capture(
  repository: string,
  paths: readonly string[],
  copyTo: string | undefined,
  links?: readonly AllowedLink[],
): Promise<Capture> {
  const before = new Map<string, Fingerprint | undefined>();
  for (const path of paths) before.set(path, fingerprintOfFile(join(repository, path)));
  const moved = (): string[] =>
    paths.filter((path) => fingerprintOfFile(join(repository, path)) !== before.get(path));
  if (copyTo === undefined) return { source: (path) => join(repository, path), moved };
  const bounds = boundsOf({ repository, links });
  for (const path of paths) await copy(bounds, join(repository, path), join(copyTo, path));
  return { source: (path) => join(before.has(path) ? copyTo : repository, path), moved };
}

/** Copies content and modification time, the latter in whole seconds: it stands in the archive. */
async function copy(bounds: Bounds, from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    const handle = await openWithin(bounds, from);
    if (handle === undefined) throw strays(from);
    try {
      await copyFile(whereIs(handle.fd, from).own, to, constants.COPYFILE_FICLONE);
      const seconds = Math.floor((await handle.stat()).mtimeMs / 1000);
      await utimes(to, seconds, seconds);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return;
    throw asIoError(error, `Cannot copy ${from} to ${to}`);
  }
}

/** The tree was listed before: a file that has become a link to elsewhere must not be carried. */
function strays(file: string): CondaDiffError {
  return new CondaDiffError('source', `${file} is no file of the repository any more`, {
    hint: 'Find out who put something else in its place',
  });
}
