import type { Stats } from 'node:fs';
import type { FileStatus } from './cache-table.js';
import { statIfThere } from './is-there.js';

/** What changes when a file is written, replaced or restored: size, times, inode. */
export type Fingerprint = string;

/**
 * The fingerprint of a file's status. Times are milliseconds with a fraction; doubles hold them to better than
 * a microsecond.
 */
export function fingerprintOf(stats: Stats): Fingerprint {
  return `${String(stats.size)} ${String(stats.mtimeMs)} ${String(stats.ctimeMs)} ${String(stats.ino)}`;
}

/** What a fingerprint says, as numbers. */
export function statusOf(fingerprint: Fingerprint): FileStatus {
  const [size = Number.NaN, mtimeMs = Number.NaN, ctimeMs = Number.NaN, ino = Number.NaN] = fingerprint
    .split(' ')
    .map(Number);
  return { size, mtimeMs, ctimeMs, ino };
}

/** The status of the regular file at `file` (symbolic links followed), or `undefined` when there is none. */
export function statFile(file: string): Stats | undefined {
  const stats = statIfThere(file);
  return stats?.isFile() ? stats : undefined;
}

/** The fingerprint of the regular file at `file`, or `undefined` when there is none. */
export function fingerprintOfFile(file: string): Fingerprint | undefined {
  const stats = statFile(file);
  return stats && fingerprintOf(stats);
}

/** File systems that keep times in steps keep them in steps of at most this: FAT, 2 s. */
const TIME_STEP_MS = 2000;

/**
 * The fingerprint of a file that is about to be read, if it proves the content: not when the file was written so
 * shortly before that it could be written again, to the same size, without getting another time.
 *
 * @param begun when reading began, milliseconds since 1970
 */
export function settledFingerprint(stats: Stats, begun: number): Fingerprint | undefined {
  return Math.max(stats.mtimeMs, stats.ctimeMs) <= begun - TIME_STEP_MS ? fingerprintOf(stats) : undefined;
}
