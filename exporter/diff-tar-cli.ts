#!/usr/bin/env node
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { Command } from 'commander';
import { createShell, runProgram } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { requireSettled } from '../shared/interrupted.js';
import { VERSION } from '../shared/version.js';
import { createTar, showUpdate, type TarRun, verifyRepository, writeReference } from './diff-tar.js';

const NAME = 'conda-diff-tar';
const DEFAULT_INFILE = './reference.json';
const DEFAULT_OUTFILE = 'update.tar';

/** The layout is that of Python's argparse, which the old command used. */
const USAGE = `\
usage: conda-diff-tar [-h] [--create] [--reference] [-o OUTFILE] [-i INFILE]
                      [--show] [--verify] [-v] [--version]
                      [REPOSITORY]
`;
const HELP = `${USAGE}
create "differential" tarballs of a conda repository

positional arguments:
  REPOSITORY            path to repository directory

options:
  -h, --help            show this help message and exit
  --create              write a tar of all that is new since the reference
  --reference           write down the present state as the reference
  -o OUTFILE, --outfile OUTFILE
                        tar to write with --create (default: ./update.tar), or
                        reference to write with --reference (default:
                        ./reference.json)
  -i INFILE, --infile INFILE
                        reference to compare with when using --create or
                        --show (default: ./reference.json); one that the
                        Python tool wrote is read, too
  --show                print the paths that --create would put into the tar
  --verify              hash every artifact, print those that are wrong or
                        missing, and exit
  -v, --verbose         print each path that is put into the tar
  --version             print version and exit
`;

interface Flags {
  readonly create?: boolean;
  readonly reference?: boolean;
  readonly outfile?: string;
  readonly infile?: string;
  readonly show?: boolean;
  readonly verify?: boolean;
  readonly verbose?: boolean;
}

const program = new Command(NAME)
  .argument('[REPOSITORY]')
  .option('--create')
  .option('--reference')
  .option('-o, --outfile <OUTFILE>')
  .option('-i, --infile <INFILE>')
  .option('--show')
  .option('--verify')
  .option('-v, --verbose')
  .version(`conda-diff ${VERSION}`, '--version')
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => {
      write(`${USAGE}${NAME}: ${text}`);
    },
  })
  .action(run);
program.helpInformation = () => HELP;

await runProgram(program, process.argv);

async function run(repository: string | undefined, flags: Flags): Promise<void> {
  if (!repository) return refuse('exactly one REPOSITORY is required, try -h');
  try {
    await act(openRun(repository, flags), flags);
  } catch (error) {
    if (!(error instanceof CondaDiffError) || error.code === 'interrupted') throw error;
    process.stderr.write(`${formatPlainly(error).join('\n')}\n`);
    process.exitCode = error.exitCode;
  }
}

/** What comes first in the old command's order of precedence is done, the rest is not. */
async function act(run: TarRun, { create, verify, show, reference, infile, outfile }: Flags): Promise<void> {
  if (create) return createTar(run, existing(infile || DEFAULT_INFILE), outfile || DEFAULT_OUTFILE);
  if (verify) return verifyRepository(run);
  if (show) {
    if (outfile) refuse('--outfile not allowed with --show');
    return showUpdate(run, existing(infile || DEFAULT_INFILE));
  }
  if (reference) {
    if (infile) refuse('--infile not allowed with --reference');
    return writeReference(run, outfile || DEFAULT_INFILE);
  }
  run.print('Nothing done.');
}

function openRun(repository: string, { verbose = false }: Flags): TarRun {
  const path = resolve(repository);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CondaDiffError('usage', `No such directory: '${path}'`);
  }
  requireSettled(realpathSync(path), 'source');
  const line = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(`${text}\n`);
  const { signal } = createShell({});
  return {
    repository: realpathSync(path),
    print: line(process.stdout),
    warn: line(process.stderr),
    verbose,
    signal,
  };
}

function existing(infile: string): string {
  if (statSync(infile, { throwIfNoEntry: false }) !== undefined) return infile;
  throw new CondaDiffError('usage', `Error: no such file: ${infile}`, {
    hint: 'Please use the --reference option before creating a differential tarball.',
  });
}

/** As argparse does: the usage and the error on stderr, exit code 2. */
function refuse(message: string): never {
  return program.error(`error: ${message}`);
}

/** All details: this command has no other way to list them. The messages are the old ones, without a prefix. */
function formatPlainly({ message, details, hint }: CondaDiffError): string[] {
  return [message, ...details.map((line) => `  ${line}`), ...(hint === undefined ? [] : [hint])];
}
