import process from 'node:process';
import { isMainThread, workerData } from 'node:worker_threads';
import { Command, CommanderError } from 'commander';
import { asIoError, CondaDiffError, EXIT_CODES } from './errors.js';
import { NO_PROGRESS, type Progress } from './progress.js';
import { ProgressBar } from './progress-bar.js';
import { WORKER_MARK } from './thread-message.js';
import { printable, printableJson, printableLines } from './printable.js';
import { VERSION } from './version.js';

/** What a command may say, and the signal that asks it to stop. */
export interface Shell {
  /** Prints data that was asked for: the JSON document with `--json`, else the lines; on stdout, also with `-q`. */
  readonly data: (document: object, lines: readonly string[]) => void;
  /** Prints the outcome of a command like {@link Shell.data}, but its lines not with `-q`. */
  readonly report: (document: object, lines: readonly string[]) => void;
  /** A line for the person who watches, on stderr; not with `-q`. */
  readonly note: (line: string) => void;
  /** A line on stderr with `-v`. */
  readonly detail: (line: string) => void;
  /** Shows how far long work is, on stderr; not with `-q`, nor with `-v`, whose lines tell it. */
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly stateDir?: string;
  readonly config?: string;
}

/** Details shown in text; `--json` lists all. */
const SHOWN_DETAILS = 20;

/** What help calls the commands of every week, and the others. */
export const EVERYDAY = 'Everyday commands:';
export const FURTHER = 'Further commands:';

/** A program of ours; errors of its command line end it with exit code 2. */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .version(`conda-diff ${VERSION}`, '--version', 'print version and exit')
    .helpCommand(false)
    .addHelpText('after', `\n${name} <command> --help shows options and examples of a command.`)
    .showHelpAfterError(`(try ${name} --help)`)
    .exitOverride();
}

/** Declares {@link CommonOptions} on a subcommand. */
export function addCommonOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON document on stdout')
    .option('-q, --quiet', 'print nothing but data that was asked for, and errors')
    .option('-v, --verbose', 'say more')
    .option('--state-dir <dir>', 'where ledger and references are (default: <repository>/.conda-diff)')
    .option('--config <file>', 'read settings from a conda-diff.yaml; flags win')
    .exitOverride();
}

/** Parses an option that may be given several times, one value each. */
export function collect(value: string, previous: readonly string[] | false | undefined): string[] {
  return [...(previous === false ? [] : (previous ?? [])), value];
}

/** The shell of one run. */
export function createShell(options: CommonOptions): Shell {
  const print = (document: object, lines: readonly string[]): void => {
    if (options.json) process.stdout.write(`${printableJson(document)}\n`);
    else process.stdout.write(printableLines(lines));
  };
  return {
    data: print,
    report: (document, lines) => {
      print(document, options.quiet ? [] : lines);
    },
    note: (line) => {
      if (!options.quiet) process.stderr.write(printableLines([line]));
    },
    detail: (line) => {
      if (options.verbose && !options.quiet) process.stderr.write(printableLines([line]));
    },
    progress: options.quiet || options.verbose ? NO_PROGRESS : progressBar,
    signal: interruption.signal,
  };
}

const progressBar = new ProgressBar();

const interruption = new AbortController();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Asks the command to stop; whichever signal comes next has its usual effect. */
function interrupt(name: NodeJS.Signals): void {
  for (const one of SIGNALS) process.off(one, interrupt);
  interruption.abort(new CondaDiffError('interrupted', `Interrupted by ${name}`));
}

/**
 * Runs a program and sets the exit code of the process. SIGINT, SIGTERM and SIGHUP ask the command to stop; a
 * second one ends it at once. Where all of a command is bundled into one file, its worker threads start here, too.
 */
export async function runProgram(program: Command, argv: readonly string[]): Promise<void> {
  if (!isMainThread && workerData === WORKER_MARK) {
    await import('./worker.js');
    return;
  }
  for (const name of SIGNALS) process.on(name, interrupt);
  // Whoever reads our output may stop reading: stdout then ends the run, stderr is done without.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const code = await exitCodeOf(program, argv);
  if (code !== 0) process.exitCode = code;
}

/** Runs a program and returns its exit code; what it says goes to the streams of this process. */
export async function exitCodeOf(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...argv]);
    return 0;
  } catch (error) {
    progressBar.end();
    return reportError(program.name(), error, argv.includes('--json'));
  } finally {
    progressBar.end();
  }
}

/** Prints an error and returns its exit code. */
function reportError(name: string, thrown: unknown, json: boolean): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : EXIT_CODES.usage;
  const told = asIoError(thrown);
  const isOther = told instanceof CondaDiffError || !interruption.signal.aborted;
  const error = isOther ? told : (interruption.signal.reason as unknown);
  if (!(error instanceof CondaDiffError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(
      `${name}: this is a bug in conda-diff ${VERSION}; nothing below is your fault\n${stack}\n`,
    );
    return EXIT_CODES.bug;
  }
  if (json) process.stdout.write(`${printableJson({ error: describeError(error) })}\n`);
  process.stderr.write(`${formatError(name, error).join('\n')}\n`);
  return error.exitCode;
}

function describeError({ code, exitCode, message, details, hint, outcome }: CondaDiffError): object {
  return { code, exitCode, message, ...(outcome && { outcome }), details, ...(hint && { hint }) };
}

/** The lines that tell a person of an error: what happened, to which files, what to do next. */
export function formatError(name: string, { message, details, hint }: CondaDiffError): string[] {
  const shown = details.slice(0, SHOWN_DETAILS).map((line) => `  ${printable(line)}`);
  const more = details.length - shown.length;
  return [
    `${name}: ${printable(message)}`,
    ...shown,
    ...(more > 0 ? [`  … and ${String(more)} more (--json lists all)`] : []),
    ...(hint === undefined ? [] : hint.split('\n').map(printable)),
  ];
}
