import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';

/** Declares `receipt`. */
export function addReceipt(program: Command): void {
  addCommonOptions(
    program
      .command('receipt')
      .description('show the receipt of the last import or undo again')
      .argument('[repository]', 'directory of the copy')
      .option('-o, --output <file>', 'write a copy of it, to carry back'),
  ).action(async (repository: string | undefined, flags: CommonOptions & { readonly output?: string }) =>
    (await import('./run-receipt.js')).runReceipt(repository, flags),
  );
}

/** Declares `log`. */
export function addLog(program: Command): void {
  addCommonOptions(
    program
      .command('log')
      .description('list what was imported and undone, oldest first')
      .argument('[repository]', 'directory of the copy'),
  ).action(async (repository: string | undefined, flags: CommonOptions) =>
    (await import('./run-receipt.js')).runLog(repository, flags),
  );
}
