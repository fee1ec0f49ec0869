import { type Command, Option } from 'commander';
import { collect } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import type { VerifyFlags } from '../shared/verify.js';
import { addExportOptions, type CompareFlags } from './options.js';

/** Declares `reference`. */
export function addReference(program: Command): void {
  const declared = addExportOptions(
    program
      .command('reference')
      .description('write the present state as a reference; changes nothing else')
      .argument('[repository]', 'directory of the mirror')
      .option('-o, --output <file>', 'where it is written', 'reference.json')
      .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
      .option('--include <glob>', 'track further files; repeatable', collect),
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-export reference mirror',
      does: 'writes reference.json, the same bytes as a copy in the same state has',
    },
    {
      line: "conda-diff-export reference mirror --ignore 'win-*/**' -o mirror.json",
      does: 'as a site sees it that leaves Windows out',
    },
  ).action(async (repository: string | undefined, flags: CompareFlags & { readonly output: string }) =>
    (await import('./run-state.js')).runReference(repository, flags),
  );
}

/** Declares `verify`. */
export function addVerify(program: Command): void {
  const declared = addExportOptions(
    program
      .command('verify')
      .description('check every artifact against its record')
      .argument('[repository]', 'directory of the mirror')
      .addOption(new Option('--quick', 'only presence and size').conflicts('all'))
      .option('--all', 'hash also what is proven unchanged since it was hashed')
      .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
      .option('--include <glob>', 'track further files; repeatable', collect),
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-export verify mirror',
      does: 'hashes what is not proven unchanged since it was hashed',
    },
    { line: 'conda-diff-export verify mirror --all', does: 'hashes every file, since disks lose bits' },
  ).action(async (repository: string | undefined, flags: CompareFlags & VerifyFlags) =>
    (await import('./run-state.js')).runVerify(repository, flags),
  );
}
