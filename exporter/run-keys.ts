import { resolve } from 'node:path';
import { type CommonOptions, createShell } from '../shared/cli-shell.js';
import { readConfig } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { locateManifest } from '../shared/locate.js';
import type { Manifest } from '../shared/manifest.js';
import { shortDigest } from '../shared/state.js';
import { signKeys } from '../shared/sign-keys.js';
import type { SignFlags } from '../shared/sign-options.js';
import { signManifest } from './keys.js';

/** `sign`: adds a signature to an update that is there. */
export async function runSign(update: string, flags: CommonOptions & SignFlags): Promise<void> {
  const shell = createShell(flags);
  const keys = await signKeys(flags, await readConfig(flags.config), {}, shell.note);
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
