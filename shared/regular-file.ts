import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { asIoError, CondaDiffError, type ErrorCode, isSystemError } from './errors.js';

/** What it is if something else than a file lies where one should, and what to do then. */
export interface Irregular {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const IN_UPDATE: Irregular = {
  code: 'malformed',
  hint: 'Copy all files of the update into one directory, with the names that they had',
};

/**
 * Opens a file that others brought here for reading. What lies in its place may be anything: a FIFO would keep who
 * opens it waiting, a device could be read without end.
 *
 * @param irregular by default as for a file of an update
 * @returns `undefined` when there is nothing
 * @throws CondaDiffError as `irregular` says, when it is not a regular file (symbolic links followed); io
 */
export async function openRegular(path: string, irregular = IN_UPDATE): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined;
  try {
    // On Windows, which has no FIFOs in directories, O_NONBLOCK is undefined and counts as 0.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    await handle?.close();
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    // What open(2) says of a socket, or of a device that is not there.
    if (!isSystemError(error) || error.code !== 'ENXIO') throw asIoError(error, `Cannot read ${path}`);
    throw notRegular(path, irregular);
  }
  await handle.close();
  throw notRegular(path, irregular);
}

function notRegular(path: string, { code, hint }: Irregular): CondaDiffError {
  return new CondaDiffError(code, `${path} is not a regular file`, hint === undefined ? {} : { hint });
}
