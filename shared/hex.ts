/** Lower-case hexadecimal digits as bytes, without a string for each hash on the way. */

const DIGITS = Buffer.from('0123456789abcdef');
const NONE = 255;

/** The value of each byte as a hexadecimal digit; 255 where it is none. Only lower case is taken. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = DIGITS.indexOf(byte);
  return value < 0 ? NONE : value;
});
/** The same, upper case included. */
const EITHER = Uint8Array.from(LOWER, (value, byte) =>
  byte >= 0x41 && byte <= 0x46 ? byte - 0x41 + 10 : value,
);

/** Writes `count` bytes of `from` as twice as many digits. */
export function writeHex(to: Uint8Array, at: number, from: Uint8Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const byte = from[start + i]!;
    to[at + 2 * i] = DIGITS[byte >> 4]!;
    to[at + 2 * i + 1] = DIGITS[byte & 15]!;
  }
}

/**
 * Reads `count` bytes from twice as many lower-case digits.
 *
 * @returns whether all of them are such digits
 */
export function readHex(
  to: Uint8Array,
  at: number,
  from: Uint8Array,
  start: number,
  count: number,
  { upperCase = false }: { upperCase?: boolean } = {},
): boolean {
  const values = upperCase ? EITHER : LOWER;
  let all = 0;
  for (let i = 0; i < count; i++) {
    const high = values[from[start + 2 * i]!]!;
    const low = values[from[start + 2 * i + 1]!]!;
    all |= high | low;
    to[at + i] = (high << 4) | low;
  }
  return (all & 0x80) === 0;
}
