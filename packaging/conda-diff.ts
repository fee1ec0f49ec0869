import { basename } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { diffTarProgram } from '../exporter/diff-tar-program.js';
import { exportProgram } from '../exporter/program.js';
import { importProgram } from '../importer/program.js';
import { createProgram, createShell, runProgram } from '../shared/cli-shell.js';
import { packagedText } from '../shared/packaged.js';

/** The commands, by the last word of their names. */
const PROGRAMS: Readonly<Record<string, () => Command>> = {
  export: exportProgram,
  import: importProgram,
  tar: diffTarProgram,
};

const PREFIX = 'conda-diff-';

/** Where the bundle has the notices of all that is in it. */
export const NOTICES = 'LICENCES';

void main(process.argv);

/**
 * The entry of the bundle. It is the command whose name it is called by, through a link or a copy of that name; else
 * the one that its first argument says.
 */
async function main([node = '', script = '', ...words]: readonly string[]): Promise<void> {
  const called = PROGRAMS[commandIn(basename(script))];
  if (called !== undefined) return runProgram(called(), [node, script, ...words]);
  const [word = '', ...rest] = words;
  const named = Object.hasOwn(PROGRAMS, word) ? PROGRAMS[word] : undefined;
  if (named !== undefined) return runProgram(named(), [node, `${PREFIX}${word}`, ...rest]);
  return runProgram(allPrograms(), [node, script, ...words]);
}

function commandIn(fileName: string): string {
  const word = fileName.startsWith(PREFIX) ? fileName.slice(PREFIX.length).replace(/\.c?js$/, '') : '';
  return Object.hasOwn(PROGRAMS, word) ? word : '';
}

/** What there is to say without one of the commands. */
function allPrograms(): Command {
  const program = createProgram('conda-diff', 'All commands of conda-diff, in one file');
  program
    .command('export')
    .description('conda-diff-export: make updates of a mirrored conda repository')
    .command('…');
  program
    .command('import')
    .description('conda-diff-import: apply updates to the air-gapped copy')
    .command('…');
  program.command('tar').description('conda-diff-tar: the command line of the old Python tool').command('…');
  program
    .command('licences')
    .description('print the licences of all that is in this file')
    .action(() => createShell({}).data({}, packagedText(NOTICES).split('\n')));
  return program;
}
