import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { gatherFiles } from './gather-files.js';
import { hashFiles } from './hash-files.js';
import { hashPieces } from './hash-pieces.js';
import { listForThread } from './list-directory.js';
import { createFiles } from './new-files.js';
import { readFiles } from './read-files.js';
import { readIndex } from './read-index.js';
import { type AnswerMessage, type CallMessage, memoryOf, packError, WORKER_MARK } from './thread-message.js';

/** Whether the caller does not want the output any more. Jobs that take long ask now and then, and throw. */
export type IsStopped = () => boolean;

/**
 * All that worker threads can be asked to do. Inputs and outputs are plain data; memory may be shared, and an output's
 * typed arrays that fill their memory change hands instead of being copied.
 */
const JOBS = {
  'create-files': createFiles,
  'gather-files': gatherFiles,
  'hash-files': hashFiles,
  'hash-pieces': hashPieces,
  'list-directory': listForThread,
  'read-files': readFiles,
  'read-index': readIndex,
};

export type Jobs = typeof JOBS;

/** The entry of every worker thread: does one job after the other, in the order of the calls. */
function serve(port: NonNullable<typeof parentPort>): void {
  let last = Promise.resolve();
  port.on('message', (call: CallMessage) => {
    last = last.then(async () => {
      const message = await answer(call);
      port.postMessage(message, memoryOf(message.output));
    });
  });
}

async function answer({ id, job, input, stop }: CallMessage): Promise<AnswerMessage> {
  const isStopped: IsStopped = () => stop !== undefined && Atomics.load(stop, 0) !== 0;
  try {
    // The caller's types (thread.ts) fit job and input together.
    const work = JOBS[job as keyof Jobs] as (input: unknown, isStopped: IsStopped) => unknown;
    return { id, output: await work(input, isStopped) };
  } catch (error) {
    return { id, error: packError(error) };
  }
}

if (!isMainThread && parentPort !== null && workerData === WORKER_MARK) serve(parentPort);
