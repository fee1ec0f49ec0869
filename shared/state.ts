import { createHash } from 'node:crypto';
import { CondaDiffError } from './errors.js';
import { pathProblem } from './paths.js';

/** One tracked file of a state. */
export interface Entry {
  /** `/`-separated, relative to the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex, 64 digits. */
  readonly sha256: string;
}

const HASH_BYTES = 32;
const SLASH = 0x2f;
/** By byte: 1 for upper-case ASCII and everything outside of ASCII. */
const IS_UNUSUAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || (byte >= 0x41 && byte <= 0x5a) ? 1 : 0,
);

/**
 * The tracked files of a repository, sorted by the UTF-8 bytes of their paths, in columns: no object per entry
 * lives on, so that millions of entries fit (about 100 bytes each).
 */
export class State {
  readonly count: number;
  /** Sum of the sizes, in bytes. */
  readonly bytes: number;
  readonly #names: Buffer;
  readonly #ends: Uint32Array;
  readonly #sizes: Float64Array;
  readonly #hashes: Buffer;
  #digest: string | undefined;

  /** Use {@link StateBuilder} or {@link stateOf}. */
  constructor(names: Buffer, ends: Uint32Array, sizes: Float64Array, hashes: Buffer) {
    this.count = sizes.length;
    this.bytes = sizes.reduce((sum, size) => sum + size, 0);
    this.#names = names;
    this.#ends = ends;
    this.#sizes = sizes;
    this.#hashes = hashes;
  }

  path(i: number): string {
    return this.#names.toString('utf8', this.#start(i), this.#ends[i]);
  }

  size(i: number): number {
    return this.#sizes[i] as number;
  }

  sha256(i: number): string {
    return this.#hashes.toString('hex', i * HASH_BYTES, (i + 1) * HASH_BYTES);
  }

  entry(i: number): Entry {
    return { path: this.path(i), size: this.size(i), sha256: this.sha256(i) };
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let i = 0; i < this.count; i++) yield this.entry(i);
  }

  /** The position of a path, or -1. */
  find(path: string): number {
    const wanted = Buffer.from(path);
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = wanted.compare(this.#names, this.#start(middle), this.#ends[middle]);
      if (order === 0) return middle;
      if (order < 0) high = middle - 1;
      else low = middle + 1;
    }
    return -1;
  }

  get(path: string): Entry | undefined {
    const i = this.find(path);
    return i < 0 ? undefined : this.entry(i);
  }

  /**
   * The paths whose names are not all lower-case ASCII, so that another name can be like them on a file system that
   * ignores case or normalises. They are few; finding them reads bytes, not strings.
   */
  *pathsOfUnusualNames(): Generator<string> {
    const names = this.#names;
    for (let i = 0; i < this.count; i++) {
      const start = this.#start(i);
      let at = (this.#ends[i] as number) - 1;
      while (at >= start && names[at] !== SLASH && IS_UNUSUAL[names[at] as number] === 0) at--;
      if (at >= start && names[at] !== SLASH) yield this.path(i);
    }
  }

  /** The directories that hold entries directly, in the order of the paths; one may come several times. */
  *directories(): Generator<string> {
    const names = this.#names;
    let [last, lastEnd] = [0, -1];
    for (let i = 0; i < this.count; i++) {
      const start = this.#start(i);
      const slash = names.lastIndexOf(SLASH, (this.#ends[i] as number) - 1);
      const end = slash < start ? start : slash;
      if (lastEnd >= 0 && names.compare(names, last, lastEnd, start, end) === 0) continue;
      [last, lastEnd] = [start, end];
      yield names.toString('utf8', start, end);
    }
  }

  /** Orders entry `i` of this state against entry `j` of another by path bytes: negative, 0 or positive. */
  comparePath(i: number, other: State, j: number): number {
    return this.#names.compare(other.#names, other.#start(j), other.#ends[j], this.#start(i), this.#ends[i]);
  }

  /** Whether entry `i` of this state has the size and hash of entry `j` of another. */
  sameContent(i: number, other: State, j: number): boolean {
    if (this.#sizes[i] !== other.#sizes[j]) return false;
    const a = i * HASH_BYTES;
    const b = j * HASH_BYTES;
    return this.#hashes.compare(other.#hashes, b, b + HASH_BYTES, a, a + HASH_BYTES) === 0;
  }

  /**
   * The state digest: sha256, in lower-case hex, of what `sha256sum` prints for the tracked files in
   * `LC_ALL=C sort -k2` order, `<64 hex>  <path>\n` each.
   */
  get digest(): string {
    this.#digest ??= this.#computeDigest();
    return this.#digest;
  }

  #computeDigest(): string {
    const hash = createHash('sha256');
    for (let i = 0; i < this.count; i += 1024) {
      let lines = '';
      const end = Math.min(i + 1024, this.count);
      for (let j = i; j < end; j++) lines += `${this.sha256(j)}  ${this.path(j)}\n`;
      hash.update(lines);
    }
    return hash.digest('hex');
  }

  #start(i: number): number {
    return i === 0 ? 0 : (this.#ends[i - 1] as number);
  }
}

/** Collects entries in any order and makes the sorted state of them. */
export class StateBuilder {
  readonly #paths: Buffer[] = [];
  readonly #sizes: number[] = [];
  readonly #hashes: Buffer[] = [];

  /**
   * @throws CondaDiffError malformed, when the path, size or hash cannot stand in a state
   */
  add(entry: Entry): void {
    const problem = entryProblem(entry);
    if (problem !== undefined) throw new CondaDiffError('malformed', `The entry '${entry.path}' ${problem}`);
    this.#paths.push(Buffer.from(entry.path));
    this.#sizes.push(entry.size);
    this.#hashes.push(Buffer.from(entry.sha256, 'hex'));
  }

  /**
   * @throws CondaDiffError malformed, when a path was added twice
   */
  build(): State {
    const order = this.#order();
    const ends = new Uint32Array(order.length);
    let end = 0;
    order.forEach((from, to) => {
      end += (this.#paths[from] as Buffer).length;
      ends[to] = end;
    });
    const names = Buffer.concat(order.map((from) => this.#paths[from] as Buffer));
    const sizes = Float64Array.from(order, (from) => this.#sizes[from] as number);
    const hashes = Buffer.concat(order.map((from) => this.#hashes[from] as Buffer));
    return new State(names, ends, sizes, hashes);
  }

  #order(): number[] {
    const paths = this.#paths;
    const order = Array.from(paths, (_, i) => i);
    order.sort((a, b) => Buffer.compare(paths[a] as Buffer, paths[b] as Buffer));
    for (let i = 1; i < order.length; i++) {
      const path = paths[order[i] as number] as Buffer;
      if (path.equals(paths[order[i - 1] as number] as Buffer)) {
        throw new CondaDiffError('malformed', `The path '${path.toString()}' stands twice in one state`);
      }
    }
    return order;
  }
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
