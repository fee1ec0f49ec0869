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

const CHUNK_CHARACTERS = 1 << 16;

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Section {
  readonly name: string;
  readonly entries: Iterable<JsonObject>;
}

/** The bytes of a document, in chunks of about 64 KiB. */
export function* encodeLineDocument(header: JsonObject, sections: readonly Section[]): Generator<Buffer> {
  const hash = createHash('sha256');
  let text = '';
  for (const piece of bodyPieces(header, sections)) {
    text += piece;
    if (text.length < CHUNK_CHARACTERS) continue;
    const chunk = Buffer.from(text);
    text = '';
    hash.update(chunk);
    yield chunk;
  }
  hash.update(text);
  yield Buffer.from(`${text}"checksum":"${hash.digest('hex')}"\n}\n`);
}

function* bodyPieces(header: JsonObject, sections: readonly Section[]): Generator<string> {
  yield `${JSON.stringify(header).slice(0, -1)},\n`;
  for (const { name, entries } of sections) {
    yield `"${name}":[\n`;
    let first = true;
    for (const entry of entries) {
      yield `${first ? '' : ',\n'}${JSON.stringify(entry)}`;
      first = false;
    }
    yield first ? '],\n' : '\n],\n';
  }
}
