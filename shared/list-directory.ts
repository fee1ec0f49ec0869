import { type Dirent, opendirSync } from 'node:fs';
import { asIoError } from './errors.js';
import { Listing, type ListingColumns } from './listing.js';

/** A directory as the system lists it, in any order; dot-files and dot-directories are left out. */
export interface DirectoryListed {
  /** The regular files. */
  readonly files: Listing;
  readonly directories: readonly string[];
  readonly links: readonly string[];
}

/** The same, on its way from another thread. */
export interface DirectoryColumns extends Omit<DirectoryListed, 'files'> {
  readonly files: ListingColumns;
}

/** Names that are taken from the system at a time. */
const LISTED_AT_ONCE = 1024;

/**
 * Lists a directory.
 *
 * @param directory absolute path
 * @param atMost how many names may be in it
 * @returns `undefined` when there are more
 * @throws CondaDiffError io, when it cannot be read
 */
export function listDirectory(directory: string, atMost = Infinity): DirectoryListed | undefined {
  const files = new Listing();
  const directories: string[] = [];
  const links: string[] = [];
  let names = 0;
  for (const item of itemsOf(directory)) {
    if (++names > atMost) return undefined;
    if (item.name.startsWith('.')) continue;
    if (item.isFile()) files.add(item.name);
    else if (item.isDirectory()) directories.push(item.name);
    else if (item.isSymbolicLink()) links.push(item.name);
  }
  return { files, directories, links };
}

/** As {@link listDirectory}, whatever is in it; for other threads. */
export function listForThread(directory: string): DirectoryColumns {
  const { files, ...others } = listDirectory(directory)!;
  return { files: files.columns(), ...others };
}

/** Does not hold a whole directory at once: there may be a million files in it. */
function* itemsOf(directory: string): Generator<Dirent> {
  try {
    const handle = opendirSync(directory, { bufferSize: LISTED_AT_ONCE });
    try {
      for (let item = handle.readSync(); item !== null; item = handle.readSync()) yield item;
    } finally {
      handle.closeSync();
    }
  } catch (error) {
    throw asIoError(error, `Cannot list ${directory}`);
  }
}
