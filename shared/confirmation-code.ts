import { createHash } from 'node:crypto';

/**
 * The short form of a receipt, for a person to read over the telephone: three groups of four symbols. Ten say which
 * state is held after which update; two are checks.
 *
 * The symbols stand for numbers modulo the prime 31. Counted from 1, the sum of all symbols and the sum of each times
 * its place are multiples of 31. So any one or two wrong symbols, and any two that changed places, are noticed (a
 * Reed-Solomon code of distance 3).
 */

/** No 0, 1, I, L or O: they look or sound like others. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const PRIME = ALPHABET.length;
const PAYLOAD = 10;
const GROUP = 4;
const LENGTH = PAYLOAD + 2;

/**
 * The confirmation code of a state that is held after an update: the n-th of its ten symbols is the n-th byte of the
 * sha256 of update id and digest, each followed by a line feed, modulo 31.
 *
 * @param updateId of the update that was imported or undone
 * @param digest state digest of what is held now
 * @returns like `7HQ2-KX4M-9TBA`
 */
export function confirmationCode(updateId: string, digest: string): string {
  const hash = createHash('sha256').update(`${updateId}\n${digest}\n`).digest();
  return grouped(withChecks([...hash.subarray(0, PAYLOAD)].map((byte) => byte % PRIME)));
}

/** Appends the two symbols that make both sums multiples of 31. */
function withChecks(payload: readonly number[]): number[] {
  const a = -sum(payload);
  const b = -weightedSum(payload);
  return [...payload, modulo(LENGTH * a - b), modulo(b - (LENGTH - 1) * a)];
}

function sum(symbols: readonly number[]): number {
  return symbols.reduce((total, symbol) => total + symbol, 0);
}

function weightedSum(symbols: readonly number[]): number {
  return symbols.reduce((total, symbol, i) => total + (i + 1) * symbol, 0);
}

function modulo(value: number): number {
  return ((value % PRIME) + PRIME) % PRIME;
}

function grouped(symbols: readonly number[]): string {
  const text = symbols.map((symbol) => ALPHABET.charAt(symbol)).join('');
  return Array.from({ length: LENGTH / GROUP }, (_, i) => text.slice(i * GROUP, (i + 1) * GROUP)).join('-');
}

/**
 * Reads a confirmation code that a person typed; case, spaces and dashes of any kind do not matter.
 *
 * @returns the code as {@link confirmationCode} writes it, or `undefined` when it is mistyped
 */
export function readCode(text: string): string | undefined {
  const plain = text.toUpperCase().replace(/[\s\p{Pd}]/gu, '');
  const symbols = Array.from(plain, (one) => ALPHABET.indexOf(one));
  if (symbols.length !== LENGTH || symbols.includes(-1)) return undefined;
  const isRight = modulo(sum(symbols)) === 0 && modulo(weightedSum(symbols)) === 0;
  return isRight ? grouped(symbols) : undefined;
}
