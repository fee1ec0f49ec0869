import { hashPieces, type PieceToHash } from './hash-pieces.js';
import { ThreadChoice } from './threads.js';

/** Hashes what comes in pieces, each thing whole: on worker threads, or at once where there is little to hash. */
export class PieceHasher {
  readonly #isAlone: boolean;
  readonly #signal: AbortSignal;
  readonly #threads = new ThreadChoice();

  constructor(isAlone: boolean, signal: AbortSignal) {
    this.#isAlone = isAlone;
    this.#signal = signal;
  }

  /**
   * The memory must stay as it is until the hashes are there.
   *
   * @param pieces in order; the first may go on with the last one of the call before
   * @returns the sha256 in lower-case hex of each thing that is complete, in order
   * @throws the reason of the signal
   */
  async hash(memory: SharedArrayBuffer, pieces: readonly PieceToHash[]): Promise<readonly string[]> {
    const input = { memory, pieces, caller: this.#threads.caller };
    if (this.#isAlone) return hashPieces(input);
    return this.#threads
      .choose(pieces[0]?.isFirst === false)
      .call('hash-pieces', input, { signal: this.#signal });
  }
}
