import { writeHex } from './hex.js';
import type { JsonObject } from './line-document.js';
import { MAX_PATH_BYTES } from './paths.js';
import { HASH_BYTES, type Rows } from './rows.js';
import type { State } from './state.js';

const QUOTE = 0x22;
const PATH = Buffer.from('{"path":"');
const SIZE = Buffer.from('","size":');
const SHA256 = Buffer.from(',"sha256":"');
const CLOSE = Buffer.from('"}');
/** Enough for the longest path and all that stands around it. */
const LINE_BYTES = MAX_PATH_BYTES + 256;

/**
 * The entries of a state as lines of a document: what JSON.stringify gives for `{path, size, sha256}`, as bytes, because a
 * path of a state needs an escape only for a quote. Each line is overwritten by the next one.
 */
export function* entryLines(state: State): Generator<JsonObject | Uint8Array> {
  const line = Buffer.alloc(LINE_BYTES);
  for (let i = 0; i < state.count; i++) {
    const { rows, row } = state.rowsOf(i);
    const end = writeEntry(line, rows, row);
    if (end > 0) yield line.subarray(0, end);
    else yield { path: rows.path(row), size: rows.sizes[row], sha256: rows.sha256(row) };
  }
}

/** Returns the end of the line, or 0 where the path has a quote. */
function writeEntry(line: Buffer, { names, starts, sizes, hashes }: Rows, row: number): number {
  line.set(PATH);
  let at = PATH.length;
  const pathEnd = starts[row + 1]!;
  for (let from = starts[row]!; from < pathEnd; from++) {
    if (names[from] === QUOTE) return 0;
    line[at++] = names[from]!;
  }
  line.set(SIZE, at);
  at += SIZE.length;
  at += line.write(String(sizes[row]), at, 'latin1');
  line.set(SHA256, at);
  at += SHA256.length;
  writeHex(line, at, hashes, row * HASH_BYTES, HASH_BYTES);
  at += 2 * HASH_BYTES;
  line.set(CLOSE, at);
  return at + CLOSE.length;
}
