import { CondaDiffError } from './errors.js';
import { pathProblem } from './paths.js';
import { Rows } from './rows.js';
import { allRows, sortRows } from './sort-rows.js';
import { digestOf } from './state-digest.js';

/** One tracked file of a state. */
export interface Entry {
  /** `/`-separated, relative to the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex, 64 digits. */
  readonly sha256: string;
}

/** The path that is looked for: rows of its own for each would be garbage. */
const WANTED = new Rows(1);

/**
 * The tracked files of a repository, sorted by the UTF-8 bytes of their paths. They lie in rows, unsorted; a state is a
 * sorted list of row numbers, so states that share files share their memory, and none is copied to make another.
 */
export class State {
  readonly count: number;
  readonly #stores: readonly Rows[];
  /** The number of each store's first row: how many rows are in the stores before it; at the end, in all. */
  readonly #firsts: readonly number[];
  readonly #order: Uint32Array<ArrayBuffer>;
  /** The store of the last look-up: the next one is mostly in it, too. */
  #recent = 0;
  #bytes: number | undefined;
  #digest: string | undefined;

  /**
   * Use {@link StateBuilder}, {@link stateOf} or {@link sortedState}.
   *
   * @param order numbers of rows, counted through all stores, in the order of their paths; no path twice
   */
  constructor(stores: readonly Rows[], order: Uint32Array<ArrayBuffer>) {
    let first = 0;
    this.#firsts = [0, ...stores.map((rows) => (first += rows.count))];
    this.#stores = stores;
    this.#order = order;
    this.count = order.length;
  }

  /** Sum of the sizes, in bytes. */
  get bytes(): number {
    this.#bytes ??= this.#order.reduce(
      (sum, number) => sum + this.#rows(number).sizes[this.#row(number)]!,
      0,
    );
    return this.#bytes;
  }

  path(i: number): string {
    const number = this.#order[i]!;
    return this.#rows(number).path(this.#row(number));
  }

  size(i: number): number {
    const number = this.#order[i]!;
    return this.#rows(number).sizes[this.#row(number)]!;
  }

  sha256(i: number): string {
    const number = this.#order[i]!;
    return this.#rows(number).sha256(this.#row(number));
  }

  entry(i: number): Entry {
    return { path: this.path(i), size: this.size(i), sha256: this.sha256(i) };
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let i = 0; i < this.count; i++) yield this.entry(i);
  }

  /** The position of a path, or -1. */
  find(path: string): number {
    WANTED.clear();
    WANTED.add(path, 0, '');
    const at = this.seek(WANTED, 0, 0);
    return this.holds(at, WANTED, 0) ? at : -1;
  }

  get(path: string): Entry | undefined {
    const i = this.find(path);
    return i < 0 ? undefined : this.entry(i);
  }

  /**
   * The state digest: sha256, in lower-case hex, of what `sha256sum` prints for the tracked files in
   * `LC_ALL=C sort -k2` order, `<64 hex>  <path>\n` each.
   */
  get digest(): string {
    this.#digest ??= digestOf(this);
    return this.#digest;
  }

  /** The rows that hold entry `i`, for what looks at bytes; the next call may give others. */
  rowsOf(i: number): { readonly rows: Rows; readonly row: number } {
    const number = this.#order[i]!;
    return { rows: this.#rows(number), row: this.#row(number) };
  }

  /** This state without the entries at some positions, which are given in ascending order. */
  without(positions: readonly number[]): State {
    const order = new Uint32Array(this.count - positions.length);
    let start = 0;
    let at = 0;
    for (const position of [...positions, this.count]) {
      order.set(this.#order.subarray(start, position), at);
      at += position - start;
      start = position + 1;
    }
    return new State(this.#stores, order);
  }

  /**
   * The state of the entries of both.
   *
   * @throws CondaDiffError malformed, when they have a path in common
   */
  with(other: State): State {
    const [few, many] = this.count < other.count ? [this, other] : [other, this];
    const offset = many.#firsts.at(-1)!;
    const order = new Uint32Array(few.count + many.count);
    let start = 0;
    for (let i = 0; i < few.count; i++) {
      const { rows, row } = few.rowsOf(i);
      const position = many.seek(rows, row, start);
      if (many.holds(position, rows, row)) throw twice(few.path(i));
      order.set(many.#order.subarray(start, position), start + i);
      order[position + i] = few.#order[i]! + offset;
      start = position;
    }
    order.set(many.#order.subarray(start), start + few.count);
    return new State([...many.#stores, ...few.#stores], order);
  }

  /** Whether entry `i` has the path of a row. */
  holds(i: number, rows: Rows, row: number): boolean {
    return i < this.count && this.#compare(i, rows, row) === 0;
  }

  #compare(i: number, rows: Rows, row: number): number {
    const number = this.#order[i]!;
    return this.#rows(number).compare(this.#row(number), rows, row);
  }

  /** The first position at or after `from` whose path is not below that of a row: looked for in growing steps. */
  seek(rows: Rows, row: number, from: number): number {
    let low = from;
    let step = 1;
    while (low + step <= this.count && this.#compare(low + step - 1, rows, row) < 0) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step - 1, this.count);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, rows, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rows(number: number): Rows {
    if (number < this.#firsts[this.#recent]! || number >= this.#firsts[this.#recent + 1]!) {
      this.#recent = this.#firsts.findLastIndex((first) => first <= number);
    }
    return this.#stores[this.#recent]!;
  }

  /** Of the store that {@link #rows} just found. */
  #row(number: number): number {
    return number - this.#firsts[this.#recent]!;
  }
}

/**
 * The state of rows whose numbers are given in any order, by default of all.
 *
 * @throws CondaDiffError malformed, when a path is there twice
 */
export function stateOfRows(rows: Rows, numbers = allRows(rows)): State {
  const order = sortRows(rows, numbers);
  for (let i = 1; i < order.length; i++) {
    if (rows.compare(order[i - 1]!, rows, order[i]!) === 0) throw twice(rows.path(order[i]!));
  }
  return new State([rows], order);
}

function twice(path: string): CondaDiffError {
  return new CondaDiffError('malformed', `The path '${path}' stands twice in one state`);
}

/** Collects entries in any order and makes the sorted state of them. */
export class StateBuilder {
  readonly #rows = new Rows();

  /**
   * @throws CondaDiffError malformed, when the path, size or hash cannot stand in a state
   */
  add(entry: Entry): void {
    checkEntry(entry);
    this.#rows.add(entry.path, entry.size, entry.sha256);
  }

  /**
   * @throws CondaDiffError malformed, when a path was added twice
   */
  build(): State {
    return stateOfRows(this.#rows);
  }
}

/**
 * @throws CondaDiffError malformed, when the path, size or hash cannot stand in a state
 */
export function checkEntry(entry: Entry): void {
  const problem = entryProblem(entry);
  if (problem !== undefined) throw new CondaDiffError('malformed', `The entry '${entry.path}' ${problem}`);
}

function entryProblem({ path, size, sha256 }: Entry): string | undefined {
  const problem = pathProblem(path);
  if (problem !== undefined) return problem;
  if (!Number.isSafeInteger(size) || size < 0)
    return `has the size ${String(size)}, not a whole number of bytes`;
  return /^[0-9a-f]{64}$/.test(sha256) ? undefined : `has the sha256 '${sha256}', not 64 hex digits`;
}

/** The state of the given entries, in any order. */
export function stateOf(entries: Iterable<Entry>): State {
  const builder = new StateBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.build();
}

export const EMPTY_STATE = stateOf([]);

/** The short form of a digest that both sides print: its first 12 hex digits. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}
