import type { FileHandle } from 'node:fs/promises';
import { asIoError, CondaDiffError, type ErrorCode } from './errors.js';
import { openRegular } from './regular-file.js';

/**
 * Reads a file once and whole.
 *
 * @param limit most bytes that it may have
 * @param code what it is if it is larger, or no regular file at all
 * @throws CondaDiffError io, also when it is not there
 */
export async function readWhole(file: string, limit: number, code: ErrorCode): Promise<Buffer> {
  const handle = await openRegular(file, { code });
  if (handle === undefined) throw new CondaDiffError('io', `Cannot read ${file}: there is no such file`);
  try {
    const { size } = await handle.stat();
    if (size > limit) throw tooLarge(file, limit, size, code);
    return await readAll(handle, size);
  } catch (error) {
    throw asIoError(error, `Cannot read ${file}`);
  } finally {
    await handle.close();
  }
}

/** Reads so many bytes, or fewer where the file was cut meanwhile. */
async function readAll(handle: FileHandle, size: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(size);
  let length = 0;
  for (let read = 1; read > 0 && length < size; length += read)
    read = (await handle.read(buffer, length, size - length, null)).bytesRead;
  return buffer.subarray(0, length);
}

function tooLarge(file: string, limit: number, size: number, code: ErrorCode): CondaDiffError {
  return new CondaDiffError(code, `${file} is too large`, {
    details: [`at most ${String(limit)} bytes are read, found ${String(size)}`],
  });
}
