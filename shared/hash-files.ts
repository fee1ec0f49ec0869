import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { asIoError } from './errors.js';
import { type Fingerprint, settledFingerprint } from './fingerprint.js';
import type { FileHash } from './hashing.js';
import { type ErrorMessage, packError } from './thread-message.js';

/** A file to hash. */
export interface FileToHash {
  readonly file: string;
  /** Whether its md5 is wanted, too. */
  readonly md5: boolean;
}

/** What a file hashed to, or why it could not be read. */
export type HashedFile =
  (FileHash & { readonly fingerprint: Fingerprint | undefined }) | { readonly error: ErrorMessage };

const READ_BYTES = 1 << 20;
let buffer: Buffer | undefined;

/**
 * Hashes files one after the other, each from its beginning to its end, without giving way to anything else: for
 * worker threads.
 *
 * @returns one result for each; `fingerprint` is that of the file if it holds for the bytes that were read
 */
export function hashFiles(files: readonly FileToHash[], isStopped: () => boolean): HashedFile[] {
  return files.map(({ file, md5 }) => {
    try {
      return hashOne(file, md5, isStopped);
    } catch (error) {
      return { error: packError(asIoError(error, `Cannot read ${file}`)) };
    }
  });
}

function hashOne(file: string, wantsMd5: boolean, isStopped: () => boolean): HashedFile {
  const begun = Date.now();
  const descriptor = openSync(file, 'r');
  try {
    const before = settledFingerprint(fstatSync(descriptor), begun);
    const sha256 = createHash('sha256');
    const md5 = wantsMd5 ? createHash('md5') : undefined;
    const size = readInto(descriptor, md5 === undefined ? [sha256] : [sha256, md5], isStopped);
    const after = settledFingerprint(fstatSync(descriptor), begun);
    return {
      size,
      sha256: sha256.digest('hex'),
      ...(md5 && { md5: md5.digest('hex') }),
      fingerprint: before === after ? before : undefined,
    };
  } finally {
    closeSync(descriptor);
  }
}

function readInto(descriptor: number, hashes: readonly Hash[], isStopped: () => boolean): number {
  buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
  for (let size = 0; ;) {
    const bytes = readSync(descriptor, buffer, 0, READ_BYTES, null);
    if (bytes === 0 || isStopped()) return size;
    for (const hash of hashes) hash.update(buffer.subarray(0, bytes));
    size += bytes;
  }
}
