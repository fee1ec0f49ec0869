import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { asIoError, isSystemError } from './errors.js';
import { isAbsent } from './is-there.js';
import { STATE_DIRECTORY } from './rules.js';

/** Who holds a repository. */
export interface Holder {
  readonly host: string;
  /** Changes with every boot; empty where the system does not tell. */
  readonly boot: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot; empty where the system does not tell. */
  readonly started: string;
  readonly command: string;
  /** Random: no two locks have the same content. */
  readonly id: string;
}

/** The lock of a repository. */
export function lockOf(repository: string): string {
  return join(repository, STATE_DIRECTORY, 'lock');
}

/** This process as a holder. */
export function holderNow(command: string): Holder {
  const { pid } = process;
  const id = randomBytes(8).toString('hex');
  return { host: hostname(), boot: bootId(), pid, started: startOf(pid), command, id };
}

/**
 * Which other process holds a repository now, as far as can be told: one on another host is taken to run.
 *
 * @throws CondaDiffError io, when the lock cannot be read
 */
export function otherHolder(repository: string): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(lockOf(repository), 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw asIoError(error, `Cannot read ${lockOf(repository)}`);
  }
  const holder = parseHolder(text);
  return holder !== undefined && isAlive(holder) && !isSelf(holder) ? holder : undefined;
}

/** @returns `undefined` when the text is not a lock of ours */
export function parseHolder(text: string): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isHolder(value) ? value : undefined;
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return (
    Number.isSafeInteger(fields['pid']) &&
    ['host', 'boot', 'started', 'command', 'id'].every((name) => typeof fields[name] === 'string')
  );
}

/** Whether the holder still runs; a holder on another host is taken to run. */
export function isAlive(holder: Holder): boolean {
  if (!isHere(holder)) return true;
  if (holder.boot !== bootId()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ESRCH') return false;
  }
  return startOf(holder.pid) === holder.started;
}

/** Whether a holder is, or was, a process of this host. */
export function isHere({ host }: Holder): boolean {
  return host === hostname();
}

function isSelf(holder: Holder): boolean {
  return isHere(holder) && holder.pid === process.pid;
}

/** `conda-diff-import apply (process 4711 on mirror01)` */
export function describeHolder({ command, pid, host }: Holder): string {
  return `${command} (process ${String(pid)} on ${host})`;
}

function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id');
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the command name before it may hold spaces and parentheses. */
function startOf(pid: number): string {
  const stat = readProc(`/proc/${String(pid)}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
