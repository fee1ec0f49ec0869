import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import { addSignKey, type SignFlags } from '../shared/sign-options.js';

export interface ReceiptFlags extends CommonOptions, SignFlags {
  readonly output?: string;
}

/** Declares `receipt`. */
export function addReceipt(program: Command): void {
  const declared = addCommonOptions(
    program
      .command('receipt')
      .description('show the receipt of the last import or undo again')
      .argument('[repository]', 'directory of the copy')
      .option('-o, --output <file>', 'write a copy of it, to carry back'),
  );
  addSignKey(declared, 'it');
  addExamples(
    declared,
    { line: 'conda-diff-import receipt copy', does: 'the code to read over the telephone, once more' },
    { line: 'conda-diff-import receipt copy -o receipt.json', does: 'the file to carry back' },
  ).action(async (repository: string | undefined, flags: ReceiptFlags) =>
    (await import('./run-receipt.js')).runReceipt(repository, flags),
  );
}

/** Declares `log`. */
export function addLog(program: Command): void {
  addExamples(
    addCommonOptions(
      program
        .command('log')
        .description('list what was imported and undone, oldest first')
        .argument('[repository]', 'directory of the copy'),
    ),
    { line: 'conda-diff-import log copy', does: 'what was imported and undone' },
    { line: 'conda-diff-import log copy --json', does: 'the same for a script, with the receipt of each' },
  ).action(async (repository: string | undefined, flags: CommonOptions) =>
    (await import('./run-receipt.js')).runLog(repository, flags),
  );
}
