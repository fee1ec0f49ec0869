import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addSignKey, type SignFlags } from '../shared/sign-options.js';

/** Declares `sign`. */
export function addSign(program: Command): void {
  addSignKey(
    addCommonOptions(
      program
        .command('sign')
        .description('add a signature to an update that is there')
        .argument('<update>', 'the update.manifest.json, the update.tar, or the directory that holds them'),
    ),
    'the manifest',
  ).action(async (update: string, flags: CommonOptions & SignFlags) =>
    (await import('./run-keys.js')).runSign(update, flags),
  );
}
