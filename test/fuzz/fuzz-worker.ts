import { parentPort, workerData } from 'node:worker_threads';
import { fuzz, type FuzzOptions } from './loop.js';

/** What the main thread gives: options, and where to count the iterations that were begun. */
export interface WorkerData {
  readonly options: Omit<FuzzOptions, 'begun'>;
  readonly counter: SharedArrayBuffer;
}

const { options, counter } = workerData as WorkerData;
const begun = new Int32Array(counter);
const report = await fuzz({ ...options, begun: (n) => Atomics.store(begun, 0, n + 1) });
parentPort?.postMessage(report);
