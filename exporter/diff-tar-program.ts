import { Command } from 'commander';
import { VERSION } from '../shared/version.js';

const NAME = 'conda-diff-tar';

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

/** Flags of the old command. */
export interface Flags {
  readonly create?: boolean;
  readonly reference?: boolean;
  readonly outfile?: string;
  readonly infile?: string;
  readonly show?: boolean;
  readonly verify?: boolean;
  readonly verbose?: boolean;
}

/** The old command. */
export function diffTarProgram(): Command {
  const program = new Command(NAME);
  /** As argparse does: the usage and the error on stderr, exit code 2. */
  const refuse = (message: string): never => program.error(`error: ${message}`);
  program
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
    .action(async (repository: string | undefined, flags: Flags) =>
      (await import('./run-diff-tar.js')).runDiffTar(repository, flags, refuse),
    );
  program.helpInformation = () => HELP;
  return program;
}
