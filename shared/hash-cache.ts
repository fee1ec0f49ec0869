import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.js';
import { CondaDiffError, isSystemError } from './errors.js';
import type { Fingerprint } from './fingerprint.js';
import { STATE_DIRECTORY } from './rules.js';

const FIRST_LINE = 'conda-diff hash cache 1';

/**
 * What each file hashed to when it was last read, with its fingerprint at that time. It only saves work: a lost
 * or damaged cache costs hashing, never correctness.
 */
export class HashCache {
  readonly #file: string;
  readonly #lines = new Map<string, string>();
  #changed = false;

  private constructor(repository: string) {
    this.#file = join(repository, STATE_DIRECTORY, 'hash-cache');
  }

  /** Reads the cache of a repository; an absent, damaged or foreign one is empty. */
  static async open(repository: string): Promise<HashCache> {
    const cache = new HashCache(repository);
    for (const line of bodyOf(await readIfThere(cache.#file))) {
      const space = line.lastIndexOf('\t');
      cache.#lines.set(line.slice(space + 1), line.slice(0, space));
    }
    return cache;
  }

  /**
   * What is known of a file: its hash when the fingerprint is still the same, `changed` when it is another one,
   * `undefined` when the file was never hashed.
   */
  look(path: string, fingerprint: Fingerprint): { readonly sha256: string } | 'changed' | undefined {
    const line = this.#lines.get(path);
    if (line === undefined) return undefined;
    return line.slice(65) === fingerprint ? { sha256: line.slice(0, 64) } : 'changed';
  }

  record(path: string, fingerprint: Fingerprint, sha256: string): void {
    this.#lines.set(path, `${sha256} ${fingerprint}`);
    this.#changed = true;
  }

  /** Forgets the files that are not there any more. */
  keepOnly(isThere: (path: string) => boolean): void {
    for (const path of this.#lines.keys()) if (!isThere(path)) this.forget(path);
  }

  forget(path: string): void {
    this.#changed = this.#lines.delete(path) || this.#changed;
  }

  /** Writes the cache when it changed. Where that fails it stays as it was: it only saves work. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    try {
      await writeFileAtomically(this.#file, encode(this.#lines));
      this.#changed = false;
    } catch (error) {
      if (!(error instanceof CondaDiffError)) throw error;
    }
  }
}

function* encode(lines: ReadonlyMap<string, string>): Generator<Buffer> {
  const hash = createHash('sha256');
  const first = Buffer.from(`${FIRST_LINE}\n`);
  hash.update(first);
  yield first;
  for (const [path, line] of lines) {
    const chunk = Buffer.from(`${line}\t${path}\n`);
    hash.update(chunk);
    yield chunk;
  }
  yield Buffer.from(`${hash.digest('hex')}\n`);
}

function bodyOf(bytes: Buffer | undefined): string[] {
  if (bytes === undefined || bytes.length < 65) return [];
  const body = bytes.subarray(0, -65);
  const checksum = bytes.toString('latin1', bytes.length - 65, bytes.length - 1);
  if (createHash('sha256').update(body).digest('hex') !== checksum) return [];
  const [first, ...lines] = body.toString().split('\n');
  return first === FIRST_LINE ? lines.slice(0, -1) : [];
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
