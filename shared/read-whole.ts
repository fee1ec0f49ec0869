import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { asIoError, CondaDiffError, type ErrorCode } from './errors.js';

/** Named pipes are opened without waiting for a writer; they are then refused for what they are. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file once and whole.
 *
 * @param limit most bytes that it may have
 * @param code what it is if it is larger, or no file at all
 * @throws CondaDiffError io
 */
export async function readWhole(file: string, limit: number, code: ErrorCode): Promise<Buffer> {
  try {
    const handle = await open(file, FLAGS);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new CondaDiffError(code, `${file} is not a file`);
      if (stats.size > limit) throw tooLarge(file, limit, stats.size, code);
      const buffer = Buffer.allocUnsafe(stats.size);
      let length = 0;
      for (let read = 1; read > 0 && length < buffer.length; length += read)
        read = (await handle.read(buffer, length, buffer.length - length, null)).bytesRead;
      return buffer.subarray(0, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asIoError(error, `Cannot read ${file}`);
  }
}

function tooLarge(file: string, limit: number, size: number, code: ErrorCode): CondaDiffError {
  return new CondaDiffError(code, `${file} is too large`, {
    details: [`at most ${String(limit)} bytes are read, found ${String(size)}`],
  });
}
