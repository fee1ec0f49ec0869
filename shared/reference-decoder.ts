import { CondaDiffError } from './errors.js';
import { requireGlobs } from './globs.js';
import { LineDocumentDecoder } from './line-document-decoder.js';
import { PlainLine, takeEntry } from './plain-line.js';
import { checkFormat, checkTotals, type Reference, type Scope, type Totals } from './reference.js';
import { HASH_BYTES, Rows } from './rows.js';
import { entryValidator, headerValidator, type Validator } from './schema.js';
import { allRows } from './sort-rows.js';
import { checkEntry, type Entry, State } from './state.js';

interface ReferenceHeader extends Totals {
  readonly rules: number;
  readonly scope: Scope;
  readonly ignore: readonly string[];
  readonly include: readonly string[];
}

/** Rows that memory is reserved for because the header says so; more are read as well. */
const MAX_RESERVED = 1 << 22;

/** Reads a reference pushed in chunks. */
export class ReferenceDecoder {
  readonly #name: string;
  readonly #document: LineDocumentDecoder;
  readonly #line = new PlainLine();
  #header: ReferenceHeader | undefined;
  #rows = new Rows();

  private constructor(name: string, header: Validator<ReferenceHeader>, entry: Validator<Entry>) {
    this.#name = name;
    this.#document = new LineDocumentDecoder(name, ['entries'], {
      header: (value) => {
        checkFormat(value, name, 'conda-diff-reference');
        this.#header = header(value, name);
        requireGlobs(this.#header, name);
        this.#rows = new Rows(Math.min(this.#header.count, MAX_RESERVED));
      },
      entry: (_, value) => {
        this.#add(entry(value, name));
      },
      line: (_, bytes, start) => this.#addLine(bytes, start),
    });
  }

  /** @param name the file, for messages */
  static async create(name: string): Promise<ReferenceDecoder> {
    const entry = await entryValidator<Entry>('reference', 'entries');
    return new ReferenceDecoder(name, await headerValidator('reference', ['entries']), entry);
  }

  /**
   * @throws CondaDiffError malformed or integrity, naming file and line
   */
  push(chunk: Uint8Array): void {
    this.#document.push(chunk);
  }

  /**
   * @throws CondaDiffError malformed when the document is not complete, integrity when the entries do not give
   *   the digest and totals of the header
   */
  end(): Reference {
    this.#document.end();
    const header = this.#header as ReferenceHeader;
    const state = new State([this.#rows], allRows(this.#rows));
    checkTotals(`${this.#name}: its entries`, header, state);
    const { rules, scope, ignore, include } = header;
    return { rules, scope, globs: { ignore, include }, state };
  }

  #add(entry: Entry): void {
    checkEntry(entry);
    this.#rows.add(entry.path, entry.size, entry.sha256);
    this.#checkPlace();
  }

  /** Adds an entry whose line has the usual form. Returns where the next line starts, else -1. */
  #addLine(bytes: Uint8Array, start: number): number {
    const line = this.#line.begin(bytes, start);
    if (!takeEntry(line) || !line.end()) return -1;
    const rows = this.#rows;
    const row = rows.begin(line.pathEnd - line.pathStart);
    const { names } = rows;
    for (let from = line.pathStart, to = rows.starts[row]!; from < line.pathEnd; from++, to++)
      names[to] = bytes[from]!;
    rows.sizes[row] = line.number;
    rows.hashes.set(line.hash, row * HASH_BYTES);
    this.#checkPlace();
    return line.at;
  }

  /** The row that was added last must be one that the header counts, and stand in order. */
  #checkPlace(): void {
    const rows = this.#rows;
    const row = rows.count - 1;
    if (row >= (this.#header?.count ?? 0)) {
      throw new CondaDiffError('malformed', `${this.#name} has more entries than its header says`);
    }
    if (row > 0 && rows.compare(row - 1, rows, row) >= 0) {
      throw new CondaDiffError(
        'malformed',
        `${this.#name}: '${rows.path(row)}' must not stand after '${rows.path(row - 1)}'`,
      );
    }
  }
}
