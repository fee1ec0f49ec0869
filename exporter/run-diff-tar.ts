import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { requireSettled } from '../shared/interrupted.js';
import { createTar, showUpdate, type TarRun, verifyRepository, writeReference } from './diff-tar.js';
import type { Flags } from './diff-tar-program.js';

const DEFAULT_INFILE = './reference.json';
const DEFAULT_OUTFILE = 'update.tar';

/** Ends the command because of its command line. */
type Refuse = (message: string) => never;

/** Does what the old command was asked for, and says what went wrong in its words. */
export async function runDiffTar(
  repository: string | undefined,
  flags: Flags,
  refuse: Refuse,
): Promise<void> {
  if (!repository) return refuse('exactly one REPOSITORY is required, try -h');
  try {
    await act(openRun(repository, flags), flags, refuse);
  } catch (error) {
    if (!(error instanceof CondaDiffError) || error.code === 'interrupted') throw error;
    process.stderr.write(`${formatPlainly(error).join('\n')}\n`);
    process.exitCode = error.exitCode;
  }
}

/** What comes first in the old command's order of precedence is done, the rest is not. */
async function act(
  run: TarRun,
  { create, verify, show, reference, infile, outfile }: Flags,
  refuse: Refuse,
): Promise<void> {
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

/** All details: this command has no other way to list them. The messages are the old ones, without a prefix. */
function formatPlainly({ message, details, hint }: CondaDiffError): string[] {
  return [message, ...details.map((line) => `  ${line}`), ...(hint === undefined ? [] : [hint])];
}
