import { type Dirent, opendirSync } from 'node:fs';
import { asIoError } from './errors.js';
import { Listing, type ListingColumns } from './listing.js';

/** A directory as the system lists it, in any order; dot-files and dot-directories are left out. */
export interface ListedDirectory {
  /** The regular files. */
  readonly files: Listing;
  readonly directories: readonly string[];
  readonly links: readonly string[];
  /** Whether this is all of it. */
  readonly isWhole: boolean;
}

/** The same, on its way from another thread. */
export interface ListedColumns extends Omit<ListedDirectory, 'files'> {
  readonly files: ListingColumns;
}

/** Names that are taken from the system at a time. */
const LISTED_AT_ONCE = 1024;

/**
 * Lists a directory, until it is not wanted any more.
 *
 * @param directory absolute path
 * @param isStopped asked now and then, with the number of names so far
 * @throws CondaDiffError io, when it cannot be read
 */
export function listDirectory(directory: string, isStopped: (names: number) => boolean): ListedDirectory {
  const files = new Listing();
  const directories: string[] = [];
  const links: string[] = [];
  let names = 0;
  let isWhole = true;
  for (const item of itemsOf(directory)) {
    if (names++ % LISTED_AT_ONCE === 0 && isStopped(names)) {
      isWhole = false;
      break;
    }
    if (item.name.startsWith('.')) continue;
    if (item.isFile()) files.add(item.name);
    else if (item.isDirectory()) directories.push(item.name);
    else if (item.isSymbolicLink()) links.push(item.name);
  }
  return { files, directories, links, isWhole };
}

/** As {@link listDirectory}, for another thread. */
export function listForThread(directory: string, isStopped: () => boolean = () => false): ListedColumns {
  const { files, ...others } = listDirectory(directory, isStopped);
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
