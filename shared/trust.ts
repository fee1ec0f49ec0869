import { CondaDiffError } from './errors.js';
import { formatCount } from './figures.js';
import { type Key, SIGNATURE_BYTES, verifies } from './signature.js';

/** Whose signatures count, and how many are asked for. */
export interface Trust {
  /** Public keys, each once. */
  readonly keys: readonly Key[];
  /** How many of them must have signed; 1 at least. */
  readonly required: number;
}

/** A signature that lies beside what it is of. */
export interface FoundSignature {
  /** Key id that its name states. */
  readonly id: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** What is known of the signatures of an update; key ids. */
export interface Signatures {
  /** Made by trusted keys, and right. */
  readonly trusted: readonly string[];
  /** Of other keys: nothing was checked. */
  readonly others: readonly string[];
}

/**
 * Puts together what the user trusts.
 *
 * @param required how many signatures are asked for; one, where it is not said
 * @returns `undefined` where nothing is trusted, so that nothing is asked for
 * @throws CondaDiffError usage, when more signatures are asked for than there are keys
 */
export function trustIn(keys: readonly Key[], required: number | undefined): Trust | undefined {
  const distinct = [...new Map(keys.map((key) => [key.id, key])).values()];
  if (distinct.length === 0 && required === undefined) return undefined;
  if ((required ?? 1) <= distinct.length) return { keys: distinct, required: required ?? 1 };
  throw new CondaDiffError(
    'usage',
    `${formatCount(required ?? 1, 'signature')} of ${formatCount(distinct.length, 'trusted key')} cannot be had`,
    { details: distinct.map(describe), hint: 'Name each key with --trusted-key <pem>; a key counts once' },
  );
}

function describe({ id, file }: Key): string {
  return `${id} (${file})`;
}

/**
 * Refuses bytes that are not signed as trust asks. A wrong signature of a trusted key is refused even where others are
 * right: either it or what it is of was altered.
 *
 * @param signed name of the file that these are the bytes of
 * @param found the signatures of trusted keys that are there
 * @returns the ids of the trusted keys that signed
 * @throws CondaDiffError integrity
 */
export function requireSigned(
  bytes: Uint8Array,
  signed: string,
  found: readonly FoundSignature[],
  trust: Trust,
): string[] {
  requireEnough(signed, found, trust);
  const wrong = found.filter((one) => !isRight(bytes, one, trust));
  if (wrong.length === 0) return found.map(({ id }) => id);
  throw new CondaDiffError('integrity', `${signed} is not what was signed`, {
    details: wrong.map((one) => whatIsWrong(one)),
    hint: 'Copy it and its signatures again from their source; if this stays, somebody altered one of them',
  });
}

function isRight(bytes: Uint8Array, { id, bytes: signature }: FoundSignature, { keys }: Trust): boolean {
  const key = keys.find((one) => one.id === id);
  return key !== undefined && verifies(bytes, signature, key);
}

function whatIsWrong({ id, file, bytes }: FoundSignature): string {
  return bytes.length === SIGNATURE_BYTES
    ? `${file}: it is not the signature of key ${id}`
    : `${file}: expected ${String(SIGNATURE_BYTES)} bytes, found ${String(bytes.length)}`;
}

/**
 * Refuses what cannot have enough signatures, before any of it is read.
 *
 * @throws CondaDiffError integrity
 */
export function requireEnough(
  signed: string,
  found: readonly Pick<FoundSignature, 'id'>[],
  trust: Trust,
  others: readonly string[] = [],
  hint = UNSIGNED_UPDATE,
): void {
  const { keys, required } = trust;
  if (found.length >= required) return;
  const message =
    found.length === 0
      ? `${signed} is not signed by a trusted key`
      : `${signed} is signed by ${String(found.length)} of ${String(required)} trusted keys that are required`;
  throw new CondaDiffError('integrity', message, {
    details: [
      ...found.map(({ id }) => `signed by the trusted key ${id}`),
      ...others.map((id) => `signed by ${id}, which is not trusted`),
      ...keys
        .filter(({ id }) => !found.some((one) => one.id === id))
        .map((key) => `not signed by ${describe(key)}`),
    ],
    hint,
  });
}

/** What to do about an update that is not signed. */
export const UNSIGNED_UPDATE = [
  'Copy the .sig files of the update beside its manifest. If there are none, have it signed on the online side:',
  '  conda-diff-export sign <update.manifest.json> --sign-key <private key>',
].join('\n');
