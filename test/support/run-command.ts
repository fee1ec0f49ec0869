import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Set to start a process for each command that tests run, and to work on the disk: as in real life. */
export const ALWAYS_STARTS = process.env.CONDA_DIFF_PROCESSES === '1';

export type CommandName = 'conda-diff-export' | 'conda-diff-import' | 'conda-diff-tar';

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What the command reads on stdin; nothing by default. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** Exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as one JSON document; throws with everything the command printed if it is not one. */
  json<T = unknown>(): T;
}

/** Runs one of the three built commands, found through `bin` of package.json, with this Node. */
export function runCommand(
  name: CommandName,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunResult> {
  return runScript(commandPath(name), args, options);
}

/** Absolute path of a command's built entry point. */
export function commandPath(name: CommandName): string {
  const root = packageRoot();
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  const script = join(root, manifest.bin[name] ?? '');
  if (!existsSync(script)) throw new Error(`${name} is not built: run npm run build first`);
  return script;
}

/** Runs a Node script in a process of its own. Resolves whatever its exit code; rejects if it outlives the timeout. */
export function runScript(
  script: string,
  args: readonly string[] = [],
  { cwd, env, input, timeoutMs = 60_000 }: RunOptions = {},
): Promise<RunResult> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined); // it need not read its input
  child.stdin.end(input);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const result = { code, signal, ...output };
      if (late) reject(new Error(`Still running after ${timeoutMs} ms: ${describe(script, args, result)}`));
      else resolve({ ...result, json: <T>() => parse<T>(script, args, result) });
    });
  });
}

/**
 * For a test's `skip`: which of these commands outside Node are missing, or false. Never skips on CI, where a missing
 * command is a failure.
 */
export function skipWithout(...commands: readonly string[]): string | false {
  if (process.env.CI) return false;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = commands.filter((command) => !folders.some((folder) => existsSync(join(folder, command))));
  return missing.length > 0 && `not installed: ${missing.join(', ')}`;
}

type Output = Pick<RunResult, 'code' | 'stdout' | 'stderr'>;

function parse<T>(script: string, args: readonly string[], result: Output): T {
  try {
    return JSON.parse(result.stdout) as T;
  } catch (cause) {
    throw new Error(`Not one JSON document: ${describe(script, args, result)}`, { cause });
  }
}

function describe(script: string, args: readonly string[], { code, stdout, stderr }: Output): string {
  return `${[script, ...args].join(' ')}\nexit ${code}\nstdout: ${stdout}\nstderr: ${stderr}`;
}

/** The folder of the nearest package.json above this file. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('No package.json above the tests');
    folder = dirname(folder);
  }
  return folder;
}
