import { statSync } from 'node:fs';
import { CondaDiffError } from './errors.js';
import { readWhole } from './read-whole.js';
import { type Key, parsePrivateKey, parsePublicKey } from './signature.js';
import { requireKeyPlace, type Untrusted } from './trusted-place.js';

const MAX_KEY_BYTES = 1 << 16;

/**
 * Reads public keys.
 *
 * @throws CondaDiffError usage, when a file is not a public key or lies where keys are never taken from; io
 */
export async function readPublicKeys(files: readonly string[], untrusted: Untrusted): Promise<Key[]> {
  return Promise.all(files.map(async (file) => parsePublicKey(await readKey(file, untrusted), file)));
}

/**
 * Reads private keys.
 *
 * @param warn told of files that others can read
 * @throws CondaDiffError as {@link readPublicKeys}
 */
export async function readPrivateKeys(
  files: readonly string[],
  untrusted: Untrusted,
  warn: (line: string) => void,
): Promise<Key[]> {
  const keys: Key[] = [];
  for (const file of files) {
    keys.push(parsePrivateKey(await readKey(file, untrusted), file));
    if (isReadByOthers(file)) warn(`Others can read the private key ${file}: chmod 600 ${file}`);
  }
  return keys;
}

async function readKey(file: string, untrusted: Untrusted): Promise<string> {
  if (statSync(file, { throwIfNoEntry: false }) === undefined)
    throw new CondaDiffError('usage', `No such key: ${file}`);
  requireKeyPlace(file, untrusted);
  return (await readWhole(file, MAX_KEY_BYTES, 'usage')).toString('latin1');
}

function isReadByOthers(file: string): boolean {
  return (statSync(file).mode & 0o077) !== 0;
}
