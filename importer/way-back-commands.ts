import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import { addSignKey, type SignFlags } from '../shared/sign-options.js';

/** Declares `undo`. */
export function addUndo(program: Command): void {
  const declared = addCommonOptions(
    program
      .command('undo')
      .description('take the last import back')
      .argument('[repository]', 'directory of the copy'),
  );
  addSignKey(declared, 'the receipt');
  addExamples(
    declared,
    { line: 'conda-diff-import undo copy', does: 'the copy is as it was before its last import' },
    {
      line: 'conda-diff-import undo copy --sign-key copy.private.pem',
      does: 'where the online side asks for signed receipts',
    },
  ).action(async (repository: string | undefined, flags: CommonOptions & SignFlags) =>
    (await import('./run-way-back.js')).runUndo(repository, flags),
  );
}

/** Declares `recover`. */
export function addRecover(program: Command): void {
  const declared = addCommonOptions(
    program
      .command('recover')
      .description('finish an interrupted import, or take it back')
      .argument('[repository]', 'directory of the copy'),
  );
  addSignKey(declared, 'the receipt');
  addExamples(
    declared,
    { line: 'conda-diff-import recover copy', does: 'after a crash; the update is not needed' },
    { line: 'conda-diff-import recover copy --quiet', does: 'at boot: says nothing but errors' },
  ).action(async (repository: string | undefined, flags: CommonOptions & SignFlags) =>
    (await import('./run-way-back.js')).runRecover(repository, flags),
  );
}

/** Declares `gc`. */
export function addGc(program: Command): void {
  const declared = addCommonOptions(
    program
      .command('gc')
      .description('delete retired files that have waited long enough')
      .argument('[repository]', 'directory of the copy')
      .option('--older-than <time>', 'how long they must have waited, like 90m, 48h or 7d (default: 48h)'),
  );
  addExamples(
    declared,
    { line: 'conda-diff-import gc copy', does: 'what was retired more than two days ago' },
    { line: 'conda-diff-import gc copy --older-than 7d', does: 'more than a week ago' },
  ).action(async (repository: string | undefined, flags: CommonOptions & { readonly olderThan?: string }) =>
    (await import('./run-way-back.js')).runGc(repository, flags),
  );
}
