import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.js';
import { CACHE_ROW_BYTES, type CacheColumns, CacheTable, PathHash } from './cache-table.js';
import { CondaDiffError, isSystemError } from './errors.js';
import { type Fingerprint, statusOf } from './fingerprint.js';
import { STATE_DIRECTORY } from './rules.js';
import type { State } from './state.js';

/** Rows follow it aligned to eight bytes. */
const FIRST_LINE = Buffer.from('conda-diff hash cache 1\n');
/** The sha256 of all bytes above, in hex, and a line feed. */
const LAST_LINE_BYTES = 65;
const CHUNK_BYTES = 1 << 20;

/**
 * What each file hashed to when it was last read, with its fingerprint at that time. It only saves work: a lost
 * or damaged cache costs hashing, never correctness.
 */
export class HashCache {
  readonly #file: string;
  readonly #table: CacheTable;
  readonly #hash = new PathHash();
  #changed = false;

  private constructor(file: string, table: CacheTable) {
    this.#file = file;
    this.#table = table;
  }

  /** Reads the cache of a repository; an absent, damaged or foreign one is empty. */
  static open(repository: string): Promise<HashCache> {
    const file = join(repository, STATE_DIRECTORY, 'hash-cache');
    const rows = readRows(file);
    return Promise.resolve(new HashCache(file, rows === undefined ? new CacheTable() : CacheTable.of(rows)));
  }

  /** What other threads need to look into the cache while this one leaves it as it is. */
  columns(): CacheColumns {
    return this.#table.columns();
  }

  /**
   * What is known of a file: its hash when the fingerprint is still the same, `changed` when it is another one,
   * `undefined` when the file was never hashed.
   */
  look(path: string, fingerprint: Fingerprint): { readonly sha256: string } | 'changed' | undefined {
    const found = this.#table.look(this.#hash.of(Buffer.from(path)), statusOf(fingerprint));
    return typeof found === 'number' ? { sha256: this.#table.sha256(found) } : found;
  }

  /** @param md5 where it was asked for: then a record with another md5 makes the file look changed */
  record(path: string, fingerprint: Fingerprint, sha256: string, md5?: string): void {
    this.#table.set(this.#hash.of(Buffer.from(path)), statusOf(fingerprint), sha256, md5);
    this.#changed = true;
  }

  /** Forgets the files that are not tracked any more. */
  keepOnly(state: State): void {
    this.#changed = this.#table.keepOnly(pathHashes(state, this.#hash)) || this.#changed;
  }

  forget(path: string): void {
    this.#changed = this.#table.forget(this.#hash.of(Buffer.from(path))) || this.#changed;
  }

  /** Writes the cache when it changed. Where that fails it stays as it was: it only saves work. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    try {
      await writeFileAtomically(this.#file, encode(this.#table));
      this.#changed = false;
    } catch (error) {
      if (!(error instanceof CondaDiffError)) throw error;
    }
  }
}

function* pathHashes(state: State, hash: PathHash): Generator<PathHash> {
  for (let i = 0; i < state.count; i++) {
    const { rows, row } = state.rowsOf(i);
    yield hash.of(rows.names, rows.starts[row], rows.starts[row + 1]);
  }
}

function* encode(table: CacheTable): Generator<Buffer> {
  const hash = createHash('sha256');
  let chunk = Buffer.from(FIRST_LINE);
  let end = chunk.length;
  for (const row of table.rows()) {
    if (end + row.length > chunk.length) {
      hash.update(chunk.subarray(0, end));
      yield chunk.subarray(0, end);
      chunk = Buffer.alloc(CHUNK_BYTES);
      end = 0;
    }
    chunk.set(row, end);
    end += row.length;
  }
  hash.update(chunk.subarray(0, end));
  yield chunk.subarray(0, end);
  yield Buffer.from(`${hash.digest('hex')}\n`);
}

function readRows(file: string): SharedArrayBuffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const bytes = fstatSync(descriptor).size - FIRST_LINE.length - LAST_LINE_BYTES;
    if (bytes < 0 || bytes % CACHE_ROW_BYTES !== 0) return undefined;
    return readChecked(descriptor, bytes);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readChecked(descriptor: number, rowBytes: number): SharedArrayBuffer | undefined {
  const first = read(descriptor, Buffer.alloc(FIRST_LINE.length));
  const rows = new SharedArrayBuffer(rowBytes);
  const view = read(descriptor, Buffer.from(rows));
  const last = read(descriptor, Buffer.alloc(LAST_LINE_BYTES));
  const digest = createHash('sha256').update(first).update(view).digest('hex');
  return first.equals(FIRST_LINE) && last.toString() === `${digest}\n` ? rows : undefined;
}

/** Fills the buffer as far as the file has bytes. */
function read<T extends Uint8Array>(descriptor: number, buffer: T): T {
  for (let at = 0, bytes = -1; at < buffer.length && bytes !== 0; at += bytes) {
    bytes = readSync(descriptor, buffer, at, Math.min(buffer.length - at, 1 << 30), null);
  }
  return buffer;
}
