import type { Amount, Phase, Progress } from './progress.js';

/** How much of some work is done, in memory that the threads which do it share: files, bytes. */
export type Tally = BigInt64Array<SharedArrayBuffer>;

const FILES = 0;
const BYTES = 1;
/** How often the watcher looks. */
const EVERY_MS = 100;

/** Adds what was done. Costs little, but not nothing: not for each file by itself. */
export function addTo(tally: Tally | undefined, { files, bytes }: Amount): void {
  if (tally === undefined) return;
  if (files > 0) Atomics.add(tally, FILES, BigInt(files));
  if (bytes > 0) Atomics.add(tally, BYTES, BigInt(bytes));
}

/**
 * Does work as a phase of its own, and tells now and then how far it is.
 *
 * @param work adds to the tally that it is given, in whatever thread; without `progress` there is none
 */
export async function watched<T>(
  progress: Progress | undefined,
  phase: Phase,
  total: Amount,
  work: (tally: Tally | undefined) => Promise<T>,
): Promise<T> {
  if (progress === undefined) return work(undefined);
  const tally = new BigInt64Array(new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT));
  let [files, bytes] = [0, 0];
  const tell = (): void => {
    const now = { files: Number(Atomics.load(tally, FILES)), bytes: Number(Atomics.load(tally, BYTES)) };
    if (now.files > files || now.bytes > bytes) progress.advance(now.files - files, now.bytes - bytes);
    ({ files, bytes } = now);
  };
  progress.begin(phase, total);
  const timer = setInterval(tell, EVERY_MS).unref();
  try {
    return await work(tally);
  } finally {
    clearInterval(timer);
    tell();
    progress.end();
  }
}
