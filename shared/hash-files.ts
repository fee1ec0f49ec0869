import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { asIoError } from './errors.js';
import { type Fingerprint, fingerprintOf, settledFingerprint } from './fingerprint.js';
import type { FileHash } from './hashing.js';
import { type ErrorMessage, packError } from './thread-message.js';

/** A file to hash. */
export interface FileToHash {
  readonly file: string;
  /** Whether its md5 is wanted, too. */
  readonly md5: boolean;
}

/** What a file hashed to, or why it could not be read. */
export type HashedFile = (FileHash & Seen) | { readonly error: ErrorMessage };

/** What a file was while it was read; neither is there when that changed. */
export interface Seen {
  /** Its fingerprint: a file with another one was written since. */
  readonly seen: Fingerprint | undefined;
  /** The same, if it also proves that a file which still has it was not written since. */
  readonly fingerprint: Fingerprint | undefined;
}

const READ_BYTES = 1 << 20;
let buffer: Buffer | undefined;

/**
 * Hashes files one after the other, each from its beginning to its end, without giving way to anything else: for
 * worker threads.
 *
 * @returns one result for each
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
    const before = fstatSync(descriptor);
    const sha256 = createHash('sha256');
    const md5 = wantsMd5 ? createHash('md5') : undefined;
    const size = readInto(descriptor, md5 === undefined ? [sha256] : [sha256, md5], isStopped);
    const after = fstatSync(descriptor);
    const isSame = fingerprintOf(before) === fingerprintOf(after);
    return {
      size,
      sha256: sha256.digest('hex'),
      ...(md5 && { md5: md5.digest('hex') }),
      seen: isSame ? fingerprintOf(after) : undefined,
      fingerprint: isSame ? settledFingerprint(after, begun) : undefined,
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
