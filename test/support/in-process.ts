import { AsyncLocalStorage } from 'node:async_hooks';
import process from 'node:process';
import type { Command } from 'commander';
import { diffTarProgram } from '../../exporter/diff-tar-program.js';
import { exportProgram } from '../../exporter/program.js';
import { importProgram } from '../../importer/program.js';
import { exitCodeOf } from '../../shared/cli-shell.js';
import {
  ALWAYS_STARTS,
  type CommandName,
  runCommand,
  type RunOptions,
  type RunResult,
} from './run-command.js';

const PROGRAMS: Readonly<Record<CommandName, () => Command>> = {
  'conda-diff-export': exportProgram,
  'conda-diff-import': importProgram,
  'conda-diff-tar': diffTarProgram,
};

/** Takes what a command prints, piece by piece. */
export type Listener = (stream: 'stdout' | 'stderr', text: string) => void;

/**
 * Runs a command as {@link runCommand} does, from its command line to its exit code, but without a process of its
 * own where nothing asks for one: that takes a quarter of the time. Signals, directories and variables need one.
 */
export async function runHere(
  name: CommandName,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const isBound = Object.keys(options).some((name) => name !== 'timeoutMs');
  if (ALWAYS_STARTS || isBound) return runCommand(name, args, options);
  const said = { stdout: '', stderr: '' };
  const begun = performance.now();
  const code = await runHeard(name, args, (stream, text) => (said[stream] += text));
  const { timeoutMs = Infinity } = options;
  if (performance.now() - begun > timeoutMs) throw new Error(`It took more than ${timeoutMs} ms`);
  return { code, signal: null, ...said, json: <T>() => JSON.parse(said.stdout) as T };
}

/**
 * {@link runHere} in a directory, which becomes that of this process: for tests that run one command at a time.
 */
export async function runIn(cwd: string, name: CommandName, args: readonly string[]): Promise<RunResult> {
  if (ALWAYS_STARTS) return runCommand(name, args, { cwd });
  const before = { cwd: process.cwd(), exitCode: process.exitCode };
  process.chdir(cwd);
  process.exitCode = undefined;
  try {
    const result = await runHere(name, args);
    const set = process.exitCode as number | undefined; // by a command that says itself what is wrong
    return { ...result, code: set ?? result.code };
  } finally {
    process.chdir(before.cwd);
    process.exitCode = before.exitCode;
  }
}

/** Runs a command without a process of its own. @returns its exit code */
export function runHeard(name: CommandName, args: readonly string[], listener: Listener): Promise<number> {
  listen();
  const program = PROGRAMS[name];
  return listeners.run(listener, () => exitCodeOf(program(), [process.execPath, name, ...args]));
}

const listeners = new AsyncLocalStorage<Listener>();
let isListening = false;

/** From now on what a command says is kept; everything else goes where it always went. */
function listen(): void {
  if (isListening) return;
  isListening = true;
  for (const stream of ['stdout', 'stderr'] as const) {
    const write = process[stream].write.bind(process[stream]) as (...args: unknown[]) => boolean;
    process[stream].write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
      const listener = listeners.getStore();
      if (listener === undefined) return write(chunk, ...rest);
      listener(stream, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
      return true;
    };
  }
}
