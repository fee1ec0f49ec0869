import { readHex } from './hex.js';
import { MAX_PATH_BYTES } from './paths.js';
import { HASH_BYTES } from './rows.js';
import { isUsualSegment } from './usual-name.js';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SLASH = 0x2f;
const CLOSE = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;

/** Digits of a whole number that is surely below 2^53. */
const SAFE_DIGITS = 15;

/**
 * Recognises the usual lines of large documents as bytes: millions of them, for which JSON.parse, JSON.stringify and
 * ajv would take most of the time. Each method takes one thing at `at` and moves on, or says false; then the whole line
 * belongs to those, who decide alone what is wrong or unusual. So whatever is taken here they would take as well.
 */
export class PlainLine {
  at = 0;
  /** Of the last path, number and hash that was taken. */
  pathStart = 0;
  pathEnd = 0;
  number = 0;
  readonly hash = new Uint8Array(HASH_BYTES);
  hashStart = 0;

  bytes: Buffer = Buffer.alloc(0);
  #given: Uint8Array = this.bytes;

  begin(bytes: Uint8Array, start: number): this {
    if (bytes !== this.#given) {
      this.#given = bytes;
      this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.at = start;
    return this;
  }

  /** The last path that was taken. Usual names are ASCII. */
  get pathText(): string {
    return this.bytes.toString('latin1', this.pathStart, this.pathEnd);
  }

  /** The last hash that was taken, in hex. */
  get hashText(): string {
    return this.bytes.toString('latin1', this.hashStart, this.hashStart + 2 * HASH_BYTES);
  }

  literal(text: Uint8Array): boolean {
    const { bytes, at } = this;
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
    this.at = at + text.length;
    return true;
  }

  /** A tracked path of usual names, up to its quote. */
  path(): boolean {
    const { bytes, at: start } = this;
    let segment = start;
    let at = start;
    for (; bytes[at] !== QUOTE; at++) {
      if (at === bytes.length) return false;
      if (bytes[at] !== SLASH) continue;
      if (!isUsualSegment(bytes, segment, at)) return false;
      segment = at + 1;
    }
    if (!isUsualSegment(bytes, segment, at) || at - start > MAX_PATH_BYTES) return false;
    this.pathStart = start;
    this.pathEnd = at;
    this.at = at;
    return true;
  }

  /** A whole number in its shortest form. */
  whole(): boolean {
    const { bytes, at: start } = this;
    let at = start;
    let value = 0;
    for (; bytes[at]! >= ZERO && bytes[at]! <= NINE; at++) value = 10 * value + bytes[at]! - ZERO;
    const digits = at - start;
    if (digits === 0 || digits > SAFE_DIGITS || (digits > 1 && bytes[start] === ZERO)) return false;
    this.number = value;
    this.at = at;
    return true;
  }

  sha256(): boolean {
    const { at } = this;
    this.hashStart = at;
    this.at = at + 2 * HASH_BYTES;
    return this.at <= this.bytes.length && readHex(this.hash, 0, this.bytes, at, HASH_BYTES);
  }

  /** The end of an entry and of its line, with or without the comma that says that another entry follows. */
  end(): boolean {
    if (this.bytes[this.at++] !== CLOSE) return false;
    if (this.bytes[this.at] === COMMA) this.at++;
    return this.bytes[this.at++] === LINE_FEED;
  }
}

const PATH = Buffer.from('{"path":"');
const SIZE = Buffer.from('","size":');
const SHA256 = Buffer.from(',"sha256":"');
const QUOTE_BYTE = Buffer.from('"');

/** Takes `{"path":"…","size":…,"sha256":"…"`: how every line that names a file begins. */
export function takeEntry(line: PlainLine): boolean {
  return line.literal(PATH) && line.path() && line.literal(SIZE) && takeContent(line);
}

/** Takes what says which bytes a file has, after the name of its size: `…,"sha256":"…"`. */
export function takeContent(line: PlainLine): boolean {
  return line.whole() && line.literal(SHA256) && line.sha256() && line.literal(QUOTE_BYTE);
}
