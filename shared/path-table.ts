import type { Rows } from './rows.js';

/** Finds rows by their path, without a string or an object for any of them: 8 bytes a row. */
export class PathTable {
  readonly #rows: Rows;
  /** Bytes at the start of every path that are the same for all of them. */
  readonly #skipped: number;
  /** Row number + 1 at the place that follows from the path, or at the next free one; 0 is free. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  /**
   * @param capacity how many rows will be added at most
   * @param skipped length of the directory that all paths begin with, its slash included
   */
  constructor(rows: Rows, capacity: number, skipped: number) {
    this.#rows = rows;
    this.#skipped = skipped;
    const size = 2 ** Math.ceil(Math.log2(2 * capacity + 1));
    this.#slots = new Int32Array(size);
    this.#mask = size - 1;
  }

  /** Adds a row unless one of the same path is there: returns that one, else -1. */
  add(row: number): number {
    const { names, starts } = this.#rows;
    const start = starts[row]! + this.#skipped;
    const end = starts[row + 1]!;
    const slot = this.#slot(names, start, end);
    const there = this.#slots[slot]! - 1;
    if (there < 0) this.#slots[slot] = row + 1;
    return there;
  }

  /** The row whose path ends, after what all have in common, with these bytes; -1 when there is none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slot(bytes, start, end)]! - 1;
  }

  /** The row of this path, which begins with what all have in common, becomes this one. */
  replace(row: number): void {
    const { names, starts } = this.#rows;
    this.#slots[this.#slot(names, starts[row]! + this.#skipped, starts[row + 1]!)] = row + 1;
  }

  /** The slot of the row with this path, or the free one where it would be. */
  #slot(bytes: Uint8Array, start: number, end: number): number {
    let slot = hashOf(bytes, start, end) & this.#mask;
    while (this.#slots[slot] !== 0 && !this.#is(this.#slots[slot]! - 1, bytes, start, end)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  #is(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { names, starts } = this.#rows;
    const from = starts[row]! + this.#skipped;
    if (starts[row + 1]! - from !== end - start) return false;
    for (let at = start; at < end; at++) if (names[from + at - start] !== bytes[at]) return false;
    return true;
  }
}

/** FNV-1a (Fowler, Noll, Vo), 32 bits, its upper half folded in. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
