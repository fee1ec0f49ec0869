import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { asIoError, CondaDiffError, type ErrorCode } from './errors.js';
import { readFiles } from './read-files.js';
import { readIndex } from './read-index.js';

/** What threads can be asked to do. */
const TASKS = { index: readIndex, files: readFiles };

type Tasks = typeof TASKS;
type TaskName = keyof Tasks;
type Job<T extends TaskName> = Parameters<Tasks[T]>[0];
type Result<T extends TaskName> = Awaited<ReturnType<Tasks[T]>>;

interface Request {
  readonly task: TaskName;
  readonly job: Job<TaskName>;
  readonly answer: (answer: Answer) => void;
}

type Answer = { readonly result: unknown } | { readonly error: unknown };

/** What a thread that was started here finds as its `workerData`. */
const CREW_MEMBER = 'conda-diff crew member';

/**
 * Threads that read a repository, each one thing at a time, in the order in which they are asked. What they are given
 * and give back is copied, but for typed arrays that fill their memory: these change hands. With no threads the work is
 * done at once, where it is asked for: for a small repository they take longer to start than to read.
 */
export class Crew {
  readonly #idle: Worker[] = [];
  readonly #members: Worker[] = [];
  readonly #waiting: Request[] = [];
  readonly #busy = new Map<Worker, Request>();
  readonly #signal: AbortSignal | undefined;
  readonly #stop = (): void => {
    this.end(this.#signal?.reason);
  };

  constructor(threads: number, signal?: AbortSignal) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#stop);
    for (let i = 0; i < threads; i++) {
      // The same file in a thread: it works as well when all files were made one
      const member = new Worker(new URL(import.meta.url), { workerData: CREW_MEMBER });
      member.on('message', (answer: Answer) => {
        this.#take(member, answer);
      });
      member.on('error', (error) => {
        this.end(error);
      });
      this.#members.push(member);
      this.#idle.push(member);
    }
  }

  /**
   * @throws what the task throws
   */
  async run<T extends TaskName>(task: T, job: Job<T>): Promise<Result<T>> {
    if (this.#members.length === 0) return (TASKS[task] as (job: Job<T>) => Promise<Result<T>>)(job);
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.push({ task, job, answer: resolve });
      this.#assign();
    });
    if ('error' in answer) throw revived(answer.error);
    return answer.result as Result<T>;
  }

  /** Ends the threads, whatever they are doing; what was asked for and is not done fails with this error. */
  end(error: unknown = new Error('The crew was dismissed')): void {
    this.#signal?.removeEventListener('abort', this.#stop);
    for (const member of this.#members) void member.terminate();
    for (const { answer } of [...this.#busy.values(), ...this.#waiting.splice(0)]) answer({ error });
    this.#busy.clear();
    this.#idle.length = 0;
  }

  #assign(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const member = this.#idle.shift() as Worker;
      const request = this.#waiting.shift() as Request;
      this.#busy.set(member, request);
      const { task, job } = request;
      member.postMessage({ task, job }, memoryOf(job));
    }
  }

  #take(member: Worker, answer: Answer): void {
    const request = this.#busy.get(member);
    this.#busy.delete(member);
    this.#idle.push(member);
    this.#assign();
    request?.answer(answer);
  }
}

/** The memory of all typed arrays in a value that fill theirs. */
function memoryOf(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteLength } = value;
    return buffer instanceof ArrayBuffer && byteLength === buffer.byteLength ? [buffer] : [];
  }
  if (typeof value !== 'object' || value === null || value instanceof SharedArrayBuffer) return [];
  return [...new Set(Object.values(value).flatMap(memoryOf))];
}

interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: readonly string[];
  readonly hint: string | undefined;
}

/** An error of ours loses its class on the way. */
function revived(error: unknown): unknown {
  if (error instanceof Error || typeof error !== 'object' || error === null) return error;
  const { code, message, details, hint } = error as SentError;
  return new CondaDiffError(code, message, { details, ...(hint !== undefined && { hint }) });
}

async function answerTo({ task, job }: Pick<Request, 'task' | 'job'>): Promise<Answer> {
  try {
    return { result: await (TASKS[task] as (job: unknown) => unknown)(job) };
  } catch (thrown) {
    const error = asIoError(thrown);
    if (!(error instanceof CondaDiffError)) return { error };
    const { code, message, details, hint } = error;
    return { error: { code, message, details, hint } satisfies SentError };
  }
}

if (!isMainThread && workerData === CREW_MEMBER) {
  parentPort?.on('message', (request: Pick<Request, 'task' | 'job'>) => {
    void answerTo(request).then((answer) => {
      parentPort?.postMessage(answer, 'result' in answer ? memoryOf(answer.result) : []);
    });
  });
}
