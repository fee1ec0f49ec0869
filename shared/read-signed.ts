import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { asIoError } from './errors.js';
import type { Manifest } from './manifest.js';
import { ManifestDecoder } from './manifest-decoder.js';
import { readManifest } from './read-document.js';
import { readWhole } from './read-whole.js';
import { MAX_SIGNED_BYTES, signatureName, signerOf } from './signature.js';
import {
  type FoundSignature,
  requireEnough,
  requireSigned,
  type Signatures,
  type Trust,
  UNSIGNED_UPDATE,
} from './trust.js';

const CHUNK_BYTES = 1 << 18;
/** A signature that is longer is wrong; how much longer does not matter. */
const MAX_SIGNATURE_FILE = 1 << 16;

/** A manifest, and what is known of its signatures. */
export interface SignedManifest {
  readonly manifest: Manifest;
  readonly signatures: Signatures;
}

/**
 * Reads and checks a manifest. Where something is trusted, the bytes are read once, and parsed only after their
 * signatures were found right.
 *
 * @throws CondaDiffError integrity, when it is not signed as trust asks; as {@link readManifest}
 */
export async function readSignedManifest(file: string, trust: Trust | undefined): Promise<SignedManifest> {
  if (trust === undefined) {
    const manifest = await readManifest(file);
    return { manifest, signatures: { trusted: [], others: signersBeside(file) } };
  }
  const { bytes, signatures } = await readSignedBytes(file, trust);
  return { manifest: await decodeManifest(bytes, file), signatures };
}

/**
 * Reads the bytes of a file that must be signed. They are held in memory: whoever parses them parses what was signed.
 *
 * @param hint what to do where signatures are missing
 * @throws CondaDiffError integrity, before anything is read where signatures of trusted keys are missing; io
 */
export async function readSignedBytes(
  file: string,
  trust: Trust,
  hint = UNSIGNED_UPDATE,
): Promise<{ readonly bytes: Buffer; readonly signatures: Signatures }> {
  const present = signersBeside(file);
  const isTrusted = (id: string): boolean => trust.keys.some((key) => key.id === id);
  const others = present.filter((id) => !isTrusted(id));
  const candidates = present.filter(isTrusted).map((id) => ({ id, file: signatureName(file, id) }));
  requireEnough(file, candidates, trust, others, hint);
  const found: FoundSignature[] = [];
  for (const one of candidates)
    found.push({ ...one, bytes: await readWhole(one.file, MAX_SIGNATURE_FILE, 'integrity') });
  const bytes = await readWhole(file, MAX_SIGNED_BYTES, 'integrity');
  return { bytes, signatures: { trusted: requireSigned(bytes, file, found, trust), others } };
}

/** The key ids of all signatures that lie beside a file, sorted. */
export function signersBeside(file: string): string[] {
  try {
    const names = readdirSync(dirname(file));
    return names.flatMap((name) => signerOf(name, basename(file)) ?? []).sort();
  } catch (error) {
    throw asIoError(error, `Cannot list ${dirname(file)}`);
  }
}

/**
 * Parses a manifest from memory.
 *
 * @param file for messages
 * @throws CondaDiffError malformed or integrity
 */
export async function decodeManifest(bytes: Uint8Array, file: string): Promise<Manifest> {
  const decoder = await ManifestDecoder.create(file);
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
    decoder.push(bytes.subarray(start, start + CHUNK_BYTES));
  return decoder.end();
}
