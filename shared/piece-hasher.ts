import { hashPieces, type PieceToHash } from './hash-pieces.js';
import { idlestThread, type Thread } from './threads.js';

let callers = 0;

/** Hashes what comes in pieces, each thing whole: on worker threads, or at once where there is little to hash. */
export class PieceHasher {
  readonly #isAlone: boolean;
  readonly #signal: AbortSignal;
  readonly #caller = callers++;
  #last: Thread | undefined;

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
    const input = { memory, pieces, caller: this.#caller };
    if (this.#isAlone) return hashPieces(input);
    const goesOn = pieces[0]?.isFirst === false;
    const thread = goesOn && this.#last !== undefined ? this.#last : idlestThread();
    this.#last = thread;
    return thread.call('hash-pieces', input, { signal: this.#signal });
  }
}
