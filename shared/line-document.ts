import { createHash } from 'node:crypto';

/**
 * Our JSON documents have one entry per line, so that they are written and read as streams whatever their size
 * (V8 strings end at 512 MiB):
 *
 * ```
 * {"format":"…",…header fields…,
 * "<section>":[
 * {…entry…},
 * {…entry…}
 * ],
 * "checksum":"<sha256 of all bytes above this line>"
 * }
 * ```
 *
 * Every line is in the one form that `JSON.stringify` gives it. A line in any other form (a repeated key, a
 * number beyond 2^53, white space) is refused, so nothing is left to interpret.
 */

const CHUNK_BYTES = 1 << 16;

/** The bytes of a document as they come. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Section {
  readonly name: string;
  /** Bytes are a line that is ready; they may be overwritten when the next one is asked for. */
  readonly entries: Iterable<JsonObject | Uint8Array>;
}

/** The bytes of a document, in chunks of about 64 KiB. */
export function* encodeLineDocument(header: JsonObject, sections: readonly Section[]): Generator<Buffer> {
  const hash = createHash('sha256');
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let end = 0;
  for (const piece of bodyPieces(header, sections)) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    if (end > 0 && end + bytes.length > CHUNK_BYTES) {
      hash.update(chunk.subarray(0, end));
      yield chunk.subarray(0, end);
      chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      end = 0;
    }
    if (bytes.length > chunk.length) chunk = Buffer.allocUnsafe(bytes.length);
    chunk.set(bytes, end);
    end += bytes.length;
  }
  hash.update(chunk.subarray(0, end));
  yield chunk.subarray(0, end);
  yield Buffer.from(`"checksum":"${hash.digest('hex')}"\n}\n`);
}

const NEXT_LINE = Buffer.from(',\n');

function* bodyPieces(header: JsonObject, sections: readonly Section[]): Generator<string | Uint8Array> {
  yield `${JSON.stringify(header).slice(0, -1)},\n`;
  for (const { name, entries } of sections) {
    yield `"${name}":[\n`;
    let first = true;
    for (const entry of entries) {
      if (!first) yield NEXT_LINE;
      yield entry instanceof Uint8Array ? entry : JSON.stringify(entry);
      first = false;
    }
    yield first ? '],\n' : '\n],\n';
  }
}
