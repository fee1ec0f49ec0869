import type { NewFiles } from '../shared/new-files.js';
import { Thread } from '../shared/threads.js';

/**
 * These threads wait for the disk most of the time. The more of them wait at once, the more files the file system makes
 * durable with one commit of its journal; beyond some 8 it makes no difference.
 */
const WRITERS = 8;
/** They keep nothing; without a limit each gathers 16 MB of garbage before it collects it. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

const writers = Array.from({ length: WRITERS }, () => new Thread(undefined, LIMITS));

/**
 * Creates files on a thread that has least to do, see {@link NewFiles}.
 *
 * @throws CondaDiffError io, naming the file that could not be written
 */
export async function createInBulk(files: NewFiles): Promise<void> {
  const idlest = writers.reduce((best, one) => (one.pending < best.pending ? one : best));
  await idlest.call('create-files', files);
}
