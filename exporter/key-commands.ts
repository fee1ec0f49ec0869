import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import { addSignKey, type SignFlags } from '../shared/sign-options.js';

/** Declares `sign`. */
export function addSign(program: Command): void {
  const declared = addSignKey(
    addCommonOptions(
      program
        .command('sign')
        .description('add a signature to an update that is there')
        .argument('<update>', 'the update.manifest.json, the update.tar, or the directory that holds them'),
    ),
    'the manifest',
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-export sign outbox/default-1 --sign-key officer.private.pem',
      does: 'a second person signs what was reviewed',
    },
    {
      line: 'conda-diff-export sign outbox/default-1 --sign-key old.private.pem --sign-key new.private.pem',
      does: 'while keys change: with the old one and the new one',
    },
  ).action(async (update: string, flags: CommonOptions & SignFlags) =>
    (await import('./run-keys.js')).runSign(update, flags),
  );
}
