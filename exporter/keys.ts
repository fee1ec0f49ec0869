import type { Manifest } from '../shared/manifest.js';
import { decodeManifest } from '../shared/read-signed.js';
import { readWhole } from '../shared/read-whole.js';
import { type Key, MAX_SIGNED_BYTES } from '../shared/signature.js';
import { writeSignatures, type WrittenSignature } from '../shared/write-signatures.js';

/**
 * Signs a manifest that is there: what is signed is what was read and found well-formed.
 *
 * @throws CondaDiffError malformed or integrity, when it is no whole manifest; io
 */
export async function signManifest(
  file: string,
  keys: readonly Key[],
): Promise<{ readonly manifest: Manifest; readonly signatures: readonly WrittenSignature[] }> {
  const bytes = await readWhole(file, MAX_SIGNED_BYTES, 'malformed');
  const manifest = await decodeManifest(bytes, file);
  return { manifest, signatures: await writeSignatures(file, bytes, keys) };
}
