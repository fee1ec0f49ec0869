import { type Chunk, CHUNK_BYTES, CHUNKS_AHEAD } from '../shared/archive-chunks.js';
import type { Mismatch } from '../shared/identity.js';
import type { ShippedFile } from '../shared/manifest.js';
import { PieceHasher } from '../shared/piece-hasher.js';

/** Has all of a volume hashed, and each of its files, and keeps the memory until that is done. */
export class VolumeHashes {
  readonly #files: readonly ShippedFile[];
  readonly #whole: PieceHasher;
  readonly #each: PieceHasher;
  readonly #underWay: { readonly memory: SharedArrayBuffer; readonly done: Promise<unknown>[] }[] = [];
  readonly #unused: SharedArrayBuffer[] = [];
  /** What the files that are wrong hash to, by number. */
  readonly #wrong = new Map<number, string>();
  #sha256 = '';

  constructor(files: readonly ShippedFile[], isAlone: boolean, signal: AbortSignal) {
    this.#files = files;
    this.#whole = new PieceHasher(isAlone, signal);
    this.#each = new PieceHasher(isAlone, signal);
  }

  /** Memory for a chunk; waits where too many are under way. */
  async memory(): Promise<SharedArrayBuffer> {
    if (this.#underWay.length === CHUNKS_AHEAD) await this.#finishFirst();
    return this.#unused.pop() ?? new SharedArrayBuffer(CHUNK_BYTES);
  }

  /**
   * Has a chunk hashed.
   *
   * @returns tells what else needs the memory
   */
  add(
    { pieces, length }: Chunk,
    memory: SharedArrayBuffer,
    place: { readonly isFirst: boolean; readonly isLast: boolean },
  ): (other: Promise<void>) => void {
    const ofFiles = pieces.map(({ at, length, from, isLast }) => ({
      at,
      length,
      isFirst: from === 0,
      isLast,
    }));
    const hashed = Promise.all([
      this.#whole.hash(memory, [{ at: 0, length, ...place }]).then(([sha256 = '']) => {
        if (place.isLast) this.#sha256 = sha256;
      }),
      this.#each.hash(memory, ofFiles).then((hashes) => {
        // Chunks of whole files are hashed by several threads, and are ready in any order.
        const complete = pieces.filter(({ isLast }) => isLast);
        for (const [n, sha256] of hashes.entries()) this.#judge(complete[n]?.file ?? -1, sha256);
      }),
    ]);
    hashed.catch(() => undefined); // it is awaited when it is its turn
    const one = { memory, done: [hashed] as Promise<unknown>[] };
    this.#underWay.push(one);
    return (other) => {
      other.catch(() => undefined);
      one.done.push(other);
    };
  }

  #judge(n: number, sha256: string): void {
    if (sha256 !== this.#files[n]?.sha256) this.#wrong.set(n, sha256);
  }

  async #finishFirst(): Promise<void> {
    const first = this.#underWay[0];
    if (first === undefined) return;
    await Promise.all(first.done);
    this.#underWay.shift();
    this.#unused.push(first.memory);
  }

  /** What was found, when everything was added. */
  async end(): Promise<{ readonly wrong: Mismatch[]; readonly sha256: string }> {
    while (this.#underWay.length > 0) await this.#finishFirst();
    const wrong = [...this.#wrong].sort(([a], [b]) => a - b);
    return {
      wrong: wrong.map(([n, found]) => mismatch(this.#files[n] as ShippedFile, found)),
      sha256: this.#sha256,
    };
  }

  /** Waits until no thread works on the memory. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#underWay.flatMap(({ done }) => done));
  }
}

function mismatch({ path, sha256 }: ShippedFile, found: string): Mismatch {
  return { path, expected: `sha256 ${sha256}`, found: `sha256 ${found}` };
}
