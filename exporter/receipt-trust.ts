import { dirname, resolve } from 'node:path';
import type { CommonOptions } from '../shared/cli-shell.js';
import type { Config } from '../shared/config.js';
import { readPublicKeys } from '../shared/read-keys.js';
import { type Trust, trustIn } from '../shared/trust.js';
import type { TrustFlags } from '../shared/trust-options.js';
import { requireConfigPlace, type Untrusted } from '../shared/trusted-place.js';

/**
 * Whose signatures a receipt must have: flags win over the configuration.
 *
 * @param receipt as it was given, if it is a file: neither keys nor settings are taken from where it lies
 * @param place repository, and its allowed links
 * @returns `undefined` where nothing is trusted: then receipts need no signature
 * @throws CondaDiffError usage; io
 */
export async function receiptTrust(
  receipt: string | undefined,
  { repository, links }: Pick<Untrusted, 'repository' | 'links'>,
  flags: TrustFlags & CommonOptions,
  { receiptKeys = [] }: Config,
): Promise<Trust | undefined> {
  const untrusted = { repository, links, update: receipt && dirname(resolve(receipt)) };
  if (flags.config !== undefined) requireConfigPlace(flags.config, untrusted);
  const files = flags.trustedKey?.map((file) => resolve(file)) ?? receiptKeys;
  return trustIn(await readPublicKeys(files, untrusted), flags.requireSignatures);
}
