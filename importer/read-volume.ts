import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import type { Mismatch } from '../shared/identity.js';
import type { ShippedFile, Volume } from '../shared/manifest.js';
import { openRegular } from '../shared/regular-file.js';
import {
  BLOCK_BYTES,
  describeHeader,
  END_BYTES,
  paddingBytes,
  type TarMark,
  tarHeader,
} from '../shared/tar-entry.js';
import { wrongSize } from './volume-problems.js';

/** Receives the content of the shipped files, one after the other. */
export interface FileSink {
  begin(file: ShippedFile): Promise<void>;
  write(chunk: Uint8Array): Promise<void>;
  /** The whole content was passed on; it has the right hash or will be reported as wrong. */
  end(file: ShippedFile): Promise<void>;
}

const READ_BYTES = 1 << 20;

/**
 * Reads one archive against the manifest. Every header follows from the manifest, so nothing in the archive is
 * interpreted: its bytes are the expected ones, or it is refused.
 *
 * @param files those of the manifest that this volume holds, in order
 * @param mark what its headers carry as owner and group
 * @returns the files whose content is wrong
 * @throws CondaDiffError malformed, when there is anything else in the archive than the manifest says; integrity,
 *   when it is cut off or altered; io
 */
export async function readVolume(
  directory: string,
  volume: Volume,
  files: readonly ShippedFile[],
  mark: TarMark,
  sink: FileSink,
  signal: AbortSignal,
): Promise<Mismatch[]> {
  const path = join(directory, volume.name);
  const handle = await openRegular(path);
  if (handle === undefined) throw gone(path);
  try {
    const reader = new VolumeReader(path, handle);
    const { size } = await handle.stat();
    if (size !== volume.size) throw wrongSize(path, volume.size, size);
    const wrong: Mismatch[] = [];
    for (const file of files) {
      signal.throwIfAborted();
      const mismatch = await readFile(reader, file, mark, sink);
      if (mismatch) wrong.push(mismatch);
    }
    await expectEnd(reader, volume.size);
    const sha256 = reader.hash.digest('hex');
    if (wrong.length === 0 && sha256 !== volume.sha256) {
      throw new CondaDiffError('integrity', `${path} is not the archive that the manifest names`, {
        details: [`expected sha256 ${volume.sha256}, found ${sha256}`],
        hint: 'Copy the archive again from its source',
      });
    }
    return wrong;
  } catch (error) {
    throw asIoError(error, `Cannot read ${path}`);
  } finally {
    await handle.close();
  }
}

/** Reads forward, hashing everything. */
class VolumeReader {
  readonly path: string;
  readonly hash = createHash('sha256');
  /** How many bytes were read. */
  offset = 0;
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.alloc(READ_BYTES);

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Up to `length` bytes, valid until the next call. */
  async some(length: number): Promise<Buffer> {
    const { bytesRead } = await this.#handle.read(this.#buffer, 0, Math.min(length, READ_BYTES), null);
    if (bytesRead === 0) {
      throw new CondaDiffError('integrity', `${this.path} is cut off`, {
        hint: 'Copy the archive again from its source',
      });
    }
    const chunk = this.#buffer.subarray(0, bytesRead);
    this.hash.update(chunk);
    this.offset += bytesRead;
    return chunk;
  }

  /** Exactly `length` bytes. */
  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0;) {
      const part = Buffer.from(await this.some(left));
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }
}

async function readFile(
  reader: VolumeReader,
  file: ShippedFile,
  mark: TarMark,
  sink: FileSink,
): Promise<Mismatch | undefined> {
  const expected = tarHeader(file, mark);
  const found = await reader.exactly(expected.length);
  if (!found.equals(expected)) throw unexpectedHeader(reader.path, file, found);
  await sink.begin(file);
  const hash = createHash('sha256');
  for (let left = file.size; left > 0;) {
    const chunk = await reader.some(left);
    hash.update(chunk);
    await sink.write(chunk);
    left -= chunk.length;
  }
  await expectZeros(reader, paddingBytes(file.size), `after ${file.path}`);
  await sink.end(file);
  const sha256 = hash.digest('hex');
  if (sha256 === file.sha256) return undefined;
  return { path: file.path, expected: `sha256 ${file.sha256}`, found: `sha256 ${sha256}` };
}

async function expectEnd(reader: VolumeReader, size: number): Promise<void> {
  await expectZeros(reader, END_BYTES, 'at its end');
  if (reader.offset !== size) throw unaccounted(reader.path, 'after its end');
}

async function expectZeros(reader: VolumeReader, length: number, where: string): Promise<void> {
  const bytes = await reader.exactly(length);
  if (bytes.every((byte) => byte === 0)) return;
  throw unaccounted(reader.path, where);
}

function unaccounted(path: string, where: string): CondaDiffError {
  return new CondaDiffError(
    'malformed',
    `${path} holds bytes ${where} that the manifest does not account for`,
    { hint: 'Copy the archive again from its source' },
  );
}

function unexpectedHeader(path: string, file: ShippedFile, found: Buffer): CondaDiffError {
  const block = found.subarray(found.length - BLOCK_BYTES);
  return new CondaDiffError('malformed', `${path} does not hold what the manifest says`, {
    details: [
      `expected the file '${file.path}' of ${String(file.size)} bytes, found ${describeHeader(block)}`,
    ],
    hint: 'Copy the update again from its source; archive and manifest must be of the same update',
  });
}

function gone(path: string): CondaDiffError {
  return new CondaDiffError('malformed', `The archive ${path} is missing`, {
    hint: 'Copy all files of the update into one directory, with the names that they had',
  });
}
