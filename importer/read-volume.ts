import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ALONE_BYTES, amountIn, CHUNK_BYTES, chunksOf, type FixedPart } from '../shared/archive-chunks.js';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import type { Mismatch } from '../shared/identity.js';
import type { ShippedFile, Volume } from '../shared/manifest.js';
import { NO_PROGRESS, type Progress } from '../shared/progress.js';
import { openRegular } from '../shared/regular-file.js';
import { BLOCK_BYTES, describeHeader, type TarMark } from '../shared/tar-entry.js';
import { VolumeHashes } from './volume-hashes.js';
import { missingArchive, wrongSize } from './volume-problems.js';

/** A stretch of a file's content in memory. */
export interface ContentPart {
  readonly file: ShippedFile;
  /** Where it begins in the file, and in the memory. */
  readonly from: number;
  readonly at: number;
  /** Bytes. */
  readonly length: number;
  readonly isLast: boolean;
}

/** Receives the content of the shipped files. */
export interface FileSink {
  /**
   * Takes what is in one stretch of the archive after the other. It has the right hash or will be reported as wrong.
   *
   * @returns what goes on afterwards; the memory must stay as it is until it is done
   */
  take(
    contents: readonly ContentPart[],
    memory: SharedArrayBuffer,
  ): Promise<{ readonly done: Promise<void> }>;
}

/**
 * Reads one archive against the manifest. Its layout follows from the manifest, so nothing in the archive is
 * interpreted: it is read in the chunks that it must consist of, and whatever else than content stands in them is the
 * expected bytes, or the archive is refused. Worker threads hash what was read, while it is passed on from the same memory.
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
  progress: Progress = NO_PROGRESS,
): Promise<Mismatch[]> {
  const path = join(directory, volume.name);
  const handle = await openRegular(path);
  if (handle === undefined) throw missingArchive(path);
  try {
    const { size } = await handle.stat();
    if (size !== volume.size) throw wrongSize(path, volume.size, size);
    const hashes = new VolumeHashes(files, size < ALONE_BYTES, signal);
    try {
      await readChunks({ path, handle, files, hashes, sink, signal, progress }, volume, mark);
      const { wrong, sha256 } = await hashes.end();
      if (wrong.length === 0 && sha256 !== volume.sha256) throw notTheArchive(path, volume, sha256);
      return wrong;
    } finally {
      await hashes.settle();
    }
  } catch (error) {
    throw asIoError(error, `Cannot read ${path}`);
  } finally {
    await handle.close();
  }
}

interface Reading {
  readonly path: string;
  readonly handle: FileHandle;
  readonly files: readonly ShippedFile[];
  readonly hashes: VolumeHashes;
  readonly sink: FileSink;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

async function readChunks(reading: Reading, volume: Volume, mark: TarMark): Promise<void> {
  const { path, handle, files, hashes, sink, signal, progress } = reading;
  let offset = 0;
  for (const chunk of chunksOf(files, mark, CHUNK_BYTES)) {
    signal.throwIfAborted();
    const memory = await hashes.memory();
    const bytes = Buffer.from(memory, 0, chunk.length);
    const there = await fill(handle, bytes);
    for (const part of chunk.fixed)
      if (part.at + part.bytes.length <= there) requireFixed(path, part, bytes, files);
    if (there < chunk.length) throw cutOff(path);
    offset += chunk.length;
    const keep = hashes.add(chunk, memory, {
      isFirst: offset === chunk.length,
      isLast: offset === volume.size,
    });
    const contents = chunk.pieces.map(({ file, from, at, length, isLast }): ContentPart => {
      return { file: files[file] as ShippedFile, from, at, length, isLast };
    });
    keep((await sink.take(contents, memory)).done);
    const { files: ended, bytes: content } = amountIn(chunk);
    progress.advance(ended, content);
  }
  if (offset !== volume.size) throw unaccounted(path, 'after its end');
}

/** Reads on until the buffer is full or the file ends. */
async function fill(handle: FileHandle, bytes: Buffer): Promise<number> {
  let done = 0;
  for (let read = -1; done < bytes.length && read !== 0; done += read)
    read = (await handle.read(bytes, done, bytes.length - done, null)).bytesRead;
  return done;
}

function requireFixed(
  path: string,
  { part, file, at, bytes }: FixedPart,
  chunk: Buffer,
  files: readonly ShippedFile[],
): void {
  const found = chunk.subarray(at, at + bytes.length);
  if (found.equals(bytes)) return;
  const shipped = files[file];
  if (part === 'header' && shipped !== undefined) throw unexpectedHeader(path, shipped, found);
  throw unaccounted(path, shipped === undefined ? 'at its end' : `after ${shipped.path}`);
}

function cutOff(path: string): CondaDiffError {
  return new CondaDiffError('integrity', `${path} is cut off`, {
    hint: 'Copy the archive again from its source',
  });
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

function notTheArchive(path: string, { sha256 }: Volume, found: string): CondaDiffError {
  return new CondaDiffError('integrity', `${path} is not the archive that the manifest names`, {
    details: [`expected sha256 ${sha256}, found ${found}`],
    hint: 'Copy the archive again from its source',
  });
}
