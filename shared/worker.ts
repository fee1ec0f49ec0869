import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type AnswerMessage, type CallMessage, memoryOf, packError, WORKER_MARK } from './thread-message.js';

/** Whether the caller does not want the output any more. Jobs that take long ask now and then, and throw. */
export type IsStopped = () => boolean;

/**
 * All that worker threads can be asked to do; each loads what it needs for what it is asked. Inputs and outputs are plain
 * data; memory may be shared, and an output's typed arrays that fill their memory change hands instead of being copied.
 */
const JOBS = {
  'create-files': async () => (await import('./new-files.js')).createFiles,
  'gather-files': async () => (await import('./gather-files.js')).gatherFiles,
  'hash-files': async () => (await import('./hash-files.js')).hashFiles,
  'hash-pieces': async () => (await import('./hash-pieces.js')).hashPieces,
  'list-directory': async () => (await import('./list-directory.js')).listForThread,
  'read-files': async () => (await import('./read-files.js')).readFiles,
  'read-index': async () => (await import('./read-index.js')).readIndex,
};

export type Jobs = { readonly [J in keyof typeof JOBS]: Awaited<ReturnType<(typeof JOBS)[J]>> };

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
    const work = (await JOBS[job as keyof Jobs]()) as (input: unknown, isStopped: IsStopped) => unknown;
    return { id, output: await work(input, isStopped) };
  } catch (error) {
    return { id, error: packError(error) };
  }
}

if (!isMainThread && parentPort !== null && workerData === WORKER_MARK) serve(parentPort);
