import { createHash } from 'node:crypto';
import { writeHex } from './hex.js';
import { MAX_PATH_BYTES } from './paths.js';
import { HASH_BYTES, type Rows } from './rows.js';

const LINES_BYTES = 1 << 16;
/** Two blanks between hash and path, and the line's end. */
const BESIDE_BYTES = 3;
const BLANK = 0x20;
const LINE_FEED = 0x0a;

/** What a digest is made of: rows in the order of their paths. */
interface SortedRows {
  readonly count: number;
  rowsOf(i: number): { readonly rows: Rows; readonly row: number };
}

/** sha256, in lower-case hex, of a line `<64 hex>  <path>\n` per row. */
export function digestOf(state: SortedRows): string {
  const hash = createHash('sha256');
  const lines = Buffer.alloc(LINES_BYTES);
  let end = 0;
  for (let i = 0; i < state.count; i++) {
    const { rows, row } = state.rowsOf(i);
    if (end + 2 * HASH_BYTES + BESIDE_BYTES + MAX_PATH_BYTES > LINES_BYTES) {
      hash.update(lines.subarray(0, end));
      end = 0;
    }
    end = writeLine(lines, end, rows, row);
  }
  return hash.update(lines.subarray(0, end)).digest('hex');
}

/** Returns where the line ends. */
function writeLine(to: Uint8Array, start: number, { names, starts, hashes }: Rows, row: number): number {
  writeHex(to, start, hashes, row * HASH_BYTES, HASH_BYTES);
  let at = start + 2 * HASH_BYTES;
  to[at++] = BLANK;
  to[at++] = BLANK;
  const end = starts[row + 1]!;
  for (let from = starts[row]!; from < end; from++) to[at++] = names[from]!;
  to[at++] = LINE_FEED;
  return at;
}
