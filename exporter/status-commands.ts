import type { Command } from 'commander';
import { addExportOptions, type ExportFlags } from './options.js';

/** Declares `status`. */
export function addStatus(program: Command): void {
  addExportOptions(
    program
      .command('status')
      .description('print what each site has, what is on its way, and how far the mirror has moved on')
      .argument('[repository]', 'directory of the mirror'),
  ).action(async (repository: string | undefined, flags: ExportFlags) =>
    (await import('./run-status.js')).runStatus(repository, flags),
  );
}

/** Declares `log`. */
export function addLog(program: Command): void {
  addExportOptions(
    program
      .command('log')
      .description('print what happened to the updates, in order')
      .argument('[repository]', 'directory of the mirror'),
  ).action(async (repository: string | undefined, flags: ExportFlags) =>
    (await import('./run-status.js')).runLog(repository, flags),
  );
}
