/** Exit codes of all three commands (DESIGN section 8). */
export const EXIT_CODES = {
  bug: 1,
  usage: 2,
  source: 10,
  locked: 11,
  fit: 12,
  integrity: 13,
  malformed: 14,
  io: 15,
  interrupted: 130,
} as const;

/**
 * What went wrong, as a word:
 * `usage` the command line or configuration; `source` the repository is inconsistent, incomplete or moving;
 * `locked` another run holds the repository; `fit` the update does not fit this state; `integrity` a hash,
 * size or signature is wrong; `malformed` an unsafe or unreadable update; `io` the disk or its permissions;
 * `interrupted` a signal; `bug` ours.
 */
export type ErrorCode = keyof typeof EXIT_CODES;

export interface ErrorParts {
  /** What to do next; whole commands can be pasted. */
  readonly hint?: string;
  /** One line per affected file or problem. */
  readonly details?: readonly string[];
  /** Machine-readable outcome of an import (`drifted`, `empty`, …), for `--json`. */
  readonly outcome?: string;
  readonly cause?: unknown;
}

/** The one error class: anything else that reaches the command line is a bug. */
export class CondaDiffError extends Error {
  override readonly name = 'CondaDiffError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly outcome: string | undefined;

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.hint = parts.hint;
    this.details = parts.details ?? [];
    this.outcome = parts.outcome;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
  readonly dest?: string;
  readonly syscall?: string;
}

/** Whether `error` came from a failed system call (it has an errno name such as ENOENT). */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** Turns a failed system call into an `io` error that names call, file and errno; passes others through. */
export function asIoError(error: unknown, doing?: string): unknown {
  if (!isSystemError(error)) return error;
  const what = doing ?? `Cannot ${error.syscall ?? 'access'} ${error.path ?? 'a file'}`;
  const reason = error.message.replaceAll(UNNAMED_EDQUOT, 'EDQUOT: disk quota exceeded');
  return new CondaDiffError('io', `${what}: ${reason}`, { cause: error });
}

/** libuv has no name for EDQUOT; this is its number on Linux. */
const UNNAMED_EDQUOT = /Unknown system error -122(: Unknown system error -122)?/g;
