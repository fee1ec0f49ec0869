import {
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  fsync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  read,
  renameSync,
  rmdirSync,
  rmSync,
  utimesSync,
  write,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { syncPath } from '../shared/atomic-file.js';
import { isSystemError } from '../shared/errors.js';
import { ifAllowed, type NewFiles, type Ownership, setOwnership, setTime } from '../shared/new-files.js';
import { createInBulk } from './bulk.js';

export type { Ownership };

/** A new file that is being written. */
export interface NewFile {
  /** The chunk must stay as it is until it is written. */
  write(chunk: Uint8Array): Promise<void>;
  setOwnership(ownership: Ownership): Promise<void>;
  /** @param mtime seconds since 1970 */
  setTime(mtime: number): Promise<void>;
  /** Makes its content and attributes durable, not its name. */
  sync(): Promise<void>;
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
  /**
   * Creates many small files at a time, each with content and attributes and durable; after an error, some of them are
   * there. The memory must stay as it is until then. Where a disk has no such way, they are created one by one.
   *
   * @throws CondaDiffError io, naming the file
   */
  readonly createWhole?: (files: NewFiles) => Promise<void>;
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

/**
 * The file system itself. What takes some microseconds is done at once: handing it to Node's threads takes ten times as
 * long. What waits for the disk, or moves many bytes, is handed over.
 */
export const realDisk: Disk = {
  create: soon((path, mode) => new OpenFile(openSync(path, 'wx', mode))),
  createWhole: createInBulk,
  makeDirectory: soon((path, mode) => {
    mkdirSync(path, { mode });
  }),
  setOwnership: soon((path, { mode, uid, gid }) => {
    ifAllowed(() => {
      chmodSync(path, mode);
    });
    ifAllowed(() => {
      chownSync(path, uid, gid);
    });
  }),
  setTime: soon((path, mtime) => {
    utimesSync(path, Date.now() / 1000, mtime);
  }),
  linkOrCopy,
  rename: soon(renameSync),
  remove: soon((path) => {
    rmSync(path, { force: true });
  }),
  removeDirectory: soon(removeDirectory),
  removeTree: async (path) => rm(path, { recursive: true, force: true }),
  syncFile: syncPath,
  syncDirectory: syncPath,
};

/** Work that is done at once, for those who wait for it. */
function soon<A extends unknown[], T>(work: (...args: A) => T): (...args: A) => Promise<T> {
  return (...args) =>
    new Promise((resolve) => {
      resolve(work(...args));
    });
}

/** Writing less takes less time than handing it over. */
const LITTLE_BYTES = 64 << 10;
const writeMuch = promisify(write);
const readMuch = promisify(read);
const syncWhole = promisify(fsync);

class OpenFile implements NewFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const rest = chunk.subarray(done);
      done +=
        rest.length <= LITTLE_BYTES
          ? writeSync(this.#descriptor, rest)
          : (await writeMuch(this.#descriptor, rest)).bytesWritten;
    }
  }

  setOwnership = soon((ownership: Ownership) => {
    setOwnership(this.#descriptor, ownership);
  });

  setTime = soon((mtime: number) => {
    setTime(this.#descriptor, mtime);
  });

  sync(): Promise<void> {
    return syncWhole(this.#descriptor);
  }

  close = soon(() => {
    closeSync(this.#descriptor);
  });
}

/** What link(2) fails with where it cannot work: no hard links, `protected_hardlinks`, another file system. */
const NO_LINKS = ['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'];

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    if (!lstatSync(from).isSymbolicLink()) {
      linkSync(from, to);
      return;
    }
  } catch (error) {
    if (!isSystemError(error) || !NO_LINKS.includes(error.code)) throw error;
  }
  await copy(from, to);
}

const COPY_BYTES = 1 << 20;

/** Copies a file, links followed, as far as the file system takes its mode and owner (copyfile of libuv insists). */
async function copy(from: string, to: string): Promise<void> {
  const source = openSync(from, 'r');
  try {
    const { mode, uid, gid, mtimeMs } = fstatSync(source);
    const file = new OpenFile(openSync(to, 'wx', 0o600));
    try {
      const buffer = Buffer.allocUnsafe(COPY_BYTES);
      for (let bytes = -1; bytes !== 0;) {
        bytes = (await readMuch(source, buffer, 0, COPY_BYTES, null)).bytesRead;
        await file.write(buffer.subarray(0, bytes));
      }
      await file.setOwnership({ mode: mode & 0o7777, uid, gid });
      await file.setTime(mtimeMs / 1000);
    } finally {
      await file.close();
    }
  } finally {
    closeSync(source);
  }
}

/** What rmdir(2) fails with where a directory stays. */
const KEPT = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY', 'EACCES', 'EPERM'];

function removeDirectory(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return true;
    if (isSystemError(error) && KEPT.includes(error.code)) return false;
    throw error;
  }
}
