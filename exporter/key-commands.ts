import type { Command } from 'commander';
import { addCommonOptions, collect, type CommonOptions } from '../shared/cli-shell.js';

/** Flags of the commands that sign. */
export interface SignFlags {
  readonly signKey?: readonly string[];
}

/** Declares `--sign-key`. */
export function addSignKey(command: Command): Command {
  return command.option('--sign-key <pem>', 'sign the manifest with this private key; repeatable', collect);
}

/** Declares `keygen`. */
export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .description('make a key pair: <name>.private.pem signs, <name>.public.pem is trusted on the other side')
    .argument('<name>', 'path and beginning of the file names')
    .option('--json', 'print one JSON document on stdout')
    .option('-q, --quiet', 'print nothing but errors')
    .exitOverride()
    .action(async (name: string, flags: CommonOptions) =>
      (await import('./run-keys.js')).runKeygen(name, flags),
    );
}

/** Declares `sign`. */
export function addSign(program: Command): void {
  addSignKey(
    addCommonOptions(
      program
        .command('sign')
        .description('add a signature to an update that is there')
        .argument('<update>', 'the update.manifest.json, the update.tar, or the directory that holds them'),
    ),
  ).action(async (update: string, flags: CommonOptions & SignFlags) =>
    (await import('./run-keys.js')).runSign(update, flags),
  );
}
