import { dirname, resolve } from 'node:path';
import type { CommonOptions } from './cli-shell.js';
import type { Config } from './config.js';
import { locateManifest } from './locate.js';
import { readPublicKeys } from './read-keys.js';
import { type Trust, trustIn } from './trust.js';
import type { TrustFlags } from './trust-options.js';
import { requireConfigPlace, type Untrusted } from './trusted-place.js';

/**
 * What the user trusts to sign an update: flags win over the configuration.
 *
 * @param update as it was given: neither keys nor settings are taken from where it lies
 * @param place repository, if it is known, and its allowed links
 * @returns `undefined` where nothing is trusted
 * @throws CondaDiffError usage; io
 */
export async function trustFor(
  update: string,
  place: Pick<Untrusted, 'repository' | 'links'>,
  flags: TrustFlags & CommonOptions,
  config: Config,
): Promise<Trust | undefined> {
  const untrusted = { repository: place.repository, links: place.links, update: placeOf(resolve(update)) };
  if (flags.config !== undefined) requireConfigPlace(flags.config, untrusted);
  const files = flags.trustedKey?.map((file) => resolve(file)) ?? config.trustedKeys ?? [];
  const keys = await readPublicKeys(files, untrusted);
  return trustIn(keys, flags.requireSignatures ?? config.requireSignatures);
}

/** Where an update lies. Whether it is there is found out later: an interrupted import is ended without it. */
function placeOf(update: string): string {
  try {
    return dirname(locateManifest(update));
  } catch {
    return dirname(update);
  }
}
