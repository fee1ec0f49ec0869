import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type CommandName, commandPath } from './run-command.js';
import { type Ended, type Spawned, startProcess } from './spawned.js';

/** A system call that shall fail, or at which the process shall get a signal; see strace(1). */
export interface Injection {
  /** One of {@link CALLS}, or several. */
  readonly call: Call | readonly Call[];
  /** Name of the error, or of the signal. */
  readonly error: string;
  /** Which of the calls, from 1; each thread counts its own. `1+`: all of them. */
  readonly when: number | '1+';
  /** Only calls on this file count. */
  readonly path?: string;
}

/** The system calls that change a file system, and their names: which of them exist depends on the processor. */
export const CALLS = {
  open: 'openat',
  write: 'write',
  fsync: 'fsync',
  fdatasync: 'fdatasync',
  link: '?link,linkat',
  rename: '?rename,renameat,?renameat2',
  mkdir: '?mkdir,mkdirat',
  unlink: '?unlink,unlinkat',
  rmdir: '?rmdir',
  chmod: '?chmod,fchmodat',
  fchmod: 'fchmod',
  chown: '?chown,fchownat',
  fchown: 'fchown',
  utimes: 'utimensat',
} as const;
export type Call = keyof typeof CALLS;

/** One call in the log. */
export interface TracedCall {
  readonly call: Call;
  readonly thread: string;
  /** The files that it is about, as it names them. */
  readonly paths: readonly string[];
  readonly line: string;
  readonly isInjected: boolean;
  /** It failed, whether it was made to or not. */
  readonly hasFailed: boolean;
}

export interface Traced extends Ended {
  readonly calls: readonly TracedCall[];
}

/**
 * Runs a command under strace. It has one thread for its file operations then, so that a number means the same call
 * each time.
 */
export async function runTraced(
  name: CommandName,
  args: readonly string[],
  injection?: Injection,
): Promise<Traced> {
  const folder = mkdtempSync(join(tmpdir(), 'conda-diff-strace-'));
  const log = join(folder, 'log');
  const names = injection ? namesOf(injection.call) : Object.values(CALLS).join(',');
  const settings = ['UV_THREADPOOL_SIZE=1', 'UV_USE_IO_URING=0'].flatMap((one) => ['-E', one]);
  const isKill = injection?.error.startsWith('SIG') === true; // the filter that makes strace fast loses signals
  const filter = isKill ? [] : ['--seccomp-bpf'];
  const options = ['-f', '-y', ...filter, '-s', '0', '-o', log, '-e', `trace=${names}`, ...settings];
  try {
    const program = [process.execPath, commandPath(name), ...args];
    const ended = await startProcess('strace', [...options, ...injected(injection), ...program]).ended;
    return { ...ended, calls: parse(readFileSync(log, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Starts a command of which each call of this kind takes some time longer, so that it can be met at its work; strace
 * stands beside it, and signals go to the command.
 */
export function startSlowly(
  call: Call,
  milliseconds: number,
  name: CommandName,
  args: readonly string[],
): Spawned {
  const slow = `inject=${CALLS[call]}:delay_enter=${milliseconds * 1000}`;
  const options = ['-D', '-f', '-o', '/dev/null', '-e', `trace=${CALLS[call]}`, '-e', slow];
  return startProcess('strace', [...options, process.execPath, commandPath(name), ...args]);
}

function namesOf(call: Injection['call']): string {
  return typeof call === 'string' ? CALLS[call] : call.map((one) => CALLS[one]).join(',');
}

function injected(injection: Injection | undefined): string[] {
  if (injection === undefined) return [];
  const { call, error, when, path } = injection;
  const what = error.startsWith('SIG') ? `signal=${error}` : `error=${error}`;
  return ['-e', `inject=${namesOf(call)}:${what}:when=${when}`, ...(path === undefined ? [] : ['-P', path])];
}

function parse(log: string): TracedCall[] {
  return log.split('\n').flatMap((line) => {
    const [, thread = '', name = ''] = /^(\d+) +([a-z0-9]+)\(/.exec(line) ?? [];
    if (name === '') return [];
    const call = Object.entries(CALLS).find(([, names]) => names.split(/[?,]+/).includes(name))?.[0];
    if (call === undefined) return [];
    const quoted = [...line.matchAll(/"([^"]*)"(?:\.\.\.)?/g)].map((match) => match[1] ?? '');
    const opened = [...line.matchAll(/\(\d+<([^>]*)>/g)].map((match) => match[1] ?? '');
    return [
      {
        call: call as Call,
        thread,
        paths: [...quoted, ...opened].filter((path) => path.startsWith('/')),
        line,
        isInjected: line.includes('INJECTED'),
        hasFailed: /\) += -1 /.test(line),
      },
    ];
  });
}
