import { HEX } from './json-bytes.js';
import { readHex } from './hex.js';
import type { JsonScanner } from './json-scan.js';
import { decodeText } from './json-text.js';
import { MARK } from './rows.js';

/** First byte of `null`. */
const LOWER_N = 0x6e;

/** One record. The object is used again for the next one: read what you need during the callback. */
export interface RecordView {
  /** `packages`, `packages.conda`, or `v3.<extension>` (CEP 48). */
  readonly bucket: string;
  /** The record's key: a file name, or in `v3` a name without extension. Any string; not checked as a path. */
  key(): string;
  /** Whether the key is ASCII without escapes: its bytes are its text. */
  readonly isKeyPlain: boolean;
  /** Bytes of a plain key. */
  readonly keyLength: number;
  /** Copies a plain key. */
  copyKey(to: Uint8Array, at: number): void;
  /** Writes the sha256 as 32 bytes, or the md5 as 16 if that is all there is. Returns which, as a mark; 0 for none. */
  copyHash(to: Uint8Array, at: number): number;
  /** 64 lower-case hexadecimal digits; undefined when null or missing. */
  sha256(): string | undefined;
  /** 32 lower-case hexadecimal digits; undefined when null or missing. */
  md5(): string | undefined;
  /** Bytes; undefined when null or missing. */
  readonly size: number | undefined;
  /** Where `v3.whl` says that the file is (CEP 48); undefined unless a string. */
  url(): string | undefined;
  /** File name, as `url`. */
  fn(): string | undefined;
  /** A field that the scanner was asked for besides; undefined unless a string of valid UTF-8. */
  text(field: string): string | undefined;
  /** The whole record, as it stands in the document: an object that JSON.parse takes. */
  json(): string;
}

/** A field that matters; positions count from the scanner's pin. */
class Field {
  readonly nameBytes: Uint8Array;
  kind: 'missing' | 'string' | 'scalar' | 'other' = 'missing';
  start = 0;
  end = 0;
  plain = true;

  constructor(readonly name: string) {
    this.nameBytes = Buffer.from(name);
  }

  isNamed(bytes: Uint8Array, start: number): boolean {
    const name = this.nameBytes;
    for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
    return true;
  }
}

/**
 * The record being scanned: where the fields that matter are, in a window that the scanner keeps (it is pinned at the
 * record's key). One object serves all records, so that 700 000 of them cost no garbage.
 */
export class RecordSpans implements RecordView {
  bucket = '';
  size: number | undefined = undefined;

  readonly #scanner: JsonScanner;
  readonly #key = new Field('key');
  readonly #sha256 = new Field('sha256');
  readonly #md5 = new Field('md5');
  readonly #size = new Field('size');
  readonly #url = new Field('url');
  readonly #fn = new Field('fn');
  readonly #fields: readonly Field[];
  /** The fields again, by the length of their name. */
  readonly #byLength: readonly Field[][];
  #present = this.#key;
  /** Of the record's object, from the pin. */
  #start = 0;
  #end = 0;

  /** @param more names of fields that `text` gives */
  constructor(scanner: JsonScanner, more: readonly string[] = []) {
    this.#scanner = scanner;
    const asked = more.map((name) => new Field(name));
    this.#fields = [this.#sha256, this.#md5, this.#size, this.#url, this.#fn, ...asked];
    const longest = Math.max(...this.#fields.map(({ name }) => name.length));
    this.#byLength = Array.from({ length: longest + 1 }, (_, length) =>
      this.#fields.filter((field) => field.name.length === length),
    );
  }

  key(): string {
    return this.#text(this.#key) ?? '';
  }

  get isKeyPlain(): boolean {
    return this.#key.plain;
  }

  get keyLength(): number {
    return this.#key.end - this.#key.start;
  }

  copyKey(to: Uint8Array, at: number): void {
    const { bytes, pin } = this.#scanner;
    const { start, end } = this.#key;
    for (let from = start; from < end; from++) to[at + from - start] = bytes[pin + from]!;
  }

  copyHash(to: Uint8Array, at: number): number {
    if (this.#copyDigits(this.#sha256, to, at, 32)) return MARK.sha256;
    return this.#copyDigits(this.#md5, to, at, 16) ? MARK.md5 : 0;
  }

  sha256(): string | undefined {
    return this.#text(this.#sha256)?.toLowerCase();
  }

  md5(): string | undefined {
    return this.#text(this.#md5)?.toLowerCase();
  }

  url(): string | undefined {
    return this.#text(this.#url);
  }

  fn(): string | undefined {
    return this.#text(this.#fn);
  }

  text(name: string): string | undefined {
    const field = this.#fields.find((candidate) => candidate.name === name);
    return field && this.#text(field);
  }

  json(): string {
    const { bytes, pin } = this.#scanner;
    return bytes.toString('utf8', pin + this.#start, pin + this.#end);
  }

  /** A record begins with this key. */
  begin(bucket: string, start: number, end: number, plain: boolean): void {
    this.#scanner.setPin(start - 1);
    this.bucket = bucket;
    for (const field of this.#fields) field.kind = 'missing';
    this.#present = this.#key;
    this.setString(start, end, plain);
  }

  /** The object of the record begins. */
  open(start: number): void {
    this.#start = start - this.#scanner.pin;
  }

  /** Whether a key of the record is one that matters; if so, the next `set…` gives its value. */
  select(start: number, end: number, plain: boolean): boolean {
    const { bytes } = this.#scanner;
    if (!plain) {
      const name = decodeText(bytes, start, end, plain);
      const field = this.#fields.find((candidate) => candidate.name === name);
      if (field !== undefined) this.#present = field;
      return field !== undefined;
    }
    for (const field of this.#byLength[end - start] ?? []) {
      if (!field.isNamed(bytes, start)) continue;
      this.#present = field;
      return true;
    }
    return false;
  }

  setString(start: number, end: number, plain: boolean): void {
    this.#set('string', start, end, plain);
  }

  setScalar(start: number, end: number): void {
    this.#set(this.#scanner.bytes[start] === LOWER_N ? 'missing' : 'scalar', start, end, true);
  }

  /** The value is an object or an array. */
  setContainer(start: number): void {
    this.#set('other', start, start + 1, true);
  }

  /** The record is whole: checks what its fields are in the end (of equal keys the last wins). */
  finish(end: number): void {
    this.#end = end - this.#scanner.pin;
    this.#checkHash(this.#sha256, 64);
    this.#checkHash(this.#md5, 32);
    this.size = this.#readSize();
    for (const field of [this.#key, this.#url, this.#fn]) {
      if (!field.plain && field.kind === 'string' && this.#text(field) === undefined)
        this.#refuse(field, 'UTF-8');
    }
  }

  #set(kind: Field['kind'], start: number, end: number, plain: boolean): void {
    const field = this.#present;
    const { pin } = this.#scanner;
    field.kind = kind;
    field.start = start - pin;
    field.end = end - pin;
    field.plain = plain;
  }

  /** Whether the field is there; its digits were checked by `finish`. */
  #copyDigits(field: Field, to: Uint8Array, at: number, count: number): boolean {
    if (field.kind !== 'string') return false;
    const { bytes, pin } = this.#scanner;
    if (field.plain) readHex(to, at, bytes, pin + field.start, count, { upperCase: true });
    else readHex(to, at, Buffer.from(this.#text(field) ?? ''), 0, count, { upperCase: true });
    return true;
  }

  #text(field: Field): string | undefined {
    if (field.kind !== 'string') return undefined;
    const { bytes, pin } = this.#scanner;
    return decodeText(bytes, pin + field.start, pin + field.end, field.plain);
  }

  #checkHash(field: Field, digits: number): void {
    if (field.kind === 'missing') return;
    if (field.kind === 'string' && field.plain && field.end - field.start === digits) {
      const { bytes, pin } = this.#scanner;
      let at = pin + field.start;
      const end = pin + field.end;
      let isHex = 1;
      for (; at < end; at += 4)
        isHex &= HEX[bytes[at]!]! & HEX[bytes[at + 1]!]! & HEX[bytes[at + 2]!]! & HEX[bytes[at + 3]!]!;
      if (isHex === 1) return;
    } else if (isHex(this.#text(field), digits)) {
      return;
    }
    this.#refuse(field, `${digits} hexadecimal digits`);
  }

  #readSize(): number | undefined {
    const field = this.#size;
    if (field.kind === 'missing') return undefined;
    const { bytes, pin } = this.#scanner;
    const size = field.kind === 'scalar' ? readNumber(bytes, pin + field.start, pin + field.end) : Number.NaN;
    if (!Number.isSafeInteger(size) || size < 0) this.#refuse(field, 'a whole number of bytes');
    return Math.abs(size); // -0 is whole and not negative, too
  }

  #refuse(field: Field, wanted: string): never {
    const problem =
      field === this.#key ? `a key of ${this.bucket}` : `${field.name} of ${JSON.stringify(this.key())}`;
    this.#scanner.fail(this.#scanner.pin + field.start, `${problem} is not ${wanted}`);
  }
}

/** The value of a JSON number, NaN for `true` and `false`. */
function readNumber(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number(bytes.toString('latin1', start, end));
    value = 10 * value + digit;
  }
  return value;
}

function isHex(text: string | undefined, digits: number): boolean {
  return text !== undefined && text.length === digits && /^[0-9a-f]*$/i.test(text);
}
