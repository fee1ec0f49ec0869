import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { asIoError, CondaDiffError } from './errors.js';
import { READ_BYTES } from './hashing.js';
import { RecordRows } from './record-rows.js';
import { RepodataScanner } from './repodata-scan.js';
import { addTo, type Tally } from './tally.js';

/** A repodata.json. */
export interface RepodataRead {
  readonly records: RecordRows;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Why it is not valid; it has no records then. */
  readonly problem?: { readonly message: string; readonly hint: string | undefined };
}

/** Bytes of a record: a guess, which only decides for how many of them memory is reserved at first. */
const RECORD_BYTES = 400;

/**
 * Scans and hashes a repodata.json in one reading, synchronously: a thread has nothing else to do meanwhile.
 *
 * @param name how messages call it
 * @param directory the index directory, '' = the repository
 * @param tally told of bytes
 * @throws CondaDiffError io
 */
export function readRepodata(
  file: string,
  name: string,
  directory: string,
  isStopped: () => boolean,
  tally?: Tally,
): RepodataRead {
  const hash = createHash('sha256');
  let scanning: Scanning | undefined;
  let size = 0;
  readChunks(file, (chunk, fileSize) => {
    scanning ??= new Scanning(name, directory, Math.ceil(fileSize / RECORD_BYTES));
    hash.update(chunk);
    scanning.push(chunk);
    size += chunk.length;
    addTo(tally, { files: 0, bytes: chunk.length });
    return !isStopped();
  });
  return { ...(scanning ?? new Scanning(name, directory, 0)).end(), size, sha256: hash.digest('hex') };
}

/** Scans until something is wrong, and goes on without a word. */
class Scanning {
  readonly #directory: string;
  readonly #records: RecordRows;
  readonly #scanner: RepodataScanner;
  #problem: CondaDiffError | undefined;

  constructor(name: string, directory: string, expected: number) {
    this.#directory = directory;
    this.#records = new RecordRows(directory, expected);
    this.#scanner = new RepodataScanner(name, this.#records);
  }

  push(chunk: Uint8Array): void {
    this.#guard(() => {
      this.#scanner.push(chunk);
    });
  }

  end(): Pick<RepodataRead, 'records' | 'problem'> {
    this.#guard(() => {
      this.#scanner.end();
    });
    if (this.#problem === undefined) return { records: this.#records };
    const { message, hint } = this.#problem;
    return { records: new RecordRows(this.#directory), problem: { message, hint } };
  }

  #guard(step: () => void): void {
    if (this.#problem !== undefined) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof CondaDiffError) || error.code !== 'source') throw error;
      this.#problem = error;
    }
  }
}

/** Gives one piece of a file after the other, in memory that is used again, until no more is wanted. */
function readChunks(file: string, take: (chunk: Buffer, fileSize: number) => boolean): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(READ_BYTES);
    for (let bytes = readSync(descriptor, buffer); bytes > 0; bytes = readSync(descriptor, buffer)) {
      if (!take(buffer.subarray(0, bytes), size)) return;
    }
  } catch (error) {
    throw asIoError(error, `Cannot read ${file}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
