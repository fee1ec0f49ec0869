import type { NewFiles } from '../shared/new-files.js';
import { idlestThread, Thread } from '../shared/threads.js';

/**
 * These threads wait for the disk most of the time. The more of them wait at once, the more files the file system makes
 * durable with one commit of its journal; beyond some 8 it makes no difference.
 */
const WRITERS = 8;
/** They keep nothing: little room for garbage is enough. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

const writers = Array.from({ length: WRITERS }, () => new Thread(undefined, LIMITS));

/**
 * Creates files on a thread that has least to do, see {@link NewFiles}.
 *
 * @throws CondaDiffError io, naming the file that could not be written
 */
export async function createInBulk(files: NewFiles): Promise<void> {
  await idlestThread(writers).call('create-files', files);
}
