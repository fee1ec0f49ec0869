import { resolve } from 'node:path';
import type { Config } from './config.js';
import { readPrivateKeys } from './read-keys.js';
import type { Key } from './signature.js';
import type { SignFlags } from './sign-options.js';
import type { Untrusted } from './trusted-place.js';

/**
 * Reads the private keys to sign with: flags win over the configuration.
 *
 * @throws CondaDiffError usage; io
 */
export async function signKeys(
  flags: SignFlags,
  config: Config,
  { repository, links }: Pick<Untrusted, 'repository' | 'links'>,
  warn: (line: string) => void,
): Promise<Key[]> {
  const files = flags.signKey?.map((file) => resolve(file)) ?? config.signKeys ?? [];
  const keys = await readPrivateKeys(files, { repository, links }, warn);
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}
