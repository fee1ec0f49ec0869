import { CondaDiffError, type ErrorCode, isSystemError } from './errors.js';

/** The `workerData` of our worker threads: where everything is bundled into one file, they start from that file. */
export const WORKER_MARK = 'conda-diff worker';

/** A call as it goes to a worker thread. */
export interface CallMessage {
  readonly id: number;
  readonly job: string;
  readonly input: unknown;
  /** One cell in shared memory: not 0 once the caller asks to stop. */
  readonly stop: Int32Array | undefined;
}

/** What comes back: an output, or an error. */
export interface AnswerMessage {
  readonly id: number;
  readonly output?: unknown;
  readonly error?: ErrorMessage;
}

/** An error between threads: structured clones of errors lose all that is ours, and the names of system calls. */
export type ErrorMessage =
  | {
      readonly kind: 'conda-diff';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
      readonly details: readonly string[];
      readonly outcome: string | undefined;
    }
  | {
      readonly kind: 'system';
      readonly message: string;
      readonly code: string;
      readonly syscall: string | undefined;
      readonly path: string | undefined;
    }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string | undefined };

/** Takes an error apart for the way to another thread. */
export function packError(thrown: unknown): ErrorMessage {
  if (thrown instanceof CondaDiffError) {
    const { code, message, hint, details, outcome } = thrown;
    return { kind: 'conda-diff', code, message, hint, details, outcome };
  }
  if (isSystemError(thrown)) {
    const { message, code, syscall, path } = thrown;
    return { kind: 'system', message, code, syscall, path };
  }
  if (thrown instanceof Error) return { kind: 'other', message: thrown.message, stack: thrown.stack };
  return { kind: 'other', message: String(thrown), stack: undefined };
}

/** The error that {@link packError} took apart; what is neither ours nor of a system call keeps its stack. */
export function unpackError(packed: ErrorMessage): Error {
  switch (packed.kind) {
    case 'conda-diff': {
      const { code, message, hint, details, outcome } = packed;
      return new CondaDiffError(code, message, {
        details,
        ...(hint !== undefined && { hint }),
        ...(outcome !== undefined && { outcome }),
      });
    }
    case 'system': {
      const { message, code, syscall, path } = packed;
      return Object.assign(new Error(message), { code, syscall, ...(path !== undefined && { path }) });
    }
    case 'other':
      return Object.assign(new Error(packed.message), packed.stack !== undefined && { stack: packed.stack });
  }
}

/** The memory of all typed arrays in a value that fill theirs: what can change hands when it is sent. */
export function memoryOf(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  collectMemory(value, found);
  return [...found];
}

function collectMemory(value: unknown, found: Set<ArrayBuffer>): void {
  if (typeof value !== 'object' || value === null) return;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteLength } = value;
    if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) found.add(buffer);
  } else if (Array.isArray(value)) for (const item of value as readonly unknown[]) collectMemory(item, found);
  else for (const item of Object.values(value)) collectMemory(item, found);
}
