import { createHash, type Hash } from 'node:crypto';

/** A part of something that is hashed as a whole. */
export interface PieceToHash {
  /** Where it begins in the memory, and how many bytes it has. */
  readonly at: number;
  readonly length: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

export interface PiecesToHash {
  readonly memory: SharedArrayBuffer;
  readonly pieces: readonly PieceToHash[];
  /** Who asks: what was begun in one call is gone on with in the next one of the same caller. */
  readonly caller: number;
}

/** What is hashed in part, by caller. */
const begun = new Map<number, Hash>();

/**
 * Hashes pieces in memory, those of one thing in order and one after the other.
 *
 * @returns the sha256 in lower-case hex of each thing whose last piece is among them, in order
 */
export function hashPieces({ memory, pieces, caller }: PiecesToHash): readonly string[] {
  const complete: string[] = [];
  for (const { at, length, isFirst, isLast } of pieces) {
    const hash = (isFirst ? undefined : begun.get(caller)) ?? createHash('sha256');
    begun.delete(caller);
    hash.update(Buffer.from(memory, at, length));
    if (isLast) complete.push(hash.digest('hex'));
    else begun.set(caller, hash);
  }
  return complete;
}
