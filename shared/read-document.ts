import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { asIoError, CondaDiffError, isSystemError } from './errors.js';
import type { FileHash } from './hashing.js';
import { isAbsent } from './is-there.js';
import type { Manifest } from './manifest.js';
import { ManifestDecoder } from './manifest-decoder.js';
import type { Reference } from './reference.js';
import { ReferenceDecoder } from './reference-decoder.js';
import { openRegular } from './regular-file.js';

/**
 * How much more a compressed reference may become, in bytes: half of an entry is a hash, which does not compress. So
 * what is read stays within a fixed multiple of what lies on the medium; small files may expand as they like.
 */
const MAX_EXPANSION = 16;
const FREE_BYTES = 1 << 24;

interface Decoder<T> {
  push(chunk: Uint8Array): void;
  end(): T;
}

/** Reads a reference; one whose name ends in `.gz` is decompressed on the way. */
export async function readReference(file: string): Promise<Reference> {
  return readInto(file, await ReferenceDecoder.create(file));
}

/**
 * Reads a reference and hashes, on the way, the very bytes that it is parsed from: what they are worth is known at the
 * end, and the file is never read a second time.
 */
export async function readHashedReference(
  file: string,
): Promise<{ readonly reference: Reference; readonly found: FileHash }> {
  const hash = createHash('sha256');
  let size = 0;
  const reference = await readInto(file, await ReferenceDecoder.create(file), (chunk) => {
    hash.update(chunk);
    size += chunk.length;
  });
  return { reference, found: { size, sha256: hash.digest('hex') } };
}

/** Reads and checks a manifest. */
export async function readManifest(file: string): Promise<Manifest> {
  return readInto(file, await ManifestDecoder.create(file));
}

/**
 * Streams a document of ours through its decoder.
 *
 * @returns `undefined` when it is not there
 * @throws CondaDiffError io, also when it cannot be told whether it is there; whatever the decoder throws
 */
export async function readIfThere<T>(
  file: string,
  decode: (chunks: AsyncIterable<Uint8Array>, name: string) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await decode(chunksOf(file), file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw asIoError(withoutSource(error, file), `Cannot read ${file}`);
  }
}

/** A document of ours has no source to copy it from again. */
function withoutSource(error: unknown, file: string): unknown {
  if (!(error instanceof CondaDiffError)) return error;
  const { code, message, details } = error;
  const hint = [
    'There is no other copy of it, and the files that are served do not depend on it. docs/operations.md, "A document of',
    'ours is damaged", says what goes with it; then move it away:',
    `  mv ${file} ${file}.damaged`,
  ].join('\n');
  return new CondaDiffError(code, message, { details, hint, cause: error });
}

/** Opens the file when the first chunk is asked for: whoever asks gets the error. */
async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file, { highWaterMark: 1 << 18 });
}

/**
 * Streams a file into a decoder.
 *
 * @param each receives every chunk as it stands in the file
 * @throws CondaDiffError io when the file cannot be read, malformed when it is not gzip though it should be,
 *   and whatever the decoder throws
 */
async function readInto<T>(
  file: string,
  decoder: Decoder<T>,
  each: (chunk: Uint8Array) => void = () => undefined,
): Promise<T> {
  let refusal: { readonly error: unknown } | undefined;
  const sink = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) {
      try {
        left -= chunk.length;
        if (left < 0)
          throw new CondaDiffError('malformed', `${file} expands to far more than a reference can`);
        decoder.push(chunk);
      } catch (error) {
        refusal = { error };
        throw error;
      }
    }
  };
  const handle = await openRegular(file);
  if (handle === undefined) throw new CondaDiffError('io', `Cannot read ${file}: there is no such file`);
  const source = told(handle.createReadStream({ highWaterMark: 1 << 18 }), each);
  const { size } = await handle.stat();
  const gunzip = file.endsWith('.gz') ? createGunzip({ chunkSize: 1 << 18 }) : undefined;
  let left = gunzip === undefined ? Infinity : FREE_BYTES + MAX_EXPANSION * size;
  try {
    if (gunzip === undefined) await pipeline(source, sink);
    else await pipeline(source, gunzip, sink);
  } catch (error) {
    // The pipeline may end with the error of a stream that it stopped because of the refusal.
    if (refusal !== undefined) throw refusal.error;
    if (isAbort(error)) throw notGzip(file, new Error(FOLLOWED));
    throw isGzipError(error) ? notGzip(file, error) : asIoError(error, `Cannot read ${file}`);
  }
  // Node 24 stops without a word where zeros follow; others abort.
  if (gunzip !== undefined && gunzip.bytesWritten < size) throw notGzip(file, new Error(FOLLOWED));
  return decoder.end();
}

const FOLLOWED = 'something follows its end';

async function* told(
  chunks: AsyncIterable<Uint8Array>,
  each: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    each(chunk);
    yield chunk;
  }
}

function isGzipError(error: unknown): error is Error {
  return (
    error instanceof Error && !isSystemError(error) && 'code' in error && String(error.code).startsWith('Z_')
  );
}

/** What a pipeline ends with where a gunzip stops before its input does: at what is no further member. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function notGzip(file: string, cause: Error): CondaDiffError {
  return new CondaDiffError('malformed', `${file} is damaged: ${cause.message}`, {
    hint: 'Copy the file again from its source',
    cause,
  });
}
