import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';
import { type AnswerMessage, type CallMessage, unpackError, WORKER_MARK } from './thread-message.js';
import type { Jobs } from './worker.js';

type Input<J extends keyof Jobs> = Parameters<Jobs[J]>[0];
type Output<J extends keyof Jobs> = Awaited<ReturnType<Jobs[J]>>;

export interface CallOptions {
  /** Aborted, it makes the call fail with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Memory that moves to the thread instead of being copied. */
  readonly transfer?: readonly Transferable[];
}

/** Disks and hashing gain nothing from more threads, and each takes some 10 MB. */
const MOST = 8;

/** How many worker threads there are at most: one per core that this process may use, at least two. */
export const THREADS = Math.max(2, Math.min(MOST, availableParallelism()));

/** One worker thread: starts at the first call, keeps the process alive only while it has something to do. */
export class Thread {
  readonly #entry: () => string;
  readonly #limits: ResourceLimits | undefined;
  #worker: Worker | undefined;
  readonly #pending = new Map<number, (answer: AnswerMessage | Error) => void>();
  #calls = 0;

  /**
   * @param entry the file that the thread runs
   * @param limits of its memory
   */
  constructor(entry = ownEntry, limits?: ResourceLimits) {
    this.#limits = limits;
    this.#entry = entry;
  }

  /** How many calls have not been answered yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Asks for a job; the jobs of one thread are done one after the other, in the order of the calls.
   *
   * @throws CondaDiffError or system error, as the job threw it; the reason of the signal
   */
  async call<J extends keyof Jobs>(
    job: J,
    input: Input<J>,
    { signal, transfer = [] }: CallOptions = {},
  ): Promise<Output<J>> {
    signal?.throwIfAborted();
    const answer = await this.#ask(job, input, signal && stopCell(signal), transfer);
    signal?.throwIfAborted();
    if (answer instanceof Error) throw answer;
    if (answer.error !== undefined) throw unpackError(answer.error);
    return answer.output as Output<J>;
  }

  #ask(
    job: string,
    input: unknown,
    stop: Int32Array | undefined,
    transfer: readonly Transferable[],
  ): Promise<AnswerMessage | Error> {
    return new Promise((resolve) => {
      const id = this.#calls++;
      const worker = (this.#worker ??= this.#start());
      if (this.#pending.size === 0) worker.ref();
      this.#pending.set(id, resolve);
      worker.postMessage({ id, job, input, stop } satisfies CallMessage, transfer);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#entry(), {
      ...{ workerData: WORKER_MARK, execArgv: [] },
      ...(this.#limits && { resourceLimits: this.#limits }),
    });
    worker.on('message', (answer: AnswerMessage) => {
      const resolve = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if (this.#pending.size === 0) worker.unref();
      resolve?.(answer);
    });
    const fail = (error: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const resolve of this.#pending.values()) resolve(error);
      this.#pending.clear();
    };
    worker.on('error', fail);
    worker.on('exit', (code) => {
      fail(new Error(`A worker thread ended with code ${String(code)}`));
    });
    return worker;
  }
}

const threads = Array.from({ length: THREADS }, () => new Thread());

/** The one that has least to do, by default of the threads that all work is shared among. */
export function idlestThread(among: readonly Thread[] = threads): Thread {
  return among.reduce((best, thread) => (thread.pending < best.pending ? thread : best));
}

let callers = 0;

/**
 * Chooses threads for work that comes in pieces: what goes on where the piece before ended must be done by the same
 * thread, which remembers it by `caller`.
 */
export class ThreadChoice {
  readonly caller = callers++;
  #last: Thread | undefined;

  choose(goesOn: boolean): Thread {
    if (!goesOn || this.#last === undefined) this.#last = idlestThread();
    return this.#last;
  }
}

/** worker.js beside this file, or the file that all is bundled into (see `runProgram`), whatever lies beside that. */
function ownEntry(): string {
  const own = fileURLToPath(import.meta.url);
  return basename(own) === 'threads.js' ? join(dirname(own), 'worker.js') : own;
}

const cells = new WeakMap<AbortSignal, Int32Array>();

/** The memory through which worker threads see that a signal was aborted. */
function stopCell(signal: AbortSignal): Int32Array {
  let cell = cells.get(signal);
  if (cell === undefined) {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    if (signal.aborted) shared[0] = 1;
    signal.addEventListener('abort', () => Atomics.store(shared, 0, 1), { once: true });
    cells.set(signal, shared);
    cell = shared;
  }
  return cell;
}
