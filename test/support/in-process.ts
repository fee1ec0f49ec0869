import { AsyncLocalStorage } from 'node:async_hooks';
import process from 'node:process';
import type { Command } from 'commander';
import { diffTarProgram } from '../../exporter/diff-tar-program.js';
import { exportProgram } from '../../exporter/program.js';
import { importProgram } from '../../importer/program.js';
import { exitCodeOf } from '../../shared/cli-shell.js';
import { type CommandName, runCommand, type RunOptions, type RunResult } from './run-command.js';

/** Set to start a process for each command that tests run. */
export const ALWAYS_STARTS = process.env.CONDA_DIFF_PROCESSES === '1';

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
