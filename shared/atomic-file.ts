import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsync, openSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { asIoError } from './errors.js';

const sync = promisify(fsync);

/** Size in bytes and sha256 in lower-case hex of what was written. */
export interface Written {
  readonly size: number;
  readonly sha256: string;
}

/** A name beside `file` for what is not complete yet; the pattern is one that no state tracks. */
export function partialName(file: string): string {
  return `${file}.${randomBytes(4).toString('hex')}.partial`;
}

/**
 * Writes a file so that it is there whole or not at all: temporary name, fsync, rename, fsync of the directory.
 *
 * @throws CondaDiffError io; the temporary file is removed
 */
export async function writeFileAtomically(
  file: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Written> {
  const partial = partialName(file);
  try {
    const written = await writeDurably(partial, chunks);
    await rename(partial, file);
    await syncPath(dirname(file));
    return written;
  } catch (error) {
    await rm(partial, { force: true });
    throw asIoError(error, `Cannot write ${file}`);
  }
}

/** Creates a file (it must not exist), writes and fsyncs it. */
export async function writeDurably(
  file: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Written> {
  const handle = await open(file, 'wx', 0o644);
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      await writeAll(handle, chunk);
      size += chunk.length;
    }
    await handle.sync();
    return { size, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

interface Writable {
  write(buffer: Uint8Array, offset: number): Promise<{ bytesWritten: number }>;
}

/** Writes the whole chunk: a single write may be short. */
export async function writeAll(handle: Writable, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length;) offset += (await handle.write(chunk, offset)).bytesWritten;
}

/**
 * Makes the content of a file, or the entries of a directory, durable (fsync, POSIX).
 *
 * @throws CondaDiffError io, naming the path, which the error of fsync does not
 */
export async function syncPath(path: string): Promise<void> {
  try {
    const descriptor = openSync(path, 'r');
    try {
      await sync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw asIoError(error, `Cannot sync ${path}`);
  }
}

/** Removes what interrupted runs left of {@link writeFileAtomically} in a directory; nobody else may be writing. */
export async function removePartials(directory: string): Promise<void> {
  for (const name of existsSync(directory) ? await readdir(directory) : []) {
    if (/\.[0-9a-f]{8}\.partial$/.test(name) && !name.startsWith('lock.'))
      await rm(join(directory, name), { force: true });
  }
}
