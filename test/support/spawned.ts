import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { type CommandName, commandPath } from './run-command.js';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that runs, to be signalled while it does. */
export interface Spawned {
  readonly pid: number;
  /** Sends a signal to this process and to no other. */
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
  readonly hasEnded: () => boolean;
}

/** Starts one of the three commands without waiting for it. */
export function start(name: CommandName, args: readonly string[]): Spawned {
  return startProcess(process.execPath, [commandPath(name), ...args]);
}

/** Starts a program without waiting for it; its standard input is empty. */
export function startProcess(program: string, args: readonly string[]): Spawned {
  const child = spawn(program, args, {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { pid: child.pid ?? 0, kill: (signal) => child.kill(signal), ...endOf(child) };
}

function endOf(child: ChildProcess): Pick<Spawned, 'ended' | 'hasEnded'> {
  let isOver = false;
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => (isOver = true));
    child.on('close', (code, signal) => {
      resolve({ code, signal, ...output });
    });
  });
  return { ended, hasEnded: () => isOver };
}
