import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { asIoError } from './errors.js';

export interface FileHash {
  /** Bytes read. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Lower-case hex; only when asked for. */
  readonly md5?: string;
}

/** Bytes per read: large enough that small files take one read, small enough to stay in the cache. */
export const READ_BYTES = 1 << 18;

/**
 * Hashes a file from its beginning to its end, in bounded memory.
 *
 * @param each receives every chunk on the way
 * @throws CondaDiffError io
 */
export async function hashFile(
  file: string,
  {
    md5 = false,
    signal,
    each,
  }: { md5?: boolean; signal?: AbortSignal; each?: (chunk: Uint8Array) => void } = {},
): Promise<FileHash> {
  const sha256Hash = createHash('sha256');
  const md5Hash = md5 ? createHash('md5') : undefined;
  let size = 0;
  try {
    const options = { highWaterMark: READ_BYTES, ...(signal && { signal }) };
    for await (const chunk of createReadStream(file, options) as AsyncIterable<Buffer>) {
      sha256Hash.update(chunk);
      md5Hash?.update(chunk);
      each?.(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw asIoError(error, `Cannot read ${file}`);
  }
  const sha256 = sha256Hash.digest('hex');
  return md5Hash === undefined ? { size, sha256 } : { size, sha256, md5: md5Hash.digest('hex') };
}
