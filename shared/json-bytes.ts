/**
 * Byte tables of the JSON grammar (RFC 8259), for `JsonScanner`. In each, 0 means "no".
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** White space between tokens. */
export const SPACE = table([' \t\n\r']);
/** What may follow a backslash, but for `u`. */
export const ESCAPED = table(['"\\/bfnrt']);
export const HEX = table(['0123456789abcdefABCDEF']);

/** Where the scan of a string must stop and look: its end, escapes, control characters, non-ASCII. */
export const STOP = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH || byte > 0x7f ? 1 : 0,
);

/** The three words, by their first byte. */
export const LITERALS: ReadonlyMap<number, Uint8Array> = new Map(
  ['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]),
);

/** Class of a byte in a number: 1 zero, 2 other digit, 3 point, 4 exponent, 5 plus, 6 minus; 0 ends the number. */
export const NUMBER_CLASS = table(['0', '123456789', '.', 'eE', '+', '-']);

/** The state a number starts in, and the first of those in which it may end. */
export const NUMBER_START = 1;
export const NUMBER_WHOLE = 6;
export const NUMBER_INTEGER = 7;

/** The next state of a number, at `8 * state + class`; 0 is an error. One row a state, one column a class. */
export const NUMBER_NEXT = Uint8Array.from(
  [
    '00000000', // 0 error
    '06700020', // 1 start
    '06700000', // 2 after the sign
    '08800000', // 3 after the point
    '09900550', // 4 after the e
    '09900000', // 5 after the sign of the exponent
    '00034000', // 6 zero
    '07734000', // 7 integer
    '08804000', // 8 fraction
    '09900000', // 9 exponent
  ].join(''),
  Number,
);

/** Gives each byte of the n-th string the value n, counting from 1. */
function table(classes: readonly string[]): Uint8Array {
  const values = new Uint8Array(256);
  classes.forEach((bytes, index) => {
    for (const byte of Buffer.from(bytes)) values[byte] = index + 1;
  });
  return values;
}
