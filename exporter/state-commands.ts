import { type Command, Option } from 'commander';
import { collect } from '../shared/cli-shell.js';
import type { VerifyFlags } from '../shared/verify.js';
import { addExportOptions, type CompareFlags } from './options.js';

/** Declares `reference`. */
export function addReference(program: Command): void {
  addExportOptions(
    program
      .command('reference')
      .description('write the present state as a reference; changes nothing else')
      .argument('[repository]', 'directory of the mirror')
      .option('-o, --output <file>', 'where it is written', 'reference.json')
      .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
      .option('--include <glob>', 'track further files; repeatable', collect),
  ).action(async (repository: string | undefined, flags: CompareFlags & { readonly output: string }) =>
    (await import('./run-state.js')).runReference(repository, flags),
  );
}

/** Declares `verify`. */
export function addVerify(program: Command): void {
  addExportOptions(
    program
      .command('verify')
      .description('check every artifact against its record')
      .argument('[repository]', 'directory of the mirror')
      .addOption(new Option('--quick', 'only presence and size').conflicts('all'))
      .option('--all', 'hash also what is proven unchanged since it was hashed')
      .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
      .option('--include <glob>', 'track further files; repeatable', collect),
  ).action(async (repository: string | undefined, flags: CompareFlags & VerifyFlags) =>
    (await import('./run-state.js')).runVerify(repository, flags),
  );
}
