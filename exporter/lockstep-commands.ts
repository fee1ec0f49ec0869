import type { Command } from 'commander';
import { addExamples } from '../shared/examples.js';
import { addTrustOptions, type TrustFlags } from '../shared/trust-options.js';
import { addExportOptions, type ExportFlags } from './options.js';

/** Declares `confirm`. */
export function addConfirm(program: Command): void {
  const declared = addTrustOptions(
    addExportOptions(
      program
        .command('confirm')
        .description('note what the other side has, from its receipt or the code that its import printed')
        .argument('[repository]', 'directory of the mirror')
        .argument('[receipt...]', 'the receipt file, or the code'),
    ),
    'a receipt',
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-export confirm mirror 7HQ2-KX4M-9TBA',
      does: 'the code that the import printed, read over the telephone',
    },
    {
      line: 'conda-diff-export confirm mirror receipt.json --site lab',
      does: 'the receipt file of another site',
    },
  ).action(
    async (repository: string | undefined, words: readonly string[], flags: ExportFlags & TrustFlags) =>
      (await import('./run-lockstep.js')).runConfirm(repository, words, flags),
  );
}

/** Declares `withdraw`. */
export function addWithdraw(program: Command): void {
  const declared = addExportOptions(
    program
      .command('withdraw')
      .description('take back an update that will never be delivered, and remove its files')
      .argument('[repository]', 'directory of the mirror')
      .argument('[update]', 'its number, or the beginning of its id')
      .option('--with-later', 'also those that build on it'),
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-export withdraw mirror 4',
      does: 'update 4 was never handed over, and never will be',
    },
    {
      line: 'conda-diff-export withdraw mirror 2 --with-later',
      does: 'update 2, and those that were built on it',
    },
  ).action(
    async (
      repository: string | undefined,
      update: string | undefined,
      flags: ExportFlags & { readonly withLater?: boolean },
    ) => (await import('./run-lockstep.js')).runWithdraw(repository, update, flags),
  );
}
