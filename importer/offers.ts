import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { manifestBeside } from '../shared/locate.js';
import { seeVolume } from './see-volumes.js';
import type { VolumeSeen } from './volume-problems.js';

/** A file that may be a volume. */
export interface Offer {
  readonly path: string;
  readonly seen: VolumeSeen;
  /** Whether it was named, and not only found in a directory that was. */
  readonly isNamed: boolean;
}

/** What was brought to be staged. */
export interface Brought {
  /** Paths of manifests, each once. */
  readonly manifests: readonly string[];
  /** In the order in which they were named. */
  readonly offers: readonly Offer[];
}

const MANIFEST = /\.manifest\.json$/;
/** What belongs to a manifest and is taken over with it. */
const WITH_MANIFEST = /\.sig$|\.base\.json\.gz$/;
const VOLUME = /\.tar$/;

/**
 * Looks through the files and directories that were named: manifests, those beside volumes among them, and what may be
 * volumes.
 *
 * @throws CondaDiffError usage, when there is no such file; malformed, when what is called a volume is no file; io
 */
export async function findOffers(paths: readonly string[]): Promise<Brought> {
  const manifests = new Set<string>();
  const files = new Map<string, boolean>();
  for (const path of paths) {
    const isDirectory = isDirectoryAt(path);
    for (const file of isDirectory ? filesIn(path) : [path]) {
      if (MANIFEST.test(file)) manifests.add(file);
      else if (isDirectory ? VOLUME.test(file) : !WITH_MANIFEST.test(file)) {
        files.set(file, files.get(file) === true || !isDirectory);
        const beside = manifestBeside(file);
        if (!isDirectory && isFile(beside)) manifests.add(beside);
      }
    }
  }
  const offers: Offer[] = [];
  for (const [path, isNamed] of files) {
    const seen = await seeVolume(path);
    if (seen !== undefined) offers.push({ path, seen, isNamed });
  }
  return { manifests: [...manifests], offers };
}

function isDirectoryAt(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) return stats.isDirectory();
  throw new CondaDiffError('usage', `No such file or directory: ${path}`, {
    hint: 'Is the medium there? Name a volume, a manifest, or the directory that holds them',
  });
}

function filesIn(directory: string): string[] {
  try {
    const items = readdirSync(directory, { withFileTypes: true });
    return items
      .filter((item) => !item.isDirectory())
      .map(({ name }) => join(directory, name))
      .sort();
  } catch (error) {
    throw asIoError(error, `Cannot list ${directory}`);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
