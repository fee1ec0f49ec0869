import { createHash, type Hash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { writeAll, type Written } from '../shared/atomic-file.js';
import { asIoError, CondaDiffError, isSystemError } from '../shared/errors.js';
import { type Fingerprint, fingerprintOf } from '../shared/fingerprint.js';
import type { Mismatch } from '../shared/identity.js';
import type { Entry } from '../shared/state.js';
import { END_BYTES, paddingBytes, type TarMark, tarHeader } from '../shared/tar-entry.js';

/** One file to put into an archive. */
export interface ArchiveFile extends Entry {
  /** Where it is read from. */
  readonly source: string;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** What the source was when the update was planned. */
  readonly fingerprint: Fingerprint;
}

const READ_BYTES = 1 << 20;

/**
 * Writes one archive, hashing every file on the way and the archive itself.
 *
 * @param file must not exist; it is fsynced but not renamed
 * @param mark names of owner and group of every entry
 * @param added called before each file is written
 * @throws CondaDiffError integrity, when files are not what the plan says; source, when files vanished or changed
 *   since (all of them are named); io
 */
export async function writeArchive(
  file: string,
  files: readonly ArchiveFile[],
  { added, signal, mark }: { added?: (path: string) => void; signal?: AbortSignal; mark?: TarMark } = {},
): Promise<Written> {
  const handle = await open(file, 'wx', 0o644).catch((error: unknown) => {
    throw asIoError(error, `Cannot write ${file}`);
  });
  try {
    const archive: Archive = {
      file,
      handle,
      mark,
      hash: createHash('sha256'),
      size: 0,
      buffer: Buffer.alloc(READ_BYTES),
    };
    const faults = new Faults();
    for (const item of files) {
      signal?.throwIfAborted();
      added?.(item.path);
      await addFile(archive, item, faults, signal);
    }
    faults.throwAny();
    await append(archive, Buffer.alloc(END_BYTES));
    await handle.sync();
    return { size: archive.size, sha256: archive.hash.digest('hex') };
  } catch (error) {
    throw asIoError(error, `Cannot write ${file}`);
  } finally {
    await handle.close();
  }
}

interface Archive {
  readonly file: string;
  readonly handle: FileHandle;
  readonly mark: TarMark | undefined;
  readonly hash: Hash;
  readonly buffer: Buffer;
  size: number;
}

async function append(archive: Archive, bytes: Uint8Array): Promise<void> {
  archive.hash.update(bytes);
  archive.size += bytes.length;
  await writeAll(archive.handle, bytes);
}

async function addFile(
  archive: Archive,
  item: ArchiveFile,
  faults: Faults,
  signal: AbortSignal | undefined,
): Promise<void> {
  let source: FileHandle;
  try {
    source = await open(item.source, 'r');
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT')
      throw asIoError(error, `Cannot read ${item.source}`);
    faults.moved.push(`${item.path}: it is gone`);
    return;
  }
  try {
    if (fingerprintOf(fstatSync(source.fd)) !== item.fingerprint)
      faults.moved.push(`${item.path}: it changed`);
    else await copyContent(archive, item, source, faults, signal);
  } finally {
    await source.close();
  }
}

async function copyContent(
  archive: Archive,
  item: ArchiveFile,
  source: FileHandle,
  faults: Faults,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  await append(archive, tarHeader(item, archive.mark));
  let left = item.size;
  while (left > 0) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(archive.buffer, 0, Math.min(left, READ_BYTES));
    if (bytesRead === 0) break;
    const chunk = archive.buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await append(archive, chunk);
    left -= bytesRead;
  }
  await append(archive, Buffer.alloc(paddingBytes(item.size)));
  const sha256 = hash.digest('hex');
  if (left === 0 && sha256 === item.sha256) return;
  const changed = fingerprintOf(fstatSync(source.fd)) !== item.fingerprint;
  if (changed) faults.moved.push(`${item.path}: it changed while it was read`);
  else faults.wrong.push({ path: item.path, expected: `sha256 ${item.sha256}`, found: `sha256 ${sha256}` });
}

/** Collects what is wrong, so that all of it is reported. */
class Faults {
  readonly moved: string[] = [];
  readonly wrong: Mismatch[] = [];

  throwAny(): void {
    if (this.wrong.length > 0) throw corruptFiles(this.wrong);
    if (this.moved.length === 0) return;
    throw new CondaDiffError(
      'source',
      `${String(this.moved.length)} planned files changed while the update was written`,
      {
        details: this.moved,
        hint: 'Run again when the mirror job has finished',
      },
    );
  }
}

/** The error for files that do not match their records. */
export function corruptFiles(wrong: readonly Mismatch[]): CondaDiffError {
  const count = wrong.length === 1 ? 'A file does' : `${String(wrong.length)} files do`;
  return new CondaDiffError('integrity', `${count} not match what the index says`, {
    details: wrong.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`),
    hint: 'Let the mirror download these files again; if they are right, its index is wrong or out of date',
  });
}
