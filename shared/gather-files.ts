import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Bounds } from './bounds.js';
import { asIoError, isSystemError } from './errors.js';
import { type Fingerprint, fingerprintOf } from './fingerprint.js';
import { liesWithin, READ_NOW } from './opened-file.js';

/** A part of a file, and where it goes. */
export interface Piece {
  /** Of the repository: the source may be a link to another file within them, and nowhere else. */
  readonly bounds: Bounds;
  readonly source: string;
  /** What the file must be. */
  readonly fingerprint: Fingerprint;
  readonly sha256: string;
  /** Where the part begins in the file, and how many bytes it has. */
  readonly from: number;
  readonly length: number;
  /** Whether it is the last part of the file. */
  readonly isLast: boolean;
  /** Where it begins in the memory. */
  readonly at: number;
}

export interface Gathering {
  readonly memory: SharedArrayBuffer;
  readonly pieces: readonly Piece[];
  /** Tells apart the callers whose files come in several parts: their parts come one after the other. */
  readonly caller: number;
}

/** What is wrong with the file of a piece. */
export interface GatherFault {
  /** Number of the piece. */
  readonly piece: number;
  readonly problem: 'gone' | 'elsewhere' | 'changed' | 'changed while read' | 'wrong';
  /** What a wrong file hashed to. */
  readonly found: string;
}

/** Files of which a part was read, by caller. */
const begun = new Map<number, Hash>();

/**
 * Reads files, or parts of them, to their places in memory, hashing them on the way.
 *
 * @returns the pieces whose files are not as they must be; what is in memory for them then has no meaning
 * @throws CondaDiffError io
 */
export function gatherFiles(
  { memory, pieces, caller }: Gathering,
  isStopped: () => boolean,
): readonly GatherFault[] {
  const bytes = Buffer.from(memory);
  const faults: GatherFault[] = [];
  for (const [n, piece] of pieces.entries()) {
    if (isStopped()) break;
    const hash = piece.from === 0 ? createHash('sha256') : begun.get(caller);
    begun.delete(caller);
    // A file of which an earlier part had a fault is reported already.
    const fault = hash && gatherOne(piece, bytes.subarray(piece.at, piece.at + piece.length), hash);
    if (fault !== undefined) faults.push({ piece: n, found: '', ...fault });
    else if (hash !== undefined && !piece.isLast) begun.set(caller, hash);
  }
  return faults;
}

type Fault = Pick<GatherFault, 'problem'> & Partial<Pick<GatherFault, 'found'>>;

function gatherOne(piece: Piece, target: Buffer, hash: Hash): Fault | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(piece.source, READ_NOW);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return { problem: 'gone' };
    throw asIoError(error, `Cannot read ${piece.source}`);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!liesWithin(piece.bounds, descriptor, piece.source, stats)) return { problem: 'elsewhere' };
    if (fingerprintOf(stats) !== piece.fingerprint)
      return { problem: piece.from === 0 ? 'changed' : 'changed while read' };
    return readPiece(piece, descriptor, target, hash);
  } catch (error) {
    throw asIoError(error, `Cannot read ${piece.source}`);
  } finally {
    closeSync(descriptor);
  }
}

function readPiece(piece: Piece, descriptor: number, target: Buffer, hash: Hash): Fault | undefined {
  let done = 0;
  for (let bytes = -1; done < target.length && bytes !== 0; done += bytes) {
    bytes = readSync(descriptor, target, done, target.length - done, piece.from + done);
  }
  hash.update(target.subarray(0, done));
  if (done === target.length && !piece.isLast) return undefined;
  const found = hash.digest('hex');
  if (done === target.length && found === piece.sha256) return undefined;
  const isSame = fingerprintOf(fstatSync(descriptor)) === piece.fingerprint;
  return isSame ? { problem: 'wrong', found } : { problem: 'changed while read' };
}
