import { HASH_BYTES } from './rows.js';

/** What changes when a file is written, replaced or restored; times in milliseconds. */
export interface FileStatus {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

/** A table as other threads see it: the same memory. */
export interface CacheColumns {
  readonly rows: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  readonly count: number;
}

/**
 * Two hashes of a path, 8 bytes; size, mtime, ctime and inode as doubles; the first 8 bytes of the md5, zeros where
 * none was asked for; the sha256.
 */
export const CACHE_ROW_BYTES = 80;
const ROW_WORDS = CACHE_ROW_BYTES / 4;
const ROW_DOUBLES = CACHE_ROW_BYTES / 8;
const HASH_AT = CACHE_ROW_BYTES - HASH_BYTES;
const MD5_BYTES = 8;
const MD5_AT = HASH_AT - MD5_BYTES;
/** The size of a file that is forgotten. */
const FORGOTTEN = -1;

/** 64 bits that stand for a path. One object serves all paths. */
export class PathHash {
  high = 0;
  low = 0;

  /** Of a path as bytes: FNV-1a (Fowler, Noll, Vo) twice, with two primes. */
  of(bytes: Uint8Array, start = 0, end = bytes.length): this {
    let high = 0x811c9dc5;
    let low = 0xc9dc5118;
    for (let at = start; at < end; at++) {
      high = Math.imul(high ^ bytes[at]!, 0x01000193);
      low = Math.imul(low ^ bytes[at]!, 0x85ebca6b) ^ (low >>> 15);
    }
    this.high = (high ^ (high >>> 15)) >>> 0;
    this.low = (low ^ (low >>> 13)) >>> 0;
    return this;
  }
}

/**
 * Hashes of files with their fingerprints, by the hash of their path: 88 bytes a file whatever it is called, in memory
 * that threads share. Two paths with one hash make each other look changed, so that both are hashed: no harm is done.
 */
export class CacheTable {
  #count: number;
  #words!: Uint32Array<SharedArrayBuffer>;
  #doubles!: Float64Array<SharedArrayBuffer>;
  #bytes!: Uint8Array<SharedArrayBuffer>;
  /** Row number + 1; 0 is free. */
  #slots: Int32Array<SharedArrayBuffer>;

  /** @param columns what `columns` of another table gave, which then is only read */
  constructor(columns?: CacheColumns) {
    this.#count = columns?.count ?? 0;
    this.#setRows(columns?.rows ?? new SharedArrayBuffer(16 * CACHE_ROW_BYTES));
    this.#slots = new Int32Array(columns?.slots ?? new SharedArrayBuffer(4 * 32));
  }

  /** A table of rows that were kept, in any order. */
  static of(rows: SharedArrayBuffer): CacheTable {
    const count = rows.byteLength / CACHE_ROW_BYTES;
    const table = new CacheTable({ rows, count, slots: new SharedArrayBuffer(4 * slotsFor(count)) });
    table.#index();
    return table;
  }

  columns(): CacheColumns {
    return { rows: this.#words.buffer, slots: this.#slots.buffer, count: this.#count };
  }

  /**
   * What is known of a file: the number of its row when the fingerprint is still the same, `changed` when it is
   * another one, `undefined` when the file was never hashed.
   */
  look({ high, low }: PathHash, status: FileStatus): number | 'changed' | undefined {
    const row = this.#slots[this.#slot(high, low)]! - 1;
    const at = row * ROW_DOUBLES + 1;
    if (row < 0 || this.#doubles[at] === FORGOTTEN) return undefined;
    const isSame =
      this.#doubles[at] === status.size &&
      this.#doubles[at + 1] === status.mtimeMs &&
      this.#doubles[at + 2] === status.ctimeMs &&
      this.#doubles[at + 3] === status.ino;
    return isSame ? row : 'changed';
  }

  sha256(row: number): string {
    const start = row * CACHE_ROW_BYTES + HASH_AT;
    return Buffer.from(this.#bytes.buffer).toString('hex', start, start + HASH_BYTES);
  }

  /** Whether the file had an md5 that begins as these bytes do. */
  hasMd5(row: number, bytes: Uint8Array, start: number): boolean {
    const own = row * CACHE_ROW_BYTES + MD5_AT;
    for (let i = 0; i < MD5_BYTES; i++) if (this.#bytes[own + i] !== bytes[start + i]) return false;
    return true;
  }

  /** @param md5 in hex, where it is known */
  set({ high, low }: PathHash, { size, mtimeMs, ctimeMs, ino }: FileStatus, sha256: string, md5 = ''): void {
    const row = this.#rowFor(high, low);
    const start = row * CACHE_ROW_BYTES + MD5_AT;
    this.#bytes.fill(0, start, start + MD5_BYTES);
    Buffer.from(this.#bytes.buffer).write(md5.slice(0, 2 * MD5_BYTES), start, 'hex');
    this.#words.set([high, low], row * ROW_WORDS);
    this.#doubles.set([size, mtimeMs, ctimeMs, ino], row * ROW_DOUBLES + 1);
    Buffer.from(this.#bytes.buffer).write(sha256, row * CACHE_ROW_BYTES + HASH_AT, 'hex');
  }

  /** Returns whether anything was known. */
  forget({ high, low }: PathHash): boolean {
    const row = this.#slots[this.#slot(high, low)]! - 1;
    if (row < 0 || this.#doubles[row * ROW_DOUBLES + 1] === FORGOTTEN) return false;
    this.#doubles[row * ROW_DOUBLES + 1] = FORGOTTEN;
    return true;
  }

  /** Forgets the files that are not among these. Returns whether anything was forgotten. */
  keepOnly(hashes: Iterable<PathHash>): boolean {
    const kept = new Uint8Array(this.#count);
    for (const { high, low } of hashes) {
      const row = this.#slots[this.#slot(high, low)]! - 1;
      if (row >= 0) kept[row] = 1;
    }
    let isChanged = false;
    for (let row = 0; row < this.#count; row++) {
      if (kept[row] === 1 || this.#doubles[row * ROW_DOUBLES + 1] === FORGOTTEN) continue;
      this.#doubles[row * ROW_DOUBLES + 1] = FORGOTTEN;
      isChanged = true;
    }
    return isChanged;
  }

  /** The rows that count, one after the other. */
  *rows(): Generator<Uint8Array> {
    for (let row = 0; row < this.#count; row++) {
      if (this.#doubles[row * ROW_DOUBLES + 1] === FORGOTTEN) continue;
      yield this.#bytes.subarray(row * CACHE_ROW_BYTES, (row + 1) * CACHE_ROW_BYTES);
    }
  }

  #setRows(rows: SharedArrayBuffer): void {
    this.#words = new Uint32Array(rows);
    this.#doubles = new Float64Array(rows);
    this.#bytes = new Uint8Array(rows);
  }

  /** The row of a path, a new one if it has none. */
  #rowFor(high: number, low: number): number {
    const slot = this.#slot(high, low);
    if (this.#slots[slot] !== 0) return this.#slots[slot]! - 1;
    if (this.#count * CACHE_ROW_BYTES === this.#bytes.length) {
      this.#grow();
      return this.#rowFor(high, low);
    }
    this.#slots[slot] = this.#count + 1;
    return this.#count++;
  }

  #grow(): void {
    const rows = new SharedArrayBuffer(2 * this.#bytes.length);
    new Uint8Array(rows).set(this.#bytes);
    this.#setRows(rows);
    this.#slots = new Int32Array(new SharedArrayBuffer(4 * slotsFor(rows.byteLength / CACHE_ROW_BYTES)));
    this.#index();
  }

  #index(): void {
    for (let row = 0; row < this.#count; row++) {
      const slot = this.#slot(this.#words[row * ROW_WORDS]!, this.#words[row * ROW_WORDS + 1]!);
      this.#slots[slot] = row + 1;
    }
  }

  /** The slot of the row with these hashes, or the free one where it would be. */
  #slot(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = high & mask; ; slot = (slot + 1) & mask) {
      const at = (this.#slots[slot]! - 1) * ROW_WORDS;
      if (at < 0 || (this.#words[at] === high && this.#words[at + 1] === low)) return slot;
    }
  }
}

function slotsFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2(2 * rows + 1));
}
