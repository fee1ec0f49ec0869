import { generateKeyPairSync } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { syncPath, writeAll } from './atomic-file.js';
import { asIoError, CondaDiffError } from './errors.js';
import { keyId } from './signature.js';
import { repositoryAround } from './trusted-place.js';

/** A key pair that was made, and its files. */
export interface KeyPair {
  readonly id: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * Makes an Ed25519 key pair: `<name>.private.pem` (PKCS#8, mode 0600) and `<name>.public.pem` (SPKI).
 *
 * @throws CondaDiffError usage, when one of the files is there, or would lie in a repository; io
 */
export async function generateKey(name: string): Promise<KeyPair> {
  const files = { privateKey: resolve(`${name}.private.pem`), publicKey: resolve(`${name}.public.pem`) };
  requireRoom(files);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  try {
    await createFile(files.publicKey, publicKey.export({ type: 'spki', format: 'pem' }), 0o644);
    try {
      await createFile(files.privateKey, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    } catch (error) {
      await rm(files.publicKey, { force: true });
      throw error;
    }
    await syncPath(dirname(files.privateKey));
  } catch (error) {
    throw asIoError(error, `Cannot write the keys ${name}`);
  }
  return { id: keyId(publicKey), ...files };
}

function requireRoom({ privateKey, publicKey }: Omit<KeyPair, 'id'>): void {
  const directory = dirname(privateKey);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CondaDiffError('usage', `No such directory: ${directory}`);
  const repository = repositoryAround(realpathSync(directory));
  if (repository !== undefined) {
    throw new CondaDiffError('usage', `The keys would lie in the repository ${repository}`, {
      hint: 'Name a place where nothing is mirrored to and nothing is served from',
    });
  }
  const there = [privateKey, publicKey].filter((file) => existsSync(file));
  if (there.length === 0) return;
  throw new CondaDiffError('usage', 'A key is never overwritten', {
    details: there,
    hint: 'Choose another name',
  });
}

/** Creates a file that must not exist; whatever the umask, it has no other mode. */
async function createFile(file: string, text: string | Buffer, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.chmod(mode);
    await writeAll(handle, Buffer.from(text));
    await handle.sync();
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}
