import { type Command, InvalidArgumentError } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addSignKey, type SignFlags } from '../shared/sign-options.js';

/** Declares `undo`. */
export function addUndo(program: Command): void {
  const declared = addCommonOptions(
    program
      .command('undo')
      .description('take the last import back')
      .argument('[repository]', 'directory of the copy'),
  );
  addSignKey(declared, 'the receipt').action(
    async (repository: string | undefined, flags: CommonOptions & SignFlags) =>
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
  addSignKey(declared, 'the receipt').action(
    async (repository: string | undefined, flags: CommonOptions & SignFlags) =>
      (await import('./run-way-back.js')).runRecover(repository, flags),
  );
}

/** Declares `gc`. */
export function addGc(program: Command): void {
  addCommonOptions(
    program
      .command('gc')
      .description('delete retired files that have waited long enough')
      .argument('[repository]', 'directory of the copy')
      .option(
        '--older-than <time>',
        'how long they must have waited, like 90m, 48h or 7d (default: 48h)',
        parseHours,
      ),
  ).action(async (repository: string | undefined, flags: CommonOptions & { readonly olderThan?: number }) =>
    (await import('./run-way-back.js')).runGc(repository, flags),
  );
}

/** Parses a time like `90m`, `48h` or `7d` to hours. */
function parseHours(text: string): number {
  const [, number, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It is a time like 90m, 48h or 7d.');
  return Number(number) * (unit === 'd' ? 24 : unit === 'm' ? 1 / 60 : 1);
}
