import type { Command } from 'commander';
import { addExamples } from '../shared/examples.js';
import { addExportOptions, type ExportFlags } from './options.js';

/** Declares `status`. */
export function addStatus(program: Command): void {
  addExamples(
    addExportOptions(
      program
        .command('status')
        .description('print what each site has, what is on its way, and how far the mirror has moved on')
        .argument('[repository]', 'directory of the mirror'),
    ),
    { line: 'conda-diff-export status mirror', does: 'where each copy stands' },
    { line: 'conda-diff-export status mirror --site lab --json', does: 'one of them, for a script' },
  ).action(async (repository: string | undefined, flags: ExportFlags) =>
    (await import('./run-status.js')).runStatus(repository, flags),
  );
}

/** Declares `log`. */
export function addLog(program: Command): void {
  addExamples(
    addExportOptions(
      program
        .command('log')
        .description('print what happened to the updates, in order')
        .argument('[repository]', 'directory of the mirror'),
    ),
    { line: 'conda-diff-export log mirror', does: 'what happened to the updates of all sites' },
    { line: 'conda-diff-export log mirror --site lab', does: 'of one site' },
  ).action(async (repository: string | undefined, flags: ExportFlags) =>
    (await import('./run-status.js')).runLog(repository, flags),
  );
}
