import { createHash } from 'node:crypto';
import { CondaDiffError } from './errors.js';

/** Longest line, in bytes. */
const MAX_LINE_BYTES = 1 << 20;
/** Deepest nesting of arrays and objects in one line. */
const MAX_DEPTH = 8;

const LINE_FEED = 0x0a;
const COMMA = 0x2c;

export interface LineDocumentHandler {
  /** Receives the parsed header; throws to refuse it. */
  header(value: unknown): void;
  /** Receives each parsed entry of each section, in order; throws to refuse it. */
  entry(section: string, value: unknown): void;
  /**
   * Takes an entry whose line starts at `start` without having it parsed, if it has the usual form and is all there.
   * Returns where the next line starts, or -1: then the line is parsed and goes to `entry`.
   */
  line?(section: string, bytes: Uint8Array, start: number): number;
}

type Expecting = 'header' | 'section' | 'first' | 'entry' | 'end' | 'checksum' | 'close' | 'nothing';

/** Reads a line document (see line-document.ts) pushed in chunks of any size; bounded memory. */
export class LineDocumentDecoder {
  readonly #name: string;
  readonly #sections: readonly string[];
  readonly #handler: LineDocumentHandler;
  readonly #hash = createHash('sha256');
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #expecting: Expecting = 'header';
  #section = 0;
  #line = 0;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  /**
   * @param name the file, for messages
   * @param sections the sections that must follow the header, in this order
   */
  constructor(name: string, sections: readonly string[], handler: LineDocumentHandler) {
    this.#name = name;
    this.#sections = sections;
    this.#handler = handler;
  }

  /**
   * @throws CondaDiffError malformed, naming file and line
   */
  push(chunk: Uint8Array): void {
    let isHashed = !this.#isBody;
    let start = 0;
    while (start < chunk.length) {
      const next = this.#takeUnparsed(chunk, start) ?? this.#takeParsed(chunk, start);
      if (next === undefined) break;
      start = next;
      if (isHashed || this.#isBody) continue;
      this.#hash.update(chunk.subarray(0, start));
      isHashed = true;
    }
    if (!isHashed) this.#hash.update(chunk);
    if (start < chunk.length) this.#keep(Uint8Array.prototype.slice.call(chunk, start)); // a Buffer's own `slice` copies nothing
  }

  /**
   * @throws CondaDiffError malformed, when the document is not complete
   */
  end(): void {
    if (this.#pendingBytes > 0 || this.#expecting !== 'nothing') {
      throw new CondaDiffError('malformed', `${this.#name} is cut off after line ${String(this.#line)}`, {
        hint: 'Copy the file again from its source',
      });
    }
  }

  /** Whether the line that comes next is among those that the checksum covers. */
  get #isBody(): boolean {
    return !['checksum', 'close', 'nothing'].includes(this.#expecting);
  }

  /** Returns where the next line starts, if the handler took this one as it is. */
  #takeUnparsed(chunk: Uint8Array, start: number): number | undefined {
    if (this.#handler.line === undefined || this.#pendingBytes > 0) return undefined;
    if (this.#expecting !== 'entry' && this.#expecting !== 'first') return undefined;
    const next = this.#handler.line(this.#sections[this.#section] as string, chunk, start);
    if (next < 0) return undefined;
    this.#line++;
    this.#expecting = chunk[next - 2] === COMMA ? 'entry' : 'end';
    return next;
  }

  /** Returns where the next line starts, if this one is all there. */
  #takeParsed(chunk: Uint8Array, start: number): number | undefined {
    const end = chunk.indexOf(LINE_FEED, start);
    if (end < 0) return undefined;
    this.#takeLine(this.#join(chunk.subarray(start, end + 1)));
    return end + 1;
  }

  #keep(rest: Uint8Array): void {
    this.#pendingBytes += rest.length;
    if (this.#pendingBytes > MAX_LINE_BYTES) this.#refuseLong();
    this.#pending.push(rest);
  }

  #join(last: Uint8Array): Uint8Array {
    if (this.#pending.length === 0) return last;
    const line = Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }

  #takeLine(bytes: Uint8Array): void {
    if (bytes.length > MAX_LINE_BYTES) this.#refuseLong();
    this.#line++;
    const text = this.#text(bytes).slice(0, -1);
    if (this.#expecting === 'checksum') return this.#takeChecksum(text);
    this.#takeBodyLine(text);
  }

  #takeBodyLine(text: string): void {
    switch (this.#expecting) {
      case 'header':
        if (!text.endsWith(',')) this.#refuse('is not a header');
        this.#handler.header(this.#parse(`${text.slice(0, -1)}}`));
        return this.#nextSection();
      case 'section':
        if (text !== `"${this.#sections[this.#section] as string}":[`) {
          this.#refuse(`is not the start of section '${this.#sections[this.#section] as string}'`);
        }
        this.#expecting = 'first';
        return;
      case 'first':
        if (text === '],') return this.#endSection();
        return this.#takeEntry(text);
      case 'entry':
        return this.#takeEntry(text);
      case 'end':
        if (text === '],') return this.#endSection();
        return this.#refuse("is not the end of a section, '],'");
      case 'close':
        if (text !== '}') this.#refuse("is not the end of the document, '}'");
        this.#expecting = 'nothing';
        return;
      default:
        return this.#refuse('stands after the end of the document');
    }
  }

  #takeEntry(text: string): void {
    const more = text.endsWith(',');
    this.#handler.entry(
      this.#sections[this.#section] as string,
      this.#parse(more ? text.slice(0, -1) : text),
    );
    this.#expecting = more ? 'entry' : 'end';
  }

  #endSection(): void {
    this.#section++;
    this.#nextSection();
  }

  #nextSection(): void {
    this.#expecting = this.#section < this.#sections.length ? 'section' : 'checksum';
  }

  #takeChecksum(text: string): void {
    const stated = /^"checksum":"([0-9a-f]{64})"$/.exec(text)?.[1];
    if (stated === undefined) return this.#refuse('is not the checksum line');
    const found = this.#hash.digest('hex');
    if (stated !== found) {
      throw new CondaDiffError(
        'integrity',
        `${this.#name} is damaged: its checksum does not match its content`,
        {
          details: [`expected ${stated}, found ${found}`],
          hint: 'Copy the file again from its source',
        },
      );
    }
    this.#expecting = 'close';
  }

  #parse(text: string): unknown {
    if (depthOf(text) > MAX_DEPTH) this.#refuse(`is nested deeper than ${String(MAX_DEPTH)}`);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      this.#refuse('is not JSON', cause);
    }
    if (JSON.stringify(value) !== text) this.#refuse('is not in the form that conda-diff writes');
    return value;
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      return this.#refuse('is not valid UTF-8', cause);
    }
  }

  #refuseLong(): never {
    this.#line++;
    return this.#refuse('is longer than 1 MiB');
  }

  #refuse(what: string, cause?: unknown): never {
    throw new CondaDiffError('malformed', `${this.#name}: line ${String(this.#line)} ${what}`, {
      hint: 'Copy the file again from its source; it must not be edited or reformatted',
      cause,
    });
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (inString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x7b || unit === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return deepest;
}
