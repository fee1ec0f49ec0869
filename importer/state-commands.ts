import { type Command, Option } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import type { VerifyFlags } from '../shared/verify.js';

export interface ReferenceFlags extends CommonOptions {
  readonly output: string;
  readonly deep?: boolean;
}

/** Declares `reference`. */
export function addReference(program: Command): void {
  const declared = addCommonOptions(
    program
      .command('reference')
      .description('write the present state as a reference; changes nothing else')
      .argument('[repository]', 'directory of the copy')
      .option('-o, --output <file>', 'where it is written', 'reference.json')
      .option('--deep', 'hash every file, so that damaged ones stand in it with what they are'),
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-import reference copy -o reference.json',
      does: 'what the copy has, for --base on the online side',
    },
    {
      line: 'conda-diff-import reference copy --deep -o ticket.json',
      does: 'what is really on the disk, for an update that repairs it',
    },
  ).action(async (repository: string | undefined, flags: ReferenceFlags) =>
    (await import('./run-state.js')).runReference(repository, flags),
  );
}

/** Declares `verify`. */
export function addVerify(program: Command): void {
  const declared = addCommonOptions(
    program
      .command('verify')
      .description('check every file against its record and the last import')
      .argument('[repository]', 'directory of the copy')
      .addOption(new Option('--quick', 'only presence and size').conflicts('all'))
      .option('--all', 'hash also what is proven unchanged since it was hashed'),
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-import verify copy',
      does: 'hashes what is not proven unchanged since it was hashed',
    },
    { line: 'conda-diff-import verify copy --all', does: 'hashes every file, since disks lose bits' },
  ).action(async (repository: string | undefined, flags: CommonOptions & VerifyFlags) =>
    (await import('./run-state.js')).runVerify(repository, flags),
  );
}

/** Declares `status`. */
export function addStatus(program: Command): void {
  addExamples(
    addCommonOptions(
      program
        .command('status')
        .description('print the state, the last import, and what undo and retired files hold')
        .argument('[repository]', 'directory of the copy'),
    ),
    { line: 'conda-diff-import status copy', does: 'where the copy stands' },
    { line: 'conda-diff-import status copy --json', does: 'the same for a script' },
  ).action(async (repository: string | undefined, flags: CommonOptions) =>
    (await import('./run-state.js')).runStatus(repository, flags),
  );
}
