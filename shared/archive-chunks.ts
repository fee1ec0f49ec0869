import type { Amount } from './progress.js';
import type { Entry } from './state.js';
import { END_BYTES, paddingBytes, tarHeader, type TarMark } from './tar-entry.js';

/** What is read and written at a time; all chunks under way fit the caches of the processor. */
export const CHUNK_BYTES = 512 << 10;
/** So many chunks may be under way. */
export const CHUNKS_AHEAD = 8;
/** Smaller archives are written and read sooner than threads start. */
export const ALONE_BYTES = 24 << 20;

/** A part of a file's content in a chunk. */
export interface ChunkPiece {
  /** Number of the file. */
  readonly file: number;
  /** Where the part begins in the file, and how many bytes it has. */
  readonly from: number;
  readonly length: number;
  readonly isLast: boolean;
  /** Where it begins in the chunk. */
  readonly at: number;
}

/** Bytes of an archive that are known beforehand. */
export interface FixedPart {
  readonly part: 'header' | 'padding' | 'end';
  /** Number of the file that it belongs to; of the end, how many files there are. */
  readonly file: number;
  /** Where it begins in the chunk. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A stretch of an archive: pieces of files, and between them bytes that are known beforehand. */
export interface Chunk {
  readonly pieces: readonly ChunkPiece[];
  readonly fixed: readonly FixedPart[];
  readonly length: number;
}

const ZEROS = new Uint8Array(END_BYTES);

/**
 * Lays an archive out in chunks of at most `capacity` bytes. Small files share a chunk; one that does not fit with
 * the others begins a chunk of its own and goes on in the next ones, full to the last.
 *
 * @param capacity bytes, a multiple of the block size; more than a header takes
 */
export function* chunksOf(
  files: readonly (Entry & { readonly mtime: number })[],
  mark: TarMark | undefined,
  capacity: number,
): Generator<Chunk> {
  let chunk = new OpenChunk();
  for (const [n, file] of files.entries()) {
    const header = tarHeader(file, mark);
    const padding = paddingBytes(file.size);
    const isFull = chunk.length + header.length + file.size + padding > capacity;
    if (isFull && chunk.length > 0) {
      yield chunk;
      chunk = new OpenChunk();
    }
    chunk.addFixed('header', n, header);
    let from = 0;
    do {
      if (chunk.length === capacity) {
        yield chunk;
        chunk = new OpenChunk();
      }
      const length = Math.min(file.size - from, capacity - chunk.length);
      chunk.addPiece({ file: n, from, length, isLast: from + length === file.size });
      from += length;
    } while (from < file.size);
    chunk.addFixed('padding', n, ZEROS.subarray(0, padding));
  }
  if (chunk.length + END_BYTES > capacity) {
    yield chunk;
    chunk = new OpenChunk();
  }
  chunk.addFixed('end', files.length, ZEROS);
  yield chunk;
}

/** What of the files is done with a chunk: those that end in it, and the bytes of their content. */
export function amountIn({ pieces }: Pick<Chunk, 'pieces'>): Amount {
  return {
    files: pieces.filter(({ isLast }) => isLast).length,
    bytes: pieces.reduce((sum, { length }) => sum + length, 0),
  };
}

class OpenChunk implements Chunk {
  readonly pieces: ChunkPiece[] = [];
  readonly fixed: FixedPart[] = [];
  length = 0;

  addPiece({ file, from, length, isLast }: Omit<ChunkPiece, 'at'>): void {
    this.pieces.push({ file, from, length, isLast, at: this.length });
    this.length += length;
  }

  addFixed(part: FixedPart['part'], file: number, bytes: Uint8Array): void {
    if (bytes.length > 0) this.fixed.push({ part, file, at: this.length, bytes });
    this.length += bytes.length;
  }
}
