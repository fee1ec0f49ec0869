import { closeSync, fchmodSync, fchownSync, fsyncSync, futimesSync, openSync, writeSync } from 'node:fs';
import { asIoError, isSystemError } from './errors.js';

/** Permission bits and owner. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A new file whose whole content is in memory. */
export interface WholeFile {
  /** It must not exist. */
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
  /** Where its content begins in the memory, and how many bytes it has. */
  readonly at: number;
  readonly length: number;
  readonly ownership: Ownership;
  /** Seconds since 1970. */
  readonly mtime: number;
}

export interface NewFiles {
  readonly memory: SharedArrayBuffer;
  readonly files: readonly WholeFile[];
}

/**
 * So many are written before they are synced: the first fsync then often brings the metadata of all of them to the disk.
 * They are open until then, since only an open file is told of every failed write-back.
 */
const OPEN_AT_ONCE = 64;

/**
 * Creates files and makes each durable, content and attributes; their names are not. After an error some of them are there,
 * whole or in part.
 *
 * @param isStopped whether they are not wanted any more
 * @throws CondaDiffError io, naming the file
 */
export function createFiles({ memory, files }: NewFiles, isStopped: () => boolean = () => false): void {
  for (let first = 0; first < files.length && !isStopped(); first += OPEN_AT_ONCE)
    createSome(memory, files.slice(first, first + OPEN_AT_ONCE));
}

function createSome(memory: SharedArrayBuffer, files: readonly WholeFile[]): void {
  const open: { readonly name: string; readonly descriptor: number }[] = [];
  try {
    for (const file of files) {
      named(file, () => {
        const descriptor = openSync(file.path, 'wx', 0o600);
        open.push({ name: file.name, descriptor });
        write(descriptor, Buffer.from(memory, file.at, file.length));
        setOwnership(descriptor, file.ownership);
        setTime(descriptor, file.mtime);
      });
    }
    for (const one of open) {
      named(one, () => {
        fsyncSync(one.descriptor);
      });
    }
  } finally {
    for (const { descriptor } of open) closeSync(descriptor);
  }
}

function named({ name }: { readonly name: string }, step: () => void): void {
  try {
    step();
  } catch (error) {
    throw asIoError(error, `Cannot write ${name}`);
  }
}

/** A single write may be short. */
function write(descriptor: number, content: Buffer): void {
  for (let done = 0; done < content.length;) done += writeSync(descriptor, content, done);
}

/** Gives an open file mode and owner, as far as that is allowed. */
export function setOwnership(descriptor: number, { mode, uid, gid }: Ownership): void {
  ifAllowed(() => {
    fchmodSync(descriptor, mode);
  });
  ifAllowed(() => {
    fchownSync(descriptor, uid, gid);
  });
}

/** @param mtime seconds since 1970 */
export function setTime(descriptor: number, mtime: number): void {
  futimesSync(descriptor, Date.now() / 1000, mtime);
}

/** Only root may give files away, and FAT has neither owners nor modes: then a file stays as it is. */
export function ifAllowed(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EPERM') throw error;
  }
}
