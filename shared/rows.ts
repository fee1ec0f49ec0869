/** Bytes of a sha256. */
export const HASH_BYTES = 32;

/** What a path costs on the average, for a first guess; conda-forge's have some 50 bytes. */
const PATH_BYTES = 56;

/** What the reader of a repository notes about a row, one bit each. */
export const MARK = {
  /** Its hash is the sha256 that the record gives. */
  sha256: 1,
  /** The first half of its hash is the md5 of a record that gives no sha256. */
  md5: 2,
  /** Named only in `removed` (CEP 36): tracked while it is on disk, not missing when it is not. */
  optional: 4,
  /** It does not count: another row stands for its path, or there is nothing of use at its path. */
  dropped: 8,
  /** Its name has to be looked at: it may be of no use, or lead elsewhere. */
  unusual: 16,
  /** The file is there. */
  present: 32,
  /** The file has to be hashed. */
  hashed: 64,
} as const;

/** The columns of {@link Rows} as they cross from thread to thread, without being copied. */
export interface RowColumns {
  readonly count: number;
  readonly names: Uint8Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly sizes: Float64Array<ArrayBuffer>;
  readonly hashes: Uint8Array<ArrayBuffer>;
  readonly marks: Uint8Array<ArrayBuffer>;
}

/**
 * Files in columns, in the order in which they were added: paths in one buffer, sizes, hashes. About 100 bytes a file,
 * and no object: what is asked for is made when it is asked for. Where the order matters, a list of row numbers says it.
 */
export class Rows implements RowColumns {
  count = 0;
  #names: Buffer<ArrayBuffer>;
  /** Where each path starts in `names`; it ends where the next one starts. */
  starts: Uint32Array<ArrayBuffer>;
  /** Bytes; NaN where that is not known. */
  sizes: Float64Array<ArrayBuffer>;
  /** 32 bytes a row. */
  hashes: Buffer<ArrayBuffer>;
  /** See {@link MARK}. */
  marks: Uint8Array<ArrayBuffer>;
  /** The names, to be read in words. */
  #words: DataView;

  /** @param expected rows to reserve memory for; more can be added. Memory that is not used is not touched either. */
  constructor(expected = 16) {
    this.#names = Buffer.alloc(expected * PATH_BYTES);
    this.#words = wordsOf(this.#names);
    this.starts = new Uint32Array(expected + 1);
    this.sizes = new Float64Array(expected);
    this.hashes = Buffer.alloc(expected * HASH_BYTES);
    this.marks = new Uint8Array(expected);
  }

  /** The rows that another thread handed over. */
  static from({ count, names, starts, sizes, hashes, marks }: RowColumns): Rows {
    const rows = new Rows(0);
    rows.count = count;
    rows.#setNames(Buffer.from(names.buffer, names.byteOffset, names.length));
    rows.hashes = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length);
    return Object.assign(rows, { starts, sizes, marks });
  }

  /** The columns, for another thread: their memory goes there, these rows are of no use afterwards. */
  columns(): RowColumns {
    const { count, names, starts, sizes, hashes, marks } = this;
    return { count, names, starts, sizes, hashes, marks };
  }

  /** The UTF-8 bytes of all paths, one after the other. */
  get names(): Buffer<ArrayBuffer> {
    return this.#names;
  }

  /** Takes all rows out; their memory is kept for others. */
  clear(): void {
    this.hashes.fill(0, 0, this.count * HASH_BYTES);
    this.marks.fill(0, 0, this.count);
    this.count = 0;
  }

  /** Adds a row; `hash` in hex, or '' for none. Returns its number. */
  add(path: string, size: number, hash: string): number {
    const row = this.begin(Buffer.byteLength(path));
    this.names.write(path, this.starts[row]!);
    if (hash !== '') this.hashes.write(hash, HASH_BYTES * row, 'hex');
    this.sizes[row] = size;
    return row;
  }

  /** Makes room for a row whose path has so many bytes, which the caller then writes. Returns its number. */
  begin(pathBytes: number): number {
    const row = this.count++;
    const start = this.starts[row]!;
    if (row === this.sizes.length) this.#growRows();
    if (start + pathBytes > this.names.length)
      this.#setNames(grown(this.names, start, Math.max(2 * this.names.length, start + pathBytes, 1024)));
    this.starts[row + 1] = start + pathBytes;
    return row;
  }

  /** Adds a row that is like one of others, marks included. */
  copy(other: Rows, otherRow: number): number {
    const [start, end] = [other.starts[otherRow]!, other.starts[otherRow + 1]!];
    const row = this.begin(end - start);
    other.names.copy(this.names, this.starts[row], start, end);
    other.hashes.copy(this.hashes, row * HASH_BYTES, otherRow * HASH_BYTES, (otherRow + 1) * HASH_BYTES);
    this.sizes[row] = other.sizes[otherRow]!;
    this.marks[row] = other.marks[otherRow]!;
    return row;
  }

  path(row: number): string {
    return this.names.toString('utf8', this.starts[row], this.starts[row + 1]);
  }

  sha256(row: number): string {
    return this.hashes.toString('hex', row * HASH_BYTES, (row + 1) * HASH_BYTES);
  }

  setHash(row: number, sha256: string): void {
    this.hashes.write(sha256, HASH_BYTES * row, 'hex');
  }

  /** Orders a row of these against one of others by the bytes of their paths: negative, 0 or positive. */
  compare(row: number, other: Rows, otherRow: number): number {
    const from = this.starts[row]!;
    const otherFrom = other.starts[otherRow]!;
    const length = this.starts[row + 1]! - from;
    const otherLength = other.starts[otherRow + 1]! - otherFrom;
    const a = this.names;
    const b = other.names;
    const common = Math.min(length, otherLength);
    let i = commonWords(this.#words, from, other.#words, otherFrom, common);
    for (; i < common; i++) {
      const order = a[from + i]! - b[otherFrom + i]!;
      if (order !== 0) return order;
    }
    return length - otherLength;
  }

  /** Whether a row has size and hash of one of others. */
  sameContent(row: number, other: Rows, otherRow: number): boolean {
    return this.sizes[row] === other.sizes[otherRow] && this.sameHash(row, other, otherRow);
  }

  sameHash(row: number, other: Rows, otherRow: number): boolean {
    const from = row * HASH_BYTES;
    const otherFrom = otherRow * HASH_BYTES;
    for (let i = 0; i < HASH_BYTES; i++)
      if (this.hashes[from + i] !== other.hashes[otherFrom + i]) return false;
    return true;
  }

  #setNames(names: Buffer<ArrayBuffer>): void {
    this.#names = names;
    this.#words = wordsOf(names);
  }

  #growRows(): void {
    const rows = Math.max(16, 2 * this.sizes.length);
    const { starts, sizes } = this;
    this.starts = new Uint32Array(rows + 1);
    this.starts.set(starts);
    this.sizes = new Float64Array(rows);
    this.sizes.set(sizes);
    this.hashes = grown(this.hashes, this.hashes.length, rows * HASH_BYTES);
    const marks = new Uint8Array(rows);
    marks.set(this.marks);
    this.marks = marks;
  }
}

function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** How many bytes are the same at two places, as far as whole words of four tell. */
function commonWords(a: DataView, from: number, b: DataView, otherFrom: number, length: number): number {
  let i = 0;
  while (i + 4 <= length && a.getInt32(from + i) === b.getInt32(otherFrom + i)) i += 4;
  return i;
}

function grown(buffer: Buffer, used: number, length: number): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(length);
  buffer.copy(larger, 0, 0, used);
  return larger;
}
