import { createReadStream, type ReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { decodeBz2 } from './decode-bz2.js';
import { decodeZst, transformed } from './decode-zst.js';
import { asIoError, CondaDiffError, isSystemError } from './errors.js';

/** How the bytes of a file stand for those of a document. */
export type Encoding = 'identity' | 'zst' | 'bz2' | 'gz';

const CHUNK_SIZE = 256 * 1024;

/** The encoding of an index variant, by the extension of its name. */
export function encodingOf(fileName: string): Encoding {
  if (fileName.endsWith('.zst')) return 'zst';
  if (fileName.endsWith('.bz2')) return 'bz2';
  return fileName.endsWith('.gz') ? 'gz' : 'identity';
}

/**
 * Decodes a file of any size as a stream, in bounded memory: the window of a zst frame (8 MiB as a rule, at most 32 MiB on
 * Node 20 and 128 MiB later), one block of bz2 (under 100 MiB, for text that repeats itself; 6 MiB as a rule).
 * A file that is truncated, damaged, or followed by something else is an error, on every version of Node; so is an
 * empty one, but for `identity`.
 *
 * @param name what messages call the file
 * @throws CondaDiffError source when it cannot be decoded; io when it cannot be read
 */
export async function* decodeVariant(
  file: string,
  encoding: Encoding,
  name = file,
): AsyncGenerator<Uint8Array> {
  try {
    yield* decode(file, encoding);
  } catch (error) {
    if (isSystemError(error)) throw asIoError(error);
    const reason = error instanceof Error ? error.message : String(error);
    throw new CondaDiffError('source', `${name} cannot be decoded as ${encoding}: ${reason}`, {
      cause: error,
    });
  }
}

async function* decode(file: string, encoding: Encoding): AsyncGenerator<Uint8Array> {
  if (encoding === 'bz2') {
    yield* decodeBz2(file);
    return;
  }
  const chunks = createReadStream(file, { highWaterMark: CHUNK_SIZE });
  try {
    if (encoding === 'zst') yield* decodeZst(chunks);
    else if (encoding === 'gz') yield* decodeGz(chunks);
    else yield* chunks as AsyncIterable<Uint8Array>;
  } finally {
    chunks.destroy();
  }
}

async function* decodeGz(chunks: ReadStream): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_SIZE });
  yield* transformed(chunks, gunzip);
  // It stops without a word where zeros follow the data.
  if (gunzip.bytesWritten < chunks.bytesRead) {
    throw new Error(`something follows the data, at byte ${String(gunzip.bytesWritten)}`);
  }
}
