import { PathTable } from './path-table.js';
import { HASH_BYTES, MARK, type Rows } from './rows.js';

/** What all indexes together say of a directory. */
export interface JoinedClaims {
  /** Finds the rows that count by the name of the file. */
  readonly table: PathTable;
  /** Paths of which two indexes say different things. */
  readonly conflicts: readonly string[];
}

/**
 * Makes of all that is said of a path one row: the first one, completed by the others, which are dropped. What only
 * `removed` names gives way to any record.
 *
 * @param rows of one directory
 * @param prefix the directory and its slash, '' = the repository
 */
export function joinClaims(rows: Rows, prefix: string): JoinedClaims {
  const table = new PathTable(rows, rows.count, Buffer.byteLength(prefix));
  const conflicts: string[] = [];
  for (let row = 0; row < rows.count; row++) {
    if ((rows.marks[row]! & MARK.dropped) !== 0) continue;
    const first = table.add(row);
    if (first < 0) continue;
    if ((rows.marks[first]! & MARK.optional) !== 0) {
      rows.marks[first]! |= MARK.dropped;
      table.replace(row);
      continue;
    }
    const isRecord = (rows.marks[row]! & MARK.optional) === 0;
    rows.marks[row]! |= MARK.dropped;
    if (isRecord && contradicts(rows, first, row)) conflicts.push(rows.path(row));
    else if (isRecord) complete(rows, first, row);
  }
  return { table, conflicts };
}

function contradicts(rows: Rows, a: number, b: number): boolean {
  const [size, other] = [rows.sizes[a]!, rows.sizes[b]!];
  if (!Number.isNaN(size) && !Number.isNaN(other) && size !== other) return true;
  return (rows.marks[a]! & rows.marks[b]! & MARK.sha256) !== 0 && !rows.sameHash(a, rows, b);
}

/** Adds to a row what another one says and it does not. */
function complete(rows: Rows, row: number, other: number): void {
  if (Number.isNaN(rows.sizes[row]!)) rows.sizes[row] = rows.sizes[other]!;
  const known = rows.marks[row]! & (MARK.sha256 | MARK.md5);
  const given = rows.marks[other]! & (MARK.sha256 | MARK.md5);
  if (known === MARK.sha256 || given === 0 || (known === MARK.md5 && given === MARK.md5)) return;
  rows.hashes.copyWithin(row * HASH_BYTES, other * HASH_BYTES, (other + 1) * HASH_BYTES);
  rows.marks[row] = (rows.marks[row]! & ~MARK.md5) | given;
}
