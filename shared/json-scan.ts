import { ByteWindow } from './byte-window.js';
import { CondaDiffError } from './errors.js';
import {
  ESCAPED,
  HEX,
  LITERALS,
  NUMBER_CLASS,
  NUMBER_NEXT,
  NUMBER_INTEGER,
  NUMBER_START,
  NUMBER_WHOLE,
  SPACE,
} from './json-bytes.js';

/**
 * What a `JsonScanner` reports. Positions are positions in its window, good until the callback returns
 * (`pin` makes them last). Nothing is reported of a value that is not wanted.
 */
export interface JsonHandler {
  /** A key, without its quotes; `plain`: ASCII without escapes. Returns whether its value is wanted. */
  key(start: number, end: number, plain: boolean): boolean;
  /** The bracket of a wanted object or array. Returns whether what is inside is wanted. */
  open(isObject: boolean, start: number): boolean;
  /** A wanted object or array ends; `end` is the position after its bracket. */
  close(isObject: boolean, end: number): void;
  /** A wanted string, without its quotes. */
  string(start: number, end: number, plain: boolean): void;
  /** A wanted number, `true`, `false` or `null`. */
  scalar(start: number, end: number): void;
}

/** Containers in containers. JSON.parse has no limit; the state kept here is one byte a level. */
const MAX_DEPTH = 512;
/** Bytes of one wanted token or one pinned stretch: the bound of what the window keeps. */
const MAX_KEPT = 64 * 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// What may come next, between two tokens: plain numbers, because this is the innermost loop. The first two take a
// key, the first four a string.
const KEY = 0;
const KEY_OR_CLOSE = 1;
const VALUE = 2;
const VALUE_OR_CLOSE = 3;
const COMMA_OR_CLOSE = 4;
const AFTER_KEY = 5;
const ROOT = 6;
const END = 7;

/** What messages call it, in an array and in an object. */
const EXPECTED: readonly (readonly [inArray: string, inObject: string])[] = [
  ['', 'a key'],
  ['', "a key or '}'"],
  ['a value', 'a value'],
  ["a value or ']'", ''],
  ["',' or ']'", "',' or '}'"],
  ['', "':'"],
  ["'{'", "'{'"],
  ['the end of the file', 'the end of the file'],
];

// The token that the window ends in the middle of.
const NO_TOKEN = 0;
const STRING = 1;
const NUMBER = 2;
const WORD = 3;

/** What to think of a file that begins with this byte. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [0x3c, 'It looks like an HTML page that was saved in place of the file: fetch it again'],
  [0xef, 'It looks like a byte order mark, which conda clients refuse, too: save the file without one'],
]);

/**
 * A push parser of one JSON document whose root is an object, in bounded memory: it sees bytes, never strings, keeps
 * only what is wanted and unfinished, and accepts what JSON.parse accepts, to a depth of 512. A document of
 * nothing but white space is accepted without a report: an empty index file is an empty index.
 */
export class JsonScanner {
  readonly #handler: JsonHandler;
  readonly #subject: string;
  readonly #window = new ByteWindow();

  #next = ROOT;
  #token = NO_TOKEN;
  /** Where the present token started, its quote included. */
  #start = 0;
  #plain = true;
  /** Within a string: 0, or 5 after a backslash, or how many digits of a `\u` are to come. */
  #escape = 0;
  #numberState = NUMBER_START;
  #literal: Uint8Array = new Uint8Array();

  #depth = 0;
  /** 1 where the container of that depth is an object. */
  readonly #isObject = new Uint8Array(MAX_DEPTH + 1);
  /** Depth of the container that holds an unwanted value which is being skipped, or -1. */
  #skipDepth = -1;
  #pin = -1;

  /** `subject` begins every message, as in `linux-64/repodata.json is not valid repodata`. */
  constructor(subject: string, handler: JsonHandler) {
    this.#subject = subject;
    this.#handler = handler;
  }

  /** The bytes that positions refer to; a new buffer after each `push`. */
  get bytes(): Buffer {
    return this.#window.bytes;
  }

  /** Where what was pinned is now: positions relative to it stay good until `unpin`. */
  get pin(): number {
    return this.#pin;
  }

  /** Keeps the window from the quote, bracket or digit at `position` on. */
  setPin(position: number): void {
    this.#pin = position;
  }

  /** Ends a pin. Throws if it grew beyond 64 MiB, however the document was cut into chunks. */
  unpin(end: number): void {
    this.#checkKept(this.#pin, end);
    this.#pin = -1;
  }

  /** Takes the next bytes of the document, cut anywhere; they may be overwritten afterwards. */
  push(chunk: Uint8Array): void {
    const window = this.#window;
    const resumeAt = window.end;
    window.append(chunk);
    this.#scan(resumeAt);
    let keep = window.end;
    if (this.#pin >= 0) keep = this.#pin;
    else if (this.#token !== NO_TOKEN && this.#skipDepth < 0) keep = this.#start;
    this.#checkKept(keep, window.end);
    window.keepFrom(keep);
    this.#start -= keep;
    if (this.#pin >= 0) this.#pin = 0;
  }

  /** Says that the document ends here. Throws if it is not whole. */
  end(): void {
    if (this.#next === END || this.#next === ROOT) return;
    this.fail(this.#window.end, `expected ${this.#expected()}`, ', found the end of the file');
  }

  /** Throws the error of this document: `<subject>: <problem> at byte <offset of position><rest>`. */
  fail(position: number, problem: string, rest = '', hint?: string): never {
    const offset = this.#window.base + position;
    throw new CondaDiffError(
      'source',
      `${this.#subject}: ${problem} at byte ${offset}${rest}`,
      hint === undefined ? {} : { hint },
    );
  }

  #scan(from: number): void {
    const { bytes, end } = this.#window;
    let at = this.#resume(from);
    while (at < end) {
      const byte = bytes[at]!;
      if (byte === QUOTE && this.#next <= VALUE_OR_CLOSE) at = this.#startString(at);
      else if (SPACE[byte] === 1) at++;
      else at = this.#structure(byte, at);
    }
  }

  #resume(at: number): number {
    if (this.#token === STRING) return this.#string(at);
    if (this.#token === NUMBER) return this.#number(at);
    if (this.#token === WORD) return this.#word(at);
    return at;
  }

  /** Takes a byte that is neither white space nor the quote of a string. Returns the position of the next token. */
  #structure(byte: number, at: number): number {
    switch (this.#next) {
      case COMMA_OR_CLOSE:
        return byte === COMMA ? this.#afterComma(at + 1) : this.#close(byte, at);
      case AFTER_KEY:
        if (byte !== COLON) this.#unexpected(at);
        this.#next = VALUE;
        return at + 1;
      case KEY_OR_CLOSE:
        return this.#close(byte, at);
      case VALUE_OR_CLOSE:
        return byte === CLOSE_ARRAY ? this.#close(byte, at) : this.#value(byte, at);
      case VALUE:
        return this.#value(byte, at);
      case ROOT:
        return byte === OPEN_OBJECT ? this.#open(true, at) : this.#unexpected(at);
      default:
        return this.#unexpected(at);
    }
  }

  #value(byte: number, at: number): number {
    if (byte === OPEN_OBJECT) return this.#open(true, at);
    if (byte === OPEN_ARRAY) return this.#open(false, at);
    this.#start = at;
    if (byte === MINUS || NUMBER_CLASS[byte] === 1 || NUMBER_CLASS[byte] === 2) {
      this.#numberState = NUMBER_START;
      return this.#number(at);
    }
    this.#literal = LITERALS.get(byte) ?? this.#unexpected(at);
    this.#token = WORD;
    return this.#word(at);
  }

  #open(isObject: boolean, at: number): number {
    if (this.#depth === MAX_DEPTH) this.fail(at, `more than ${MAX_DEPTH} levels of nesting`);
    if (this.#skipDepth < 0 && !this.#handler.open(isObject, at)) this.#skipDepth = this.#depth;
    this.#depth++;
    this.#isObject[this.#depth] = isObject ? 1 : 0;
    this.#next = isObject ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
    return at + 1;
  }

  #close(byte: number, at: number): number {
    const isObject = this.#isObject[this.#depth] === 1;
    if (byte !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) this.#unexpected(at);
    this.#depth--;
    if (this.#skipDepth < 0) this.#handler.close(isObject, at + 1);
    return this.#endValue(at + 1);
  }

  /** A value ended before `at`. Takes the comma that mostly comes next. */
  #endValue(at: number): number {
    const { bytes, end } = this.#window;
    if (this.#skipDepth === this.#depth) this.#skipDepth = -1;
    this.#next = this.#depth === 0 ? END : COMMA_OR_CLOSE;
    return at < end && bytes[at] === COMMA && this.#depth > 0 ? this.#afterComma(at + 1) : at;
  }

  #afterComma(at: number): number {
    this.#next = this.#isObject[this.#depth] === 1 ? KEY : VALUE;
    return at;
  }

  #startString(at: number): number {
    this.#start = at;
    this.#plain = true;
    return this.#string(at + 1);
  }

  /** Scans a string from anywhere within it. Returns the position after it, or the window's end. */
  #string(from: number): number {
    const { bytes, end } = this.#window;
    let at = this.#escape === 0 ? from : this.#escaped(from);
    while ((at = this.#window.skipPlain(at)) < end) {
      const byte = bytes[at]!;
      if (byte === QUOTE) return this.#endString(at);
      if (byte < 0x20) this.fail(at, 'control character in a string', `: ${found(byte)}`);
      this.#plain = false;
      at++;
      if (byte === BACKSLASH) {
        this.#escape = 5;
        at = this.#escaped(at);
      }
    }
    this.#token = STRING;
    return end;
  }

  /** Takes what belongs to an escape: `n`, or `u` and four digits. */
  #escaped(from: number): number {
    const { bytes, end } = this.#window;
    let at = from;
    for (; at < end && this.#escape > 0; at++) {
      const byte = bytes[at]!;
      if (this.#escape < 5 ? HEX[byte] === 1 : byte === LOWER_U) this.#escape--;
      else if (this.#escape === 5 && ESCAPED[byte] === 1) this.#escape = 0;
      else this.fail(at, 'invalid escape in a string', `: ${found(byte)}`);
    }
    return at;
  }

  #endString(at: number): number {
    this.#token = NO_TOKEN;
    const wanted = this.#skipDepth < 0;
    if (wanted) this.#checkKept(this.#start, at);
    if (this.#next <= KEY_OR_CLOSE) return this.#endKey(at, wanted);
    if (wanted) this.#handler.string(this.#start + 1, at, this.#plain);
    return this.#endValue(at + 1);
  }

  #endKey(at: number, wanted: boolean): number {
    if (wanted && !this.#handler.key(this.#start + 1, at, this.#plain)) this.#skipDepth = this.#depth;
    const { bytes, end } = this.#window;
    const colon = at + 1 < end && bytes[at + 1] === COLON;
    this.#next = colon ? VALUE : AFTER_KEY;
    return colon ? at + 2 : at + 1;
  }

  #number(from: number): number {
    const { bytes, end } = this.#window;
    let state = this.#numberState;
    for (let at = from; at < end; at++) {
      const byte = bytes[at]!;
      if (state === NUMBER_INTEGER && byte >= 0x30 && byte <= 0x39) continue;
      const kind = NUMBER_CLASS[byte]!;
      if (kind === 0 && state >= NUMBER_WHOLE) return this.#endScalar(at);
      state = NUMBER_NEXT[8 * state + kind]!;
      if (state === 0) this.fail(at, 'invalid number', `: ${found(bytes[at]!)}`);
    }
    this.#numberState = state;
    this.#token = NUMBER;
    return end;
  }

  #word(from: number): number {
    const { bytes, end } = this.#window;
    const word = this.#literal;
    for (let at = from; at < end; at++) {
      if (bytes[at] !== word[at - this.#start]) this.#unexpected(at);
      if (at - this.#start === word.length - 1) return this.#endScalar(at + 1);
    }
    return end;
  }

  #endScalar(end: number): number {
    this.#token = NO_TOKEN;
    if (this.#skipDepth < 0) {
      this.#checkKept(this.#start, end);
      this.#handler.scalar(this.#start, end);
    }
    return this.#endValue(end);
  }

  #checkKept(start: number, end: number): void {
    if (end - start > MAX_KEPT) this.fail(start, 'a record or string of more than 64 MiB');
  }

  #expected(): string {
    if (this.#token === STRING) return 'the rest of a string';
    if (this.#token === NUMBER) return 'the rest of a number';
    if (this.#token === WORD) return Buffer.from(this.#literal).toString();
    return EXPECTED[this.#next]![this.#isObject[this.#depth] === 1 ? 1 : 0];
  }

  #unexpected(at: number): never {
    const byte = this.#window.bytes[at]!;
    const hint = this.#next === ROOT ? HINTS.get(byte) : undefined;
    this.fail(at, `expected ${this.#expected()}`, `, found ${found(byte)}`, hint);
  }
}

function found(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `'${String.fromCharCode(byte)}'`
    : `byte 0x${byte.toString(16).padStart(2, '0')}`;
}
