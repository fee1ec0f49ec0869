import { writeFileAtomically } from './atomic-file.js';
import { type Key, signatureName, signBytes } from './signature.js';

/** A signature file. */
export interface WrittenSignature {
  readonly id: string;
  readonly file: string;
}

/** Writes the signatures of the bytes of a file beside it; they need not be there yet. */
export async function writeSignatures(
  file: string,
  bytes: Uint8Array,
  keys: readonly Key[],
): Promise<WrittenSignature[]> {
  const written: WrittenSignature[] = [];
  for (const key of keys) {
    const signature = signatureName(file, key.id);
    await writeFileAtomically(signature, [signBytes(bytes, key)]);
    written.push({ id: key.id, file: signature });
  }
  return written;
}
