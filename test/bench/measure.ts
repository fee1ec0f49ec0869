import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/** One way of doing a piece of work. */
export interface Way {
  readonly name: string;
  /** Done before each round, and not measured. */
  readonly prepare?: () => void;
  /** Commands that are run one after the other. */
  readonly commands: readonly (readonly [program: string, ...args: string[]])[];
}

/** How long a way took, and how much memory its largest process had. */
export interface Result {
  readonly name: string;
  /** Median of the rounds. */
  readonly milliseconds: number;
  /** The most of all rounds, of the resident set. */
  readonly peakBytes: number;
}

/**
 * Measures several ways of the same work in turn, so that what else the machine does hits all of them alike.
 *
 * @throws Error when a command fails
 */
export async function measure(ways: readonly Way[], rounds: number): Promise<Result[]> {
  const times = ways.map((): number[] => []);
  const peaks = ways.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    for (const [n, { prepare, commands }] of ways.entries()) {
      prepare?.();
      const begun = performance.now();
      for (const command of commands) peaks[n] = Math.max(peaks[n] ?? 0, await peakOf(command));
      times[n]?.push(performance.now() - begun);
    }
  }
  return ways.map(({ name }, n) => ({
    name,
    milliseconds: median(times[n] ?? []),
    peakBytes: peaks[n] ?? 0,
  }));
}

/**
 * Runs a command.
 *
 * @returns the peak of its resident set in bytes, as far as it was seen
 * @throws Error when it fails
 */
export async function peakOf([program, ...args]: Way['commands'][number]): Promise<number> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let peak = 0;
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const timer = setInterval(() => {
    peak = Math.max(peak, highWater(child.pid));
  }, 20);
  try {
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(code)}\n${said}`);
    return peak;
  } finally {
    clearInterval(timer);
  }
}

/** VmHWM of proc(5); 0 for a process that is gone. */
function highWater(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Prints a table in Markdown: the first way, and its ratio to each of the others. */
export function printResults(work: string, results: readonly Result[], bytes?: number): void {
  const [own, ...yardsticks] = results;
  if (own === undefined) return;
  const rate = bytes === undefined ? '' : `, ${Math.round(bytes / own.milliseconds / 1000)} MB/s`;
  const ratios = yardsticks.map(
    ({ name, milliseconds }) =>
      `${(own.milliseconds / milliseconds).toFixed(2)} x \`${name}\` (${seconds(milliseconds)})`,
  );
  const peak = own.peakBytes === 0 ? '' : `${Math.round(own.peakBytes / 1e6)} MB`;
  process.stdout.write(
    `| ${work} | ${seconds(own.milliseconds)}${rate} | ${peak} | ${ratios.join('; ')} |\n`,
  );
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
