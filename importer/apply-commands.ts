import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import { addSignKey, type SignFlags } from '../shared/sign-options.js';
import { addTrustOptions, type TrustFlags } from '../shared/trust-options.js';

export interface FitFlags extends CommonOptions, TrustFlags {
  readonly again?: boolean;
  readonly acceptDrift?: boolean;
  readonly site?: string;
  readonly staged?: boolean;
}

export interface ApplyFlags extends FitFlags, SignFlags {
  readonly dryRun?: boolean;
  /** Neither flag: as the configuration says. */
  readonly undo?: boolean;
  readonly removeNow?: boolean;
}

const UPDATE = 'the update.tar, its manifest, or the directory that holds them; not with --staged';

/** Declares `apply`, the default command. */
export function addApply(program: Command): void {
  const declared = addFitOptions(
    program
      .command('apply', { isDefault: true })
      .description(
        'verify an update, apply it, and write the reference of the new state (apply may be left out)',
      )
      .argument('[update]', UPDATE)
      .argument('[repository]', 'directory of the copy; made when only its parent is there')
      .option('--dry-run', 'print what would be done, change nothing')
      .option('--undo', 'keep what is replaced, so that the import can be undone (default)')
      .option('--no-undo', 'keep nothing of what is replaced: saves space, but the import cannot be undone')
      .option('--remove-now', 'delete removed artifacts at once instead of at the next import'),
  );
  addSignKey(declared, 'the receipt');
  addExamples(
    declared,
    {
      line: 'conda-diff-import apply outbox/default-2 copy',
      does: 'verifies the update, then makes the copy what the mirror was',
    },
    {
      line: 'conda-diff-import apply outbox/default-2 copy --dry-run',
      does: 'prints every step, changes nothing',
    },
  ).action(async (update: string | undefined, repository: string | undefined, flags: ApplyFlags) =>
    (await import('./run-apply.js')).runApply(update, repository, flags),
  );
}

/** Declares `check`. */
export function addCheck(program: Command): void {
  const declared = addFitOptions(
    program
      .command('check')
      .description('verify everything that apply would verify, change nothing')
      .argument('[update]', UPDATE)
      .argument('[repository]', 'directory of the copy'),
  );
  addExamples(
    declared,
    { line: 'conda-diff-import check outbox/default-2 copy', does: 'is it whole, and does it fit the copy?' },
    {
      line: 'conda-diff-import check outbox/default-2/update.tar copy --trusted-key mirror.public.pem',
      does: 'and is it signed by the mirror?',
    },
  ).action(async (update: string | undefined, repository: string | undefined, flags: FitFlags) =>
    (await import('./run-apply.js')).runCheck(update, repository, flags),
  );
}

function addFitOptions(command: Command): Command {
  const declared = addCommonOptions(
    command
      .option('--again', 'allow an update that leads back behind one that was imported before')
      .option('--accept-drift', 'allow that files that were changed by hand are overwritten or dropped')
      .option('--staged', 'take the update whose volumes were collected with stage')
      .option('--site <site>', 'the site of this copy (default: that of its last import)'),
  );
  return addTrustOptions(declared);
}
