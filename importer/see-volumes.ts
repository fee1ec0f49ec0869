import { join } from 'node:path';
import { asIoError } from '../shared/errors.js';
import type { Manifest } from '../shared/manifest.js';
import { openRegular } from '../shared/regular-file.js';
import { BLOCK_BYTES, markIn } from '../shared/tar-entry.js';
import { parseMark } from '../shared/volume-mark.js';
import type { VolumeSeen } from './volume-problems.js';

/**
 * Looks at the places of an update's volumes.
 *
 * @throws CondaDiffError malformed, when something else than a file is there; io
 */
export async function seeVolumes(
  { volumes }: Manifest,
  directory: string,
): Promise<(VolumeSeen | undefined)[]> {
  const seen: (VolumeSeen | undefined)[] = [];
  for (const { name } of volumes) seen.push(await seeVolume(join(directory, name)));
  return seen;
}

/** What a file says of itself at its beginning; `undefined` where there is none. */
export async function seeVolume(path: string): Promise<VolumeSeen | undefined> {
  const handle = await openRegular(path);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, 0);
    const found = markIn(buffer.subarray(0, bytesRead));
    return { size, mark: found && parseMark(found) };
  } catch (error) {
    throw asIoError(error, `Cannot read ${path}`);
  } finally {
    await handle.close();
  }
}
