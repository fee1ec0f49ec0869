import { type Command, Option } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import type { VerifyFlags } from '../shared/verify.js';

export interface ReferenceFlags extends CommonOptions {
  readonly output: string;
  readonly deep?: boolean;
}

/** Declares `reference`. */
export function addReference(program: Command): void {
  addCommonOptions(
    program
      .command('reference')
      .description('write the present state as a reference; changes nothing else')
      .argument('[repository]', 'directory of the copy')
      .option('-o, --output <file>', 'where it is written', 'reference.json')
      .option('--deep', 'hash every file, so that damaged ones stand in it with what they are'),
  ).action(async (repository: string | undefined, flags: ReferenceFlags) =>
    (await import('./run-state.js')).runReference(repository, flags),
  );
}

/** Declares `verify`. */
export function addVerify(program: Command): void {
  addCommonOptions(
    program
      .command('verify')
      .description('check every file against its record and the last import')
      .argument('[repository]', 'directory of the copy')
      .addOption(new Option('--quick', 'only presence and size').conflicts('all'))
      .option('--all', 'hash also what is proven unchanged since it was hashed'),
  ).action(async (repository: string | undefined, flags: CommonOptions & VerifyFlags) =>
    (await import('./run-state.js')).runVerify(repository, flags),
  );
}

/** Declares `status`. */
export function addStatus(program: Command): void {
  addCommonOptions(
    program
      .command('status')
      .description('print the state, the last import, and what undo and retired files hold')
      .argument('[repository]', 'directory of the copy'),
  ).action(async (repository: string | undefined, flags: CommonOptions) =>
    (await import('./run-state.js')).runStatus(repository, flags),
  );
}
