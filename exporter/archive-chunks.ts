import type { Entry } from '../shared/state.js';
import { END_BYTES, paddingBytes, tarHeader, type TarMark } from '../shared/tar-entry.js';

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

/** A stretch of an archive: pieces of files, and between them bytes that are known beforehand. */
export interface Chunk {
  readonly pieces: readonly ChunkPiece[];
  /** Headers, padding and the end of the archive, with their places in the chunk. */
  readonly fixed: readonly { readonly at: number; readonly bytes: Uint8Array }[];
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
    chunk.addFixed(header);
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
    chunk.addFixed(ZEROS.subarray(0, padding));
  }
  if (chunk.length + END_BYTES > capacity) {
    yield chunk;
    chunk = new OpenChunk();
  }
  chunk.addFixed(ZEROS);
  yield chunk;
}

class OpenChunk implements Chunk {
  readonly pieces: ChunkPiece[] = [];
  readonly fixed: { at: number; bytes: Uint8Array }[] = [];
  length = 0;

  addPiece(piece: Omit<ChunkPiece, 'at'>): void {
    this.pieces.push({ ...piece, at: this.length });
    this.length += piece.length;
  }

  addFixed(bytes: Uint8Array): void {
    if (bytes.length > 0) this.fixed.push({ at: this.length, bytes });
    this.length += bytes.length;
  }
}
