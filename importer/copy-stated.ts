import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { type FileHash, READ_BYTES } from '../shared/hashing.js';
import { openRegular } from '../shared/regular-file.js';
import type { Workbench } from './commit.js';
import type { NewFile } from './disk.js';

/**
 * Copies a file from a medium durably, if it is the one that was stated: it is hashed while it is copied, and gets its name
 * only if that is right. Of any other nothing stays.
 *
 * @param source a regular file, read once
 * @param target in a directory that exists; what is there is replaced
 * @param advance told of the bytes that were copied
 * @returns what was found; it was copied if that is what was stated
 * @throws CondaDiffError malformed, when there is no such file; io; interrupted
 */
export async function copyStated(
  { disk, signal }: Pick<Workbench, 'disk' | 'signal'>,
  source: string,
  target: string,
  stated: Pick<FileHash, 'size' | 'sha256'>,
  advance: (bytes: number) => void = () => undefined,
): Promise<FileHash> {
  const partial = `${target}.partial`;
  const handle = await openRegular(source);
  if (handle === undefined) throw new CondaDiffError('malformed', `${source} is not there any more`);
  try {
    await disk.remove(partial);
    const found = await copyInto(await disk.create(partial, 0o600), handle, stated.size, signal, advance);
    if (found.size !== stated.size || found.sha256 !== stated.sha256) {
      await disk.remove(partial);
      return found;
    }
    await disk.syncFile(partial);
    await disk.rename(partial, target);
    await disk.syncDirectory(dirname(target));
    return found;
  } catch (error) {
    await disk.remove(partial).catch(() => undefined); // the next run does it
    throw asIoError(error, `Cannot copy ${source}`);
  } finally {
    await handle.close();
  }
}

/** Copies to the end, or to where it is more than was stated: a device or a growing file has no end. */
async function copyInto(
  file: NewFile,
  from: FileHandle,
  limit: number,
  signal: AbortSignal,
  advance: (bytes: number) => void,
): Promise<FileHash> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let size = 0;
  try {
    while (size <= limit) {
      signal.throwIfAborted();
      const { bytesRead } = await from.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await file.write(chunk);
      size += bytesRead;
      advance(bytesRead);
    }
  } finally {
    await file.close();
  }
  return { size, sha256: hash.digest('hex') };
}
