import { setImmediate as nextTurn } from 'node:timers/promises';
import { CondaDiffError } from './errors.js';
import { type FileToHash, type HashedFile, hashFiles, type Seen } from './hash-files.js';
import type { FileHash } from './hashing.js';
import { NO_PROGRESS, type Progress } from './progress.js';
import { unpackError } from './thread-message.js';
import { idlestThread, THREADS } from './threads.js';

/** What is known of a file before it is hashed: its size decides who does what. */
export interface SizedFile {
  readonly file: string;
  /** Bytes, about. */
  readonly size: number;
  readonly md5?: boolean;
}

export type PoolHash = FileHash & Seen;

/** A batch ends with the file that reaches one of these. */
const BATCH_BYTES = 16 << 20;
const BATCH_FILES = 256;
/** Less than this is hashed sooner than threads start. */
const ALONE_BYTES = 32 << 20;
const ALONE_FILES = 1000;

/**
 * Hashes many files on all cores, in the order given, each read from its beginning to its end.
 *
 * @param hashed is given the result for each file, by its number; in any order
 * @throws CondaDiffError io, naming every file that could not be read, when all others are done; the reason of the
 *   signal
 */
export async function hashAll(
  files: readonly SizedFile[],
  hashed: (n: number, hash: PoolHash) => void,
  {
    signal,
    progress = NO_PROGRESS,
  }: { readonly signal?: AbortSignal; readonly progress?: Progress | undefined } = {},
): Promise<void> {
  const failures: Error[] = [];
  const work = isSmall(files) ? hashHere : hashThere;
  const batches = batchesOf(files);
  const take = async (): Promise<void> => {
    for (let next = batches.next(); !next.done; next = batches.next()) {
      const first = next.value.from;
      const batch = files.slice(first, next.value.to);
      const results = await work(
        batch.map(({ file, md5 = false }) => ({ file, md5 })),
        signal,
      );
      let bytes = 0;
      results.forEach((result, n) => {
        if ('error' in result) return failures.push(unpackError(result.error));
        bytes += result.size;
        return hashed(first + n, result);
      });
      progress.advance(results.length, bytes);
    }
  };
  const takers = Array.from({ length: work === hashHere ? 1 : 2 * THREADS }, take);
  for (const result of await Promise.allSettled(takers))
    if (result.status === 'rejected') throw result.reason;
  throwAny(failures);
}

async function hashHere(batch: readonly FileToHash[], signal?: AbortSignal): Promise<HashedFile[]> {
  await nextTurn();
  signal?.throwIfAborted();
  return hashFiles(batch, () => false);
}

function hashThere(batch: readonly FileToHash[], signal?: AbortSignal): Promise<HashedFile[]> {
  return idlestThread().call('hash-files', batch, { signal });
}

function isSmall(files: readonly SizedFile[]): boolean {
  return files.length <= ALONE_FILES && files.reduce((sum, { size }) => sum + size, 0) <= ALONE_BYTES;
}

/** The half-open ranges of files that are hashed by one call each. */
export function* batchesOf(
  files: readonly SizedFile[],
): Generator<{ readonly from: number; readonly to: number }> {
  let from = 0;
  let bytes = 0;
  for (const [n, { size }] of files.entries()) {
    bytes += size;
    if (bytes < BATCH_BYTES && n + 1 - from < BATCH_FILES && n + 1 < files.length) continue;
    yield { from, to: n + 1 };
    from = n + 1;
    bytes = 0;
  }
}

function throwAny(failures: readonly Error[]): void {
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new CondaDiffError('io', `${String(failures.length)} files cannot be read`, {
    details: failures.map(({ message }) => message),
  });
}
