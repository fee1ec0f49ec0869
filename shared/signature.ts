import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { CondaDiffError } from './errors.js';

/** An Ed25519 signature (RFC 8032), raw. */
export const SIGNATURE_BYTES = 64;
/** Most that can be signed: `node:crypto` takes no more at once, and Ed25519 reads its message twice. */
export const MAX_SIGNED_BYTES = 2 ** 31 - 1;

const ID_DIGITS = 16;
const SIGNATURE_NAME = /^\.([0-9a-f]{16})\.sig$/;

/** A key and the file that it was read from. */
export interface Key {
  /** {@link keyId}. */
  readonly id: string;
  readonly key: KeyObject;
  /** For messages. */
  readonly file: string;
}

/** The key id: the first 16 hex digits of the sha256 of the public key (SPKI in DER, RFC 8410). */
export function keyId(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, ID_DIGITS);
}

/** The public half of a private key; messages name the file of the private one. */
export function publicHalf({ id, key, file }: Key): Key {
  return { id, key: createPublicKey(key), file };
}

/** The name of the signature that a key makes of a file; it lies beside that file. */
export function signatureName(file: string, id: string): string {
  return `${file}.${id}.sig`;
}

/** The key id of the file that a name makes a signature of `file`, or `undefined` when it is none. */
export function signerOf(name: string, file: string): string | undefined {
  return name.startsWith(file) ? SIGNATURE_NAME.exec(name.slice(file.length))?.[1] : undefined;
}

/** The raw signature of bytes; the same bytes and key give the same signature. */
export function signBytes(bytes: Uint8Array, { key }: Key): Buffer {
  return sign(null, bytes, key);
}

/** Whether this is the signature of these bytes. */
export function verifies(bytes: Uint8Array, signature: Uint8Array, { key }: Key): boolean {
  return signature.length === SIGNATURE_BYTES && verify(null, bytes, key, signature);
}

const PUBLIC = /^-----BEGIN PUBLIC KEY-----$/m;
const PRIVATE = /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----$/m;

/**
 * Reads a public key: PEM, SPKI (RFC 8410), as OpenSSL writes it.
 *
 * @param file for messages
 * @throws CondaDiffError usage, when it is anything else; a private key is refused, too: it does not belong where
 *   signatures are checked
 */
export function parsePublicKey(pem: string, file: string): Key {
  if (PRIVATE.test(pem)) {
    throw new CondaDiffError('usage', `${file} is a private key`, {
      hint: `Trust its public half, and keep the private one where it signs:\n  openssl pkey -in ${file} -pubout`,
    });
  }
  if (!PUBLIC.test(pem)) throw notAKey(file, 'a public key in PEM');
  return keyOf(() => createPublicKey(pem), file, 'a public key in PEM');
}

/**
 * Reads a private key: PEM, PKCS#8 (RFC 8410), as OpenSSL writes it, not encrypted.
 *
 * @param file for messages
 * @throws CondaDiffError usage, when it is anything else
 */
export function parsePrivateKey(pem: string, file: string): Key {
  if (PUBLIC.test(pem) && !PRIVATE.test(pem)) {
    throw new CondaDiffError('usage', `${file} is a public key; it takes the private one to sign`, {
      hint: 'keygen wrote it beside the public one, as <name>.private.pem',
    });
  }
  if (/ENCRYPTED/.test(pem)) {
    throw new CondaDiffError('usage', `${file} is encrypted; there is nobody to ask for its password`, {
      hint: 'Sign with OpenSSL, which asks; docs/operations.md has the command (Keys and signatures)',
    });
  }
  return keyOf(() => createPrivateKey(pem), file, 'a private key in PEM');
}

function keyOf(parse: () => KeyObject, file: string, what: string): Key {
  let key: KeyObject;
  try {
    key = parse();
  } catch (cause) {
    throw notAKey(file, what, cause);
  }
  if (key.asymmetricKeyType === 'ed25519') return { id: keyId(key), key, file };
  throw new CondaDiffError('usage', `${file} is not an Ed25519 key`, {
    details: [`found a key of the type ${String(key.asymmetricKeyType)}`],
    hint: KEYGEN,
  });
}

const KEYGEN = 'Make one with: conda-diff-export keygen <name>';

function notAKey(file: string, what: string, cause?: unknown): CondaDiffError {
  return new CondaDiffError('usage', `${file} is not ${what}`, { hint: KEYGEN, cause });
}
