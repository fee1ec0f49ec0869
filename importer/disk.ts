import { constants } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
} from 'node:fs/promises';
import { syncPath, writeAll } from '../shared/atomic-file.js';
import { isSystemError } from '../shared/errors.js';

/** Permission bits and owner. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A new file that is being written. */
export interface NewFile {
  write(chunk: Uint8Array): Promise<void>;
  /** Closes it without making it durable. */
  close(): Promise<void>;
}

/**
 * Every change that an import makes to a file system goes through here, so that the tests can stop, fail, record
 * and replay it. Nothing is durable before the file, and the directory that its name is in, are synced.
 */
export interface Disk {
  /** Creates a file; it must not exist. */
  create(path: string, mode: number): Promise<NewFile>;
  makeDirectory(path: string, mode: number): Promise<void>;
  setOwnership(path: string, ownership: Ownership): Promise<void>;
  /** @param mtime seconds since 1970 */
  setTime(path: string, mtime: number): Promise<void>;
  /**
   * Makes a second name for a file, or a copy with its mode, owner and time where the file system gives it none
   * and of what a symbolic link points at.
   */
  linkOrCopy(from: string, to: string): Promise<void>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; it need not be there. */
  remove(path: string): Promise<void>;
  /** Removes a directory if it is empty and may be removed; says whether it is gone. */
  removeDirectory(path: string): Promise<boolean>;
  /** Removes a directory of ours with everything in it; it need not be there. */
  removeTree(path: string): Promise<void>;
  syncFile(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

/** The file system itself. */
export const realDisk: Disk = {
  create: async (path, mode) => new OpenFile(await open(path, 'wx', mode)),
  makeDirectory: async (path, mode) => {
    await mkdir(path, { mode });
  },
  setOwnership: async (path, { mode, uid, gid }) => {
    await ifAllowed(chmod(path, mode));
    await ifAllowed(chown(path, uid, gid));
  },
  setTime: async (path, mtime) => utimes(path, Date.now() / 1000, mtime),
  linkOrCopy,
  rename,
  remove: async (path) => rm(path, { force: true }),
  removeDirectory,
  removeTree: async (path) => rm(path, { recursive: true, force: true }),
  syncFile: syncPath,
  syncDirectory: syncPath,
};

class OpenFile implements NewFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await writeAll(this.#handle, chunk);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Only root may give files away, and FAT has neither owners nor modes: then a file stays as it is. */
async function ifAllowed(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EPERM') throw error;
  }
}

/** What link(2) fails with where it cannot work: no hard links, `protected_hardlinks`, another file system. */
const NO_LINKS = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'];

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    if (!(await lstat(from)).isSymbolicLink()) {
      await link(from, to);
      return;
    }
  } catch (error) {
    if (!isSystemError(error) || !NO_LINKS.includes(error.code)) throw error;
  }
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const { uid, gid, atime, mtime } = await stat(from);
  await ifAllowed(chown(to, uid, gid));
  await utimes(to, atime, mtime);
}

/** What rmdir(2) fails with where a directory stays. */
const KEPT = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY', 'EACCES', 'EPERM'];

async function removeDirectory(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return true;
    if (isSystemError(error) && KEPT.includes(error.code)) return false;
    throw error;
  }
}
