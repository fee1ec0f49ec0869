import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addCommonOptions, collect, type CommonOptions, createShell } from '../shared/cli-shell.js';
import { type Config, readConfig } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { locateManifest } from '../shared/locate.js';
import type { Manifest } from '../shared/manifest.js';
import { readPrivateKeys } from '../shared/read-keys.js';
import type { Key } from '../shared/signature.js';
import { shortDigest } from '../shared/state.js';
import { generateKey, signManifest } from './keys.js';

/** Flags of the commands that sign. */
export interface SignFlags {
  readonly signKey?: readonly string[];
}

/** Declares `--sign-key`. */
export function addSignKey(command: Command): Command {
  return command.option('--sign-key <pem>', 'sign the manifest with this private key; repeatable', collect);
}

/**
 * Reads the private keys to sign with: flags win over the configuration.
 *
 * @throws CondaDiffError usage; io
 */
export async function signKeys(
  flags: SignFlags,
  config: Config,
  repository: string | undefined,
  warn: (line: string) => void,
): Promise<Key[]> {
  const files = flags.signKey?.map((file) => resolve(file)) ?? config.signKeys ?? [];
  const keys = await readPrivateKeys(files, { repository }, warn);
  return [...new Map(keys.map((key) => [key.id, key])).values()];
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
    .action(async (name: string, flags: CommonOptions) => {
      const pair = await generateKey(name);
      createShell(flags).report({ command: 'keygen', ...pair }, [
        `Key ${pair.id}`,
        `Wrote: ${pair.privateKey} (keep it on this machine, and a copy in a safe)`,
        `Wrote: ${pair.publicKey} (for --trusted-key; carry it over on another way than the updates)`,
      ]);
    });
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
  ).action(async (update: string, flags: CommonOptions & SignFlags) => {
    const shell = createShell(flags);
    const keys = await signKeys(flags, await readConfig(flags.config), undefined, shell.note);
    if (keys.length === 0) {
      throw new CondaDiffError('usage', 'No key was given', {
        hint: "Name one with --sign-key <private key>, or set 'sign-keys' in the file that --config names",
      });
    }
    const { manifest, signatures } = await signManifest(locateManifest(resolve(update)), keys);
    const { id, site, sequence } = manifest;
    shell.report({ command: 'sign', update: { id, site, sequence }, signatures }, [
      ...signedLines(manifest),
      ...signatures.map((one) => `Wrote: ${one.file}`),
    ]);
  });
}

/** What was signed: whoever signs shall see that it is what was reviewed. */
function signedLines({ id, site, sequence, base, target, files, removed }: Manifest): string[] {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return [
    `Signed update ${String(sequence)} of site '${site}' (${id.slice(0, 12)})`,
    `  from state ${shortDigest(base.digest)} to ${shortDigest(target.digest)}: ` +
      `${formatCount(files.length, 'file')}, ${formatBytes(bytes)}, ${String(removed.length)} removed`,
  ];
}
