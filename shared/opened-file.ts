import { constants, existsSync, fstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import process from 'node:process';
import { type Bounds, isWithin } from './bounds.js';

/**
 * Node has no openat(2). On Linux what is open can be named `/proc/self/fd/<n>` instead (proc(5)): such a path, and one
 * below it, leads to what was opened, and not to what has its name by now.
 */
export const DESCRIPTORS = '/proc/self/fd';
export const HAS_DESCRIPTORS = process.platform === 'linux' && existsSync(DESCRIPTORS);

/** Where an open file really is, and a path that leads to it and no other (elsewhere than on Linux, its name). */
export function whereIs(descriptor: number, name: string): { readonly real: string; readonly own: string } {
  if (!HAS_DESCRIPTORS) return { real: realpathSync(name), own: name };
  const own = `${DESCRIPTORS}/${String(descriptor)}`;
  return { real: readlinkSync(own), own };
}

/**
 * Whether an open file is a regular one and lies where its path says, or within bounds if it is a link or behind one:
 * whatever links there are by now.
 *
 * @param file absolute path that was opened
 * @param stats of what is open
 */
export function liesWithin(
  bounds: Bounds,
  descriptor: number,
  file: string,
  stats: Stats = fstatSync(descriptor),
): boolean {
  const { real } = whereIs(descriptor, file);
  return (real === file || isWithin(bounds, real)) && stats.isFile();
}

/** For opening what may be anything by now: a FIFO would keep who opens it waiting. */
export const READ_NOW = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Opens a file of a repository for reading.
 *
 * @returns `undefined` when what is there is something else, see {@link liesWithin}
 * @throws system errors
 */
export async function openWithin(bounds: Bounds, file: string): Promise<FileHandle | undefined> {
  const handle = await open(file, READ_NOW);
  try {
    if (liesWithin(bounds, handle.fd, file)) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}
