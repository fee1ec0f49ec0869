import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { asIoError, CondaDiffError, isSystemError } from './errors.js';
import type { Manifest } from './manifest.js';
import { ManifestDecoder } from './manifest-decoder.js';
import { type Reference, ReferenceDecoder } from './reference.js';

interface Decoder<T> {
  push(chunk: Uint8Array): void;
  end(): T;
}

/** Reads a reference; one whose name ends in `.gz` is decompressed on the way. */
export async function readReference(file: string): Promise<Reference> {
  return readInto(file, await ReferenceDecoder.create(file));
}

/** Reads and checks a manifest. */
export async function readManifest(file: string): Promise<Manifest> {
  return readInto(file, await ManifestDecoder.create(file));
}

/**
 * Streams a file into a decoder.
 *
 * @throws CondaDiffError io when the file cannot be read, malformed when it is not gzip though it should be,
 *   and whatever the decoder throws
 */
async function readInto<T>(file: string, decoder: Decoder<T>): Promise<T> {
  const sink = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) decoder.push(chunk);
  };
  const source = createReadStream(file, { highWaterMark: 1 << 18 });
  try {
    if (file.endsWith('.gz')) await pipeline(source, createGunzip({ chunkSize: 1 << 18 }), sink);
    else await pipeline(source, sink);
  } catch (error) {
    throw isGzipError(error) ? notGzip(file, error) : asIoError(error, `Cannot read ${file}`);
  }
  return decoder.end();
}

function isGzipError(error: unknown): error is Error {
  return (
    error instanceof Error && !isSystemError(error) && 'code' in error && String(error.code).startsWith('Z_')
  );
}

function notGzip(file: string, cause: Error): CondaDiffError {
  return new CondaDiffError('malformed', `${file} is damaged: ${cause.message}`, {
    hint: 'Copy the file again from its source',
    cause,
  });
}
