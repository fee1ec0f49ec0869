import type { PathTest } from './globs.js';
import { directoryOf, joinPath, nameOf, pathProblem, resolveReference } from './paths.js';
import type { NamedFile } from './record-name.js';
import type { RecordRows } from './record-rows.js';
import { isIndexName, isJunkName } from './rules.js';
import { MARK, Rows } from './rows.js';
import { hasUnusualJunk } from './usual-name.js';

/** Everything that one index says, resolved against its directory. */
export interface IndexClaims {
  /** Directory → what the index says is in it, by whole paths: sizes, hashes and marks of its records. */
  readonly byDirectory: ReadonlyMap<string, Rows>;
  /** How many records name a file of the repository. */
  readonly artifacts: number;
  /** Absolute or outside references: reported, not carried, not missing. */
  readonly external: readonly string[];
  /** Names that no state can hold, with the reason. */
  readonly refused: readonly string[];
}

/** Longest directory in which every usual name makes a path that is short enough. */
const USUAL_DIRECTORY_BYTES = 1024;

/**
 * Resolves what an index names to paths of the repository; rows whose path is right stay where they are. A relative
 * `base_url` that stays inside is followed. Ignored paths are left out, and not refused either.
 *
 * @param directory the index directory, '' = the repository
 * @param records all that it names; they belong to the result afterwards
 */
export function claimsOf(directory: string, records: RecordRows, isIgnored?: PathTest): IndexClaims {
  records.end();
  const resolver = new Resolver(directory, records, isIgnored);
  const { rows } = records;
  const isPlain = isIgnored === undefined && resolver.takesUsualNames(rows);
  let artifacts = 0;
  for (let row = 0, { count } = rows; row < count; row++) {
    const marks = rows.marks[row]!;
    if ((marks & MARK.dropped) !== 0) continue;
    if ((isPlain && (marks & MARK.unusual) === 0) || resolver.place(row)) artifacts++;
  }
  for (const name of records.removedNames) resolver.addRemoved(name);
  const { byDirectory, external, refused } = resolver;
  return { byDirectory, artifacts, external, refused };
}

class Resolver {
  readonly byDirectory: Map<string, Rows>;
  readonly external: string[] = [];
  readonly refused: string[] = [];
  readonly #directory: string;
  readonly #records: RecordRows;
  /** Where artifacts are: a path of the repository, or `undefined` when `base_url` leads out of it. */
  readonly #place: string | undefined;
  readonly #isIgnored: PathTest;

  constructor(directory: string, records: RecordRows, isIgnored: PathTest = () => false) {
    const { baseReference } = records;
    this.byDirectory = new Map([[directory, records.rows]]);
    this.#directory = directory;
    this.#records = records;
    this.#isIgnored = isIgnored;
    this.#place = baseReference === undefined ? directory : resolveReference(directory, baseReference);
  }

  /** Whether rows that are not marked as unusual need no look at their names. */
  takesUsualNames(rows: Rows): boolean {
    return (
      this.#place === this.#directory &&
      (this.#directory === '' || pathProblem(this.#directory) === undefined) &&
      Buffer.byteLength(this.#directory) <= USUAL_DIRECTORY_BYTES &&
      !hasUnusualJunk(rows.names, rows.starts[rows.count]!)
    );
  }

  /** Puts a row where its file is. Returns whether it names a file of the repository. */
  place(row: number): boolean {
    const { rows, prefix, named } = this.#records;
    const path = rows.path(row);
    const file = named.get(row) ?? { name: path.slice(prefix.toString().length) };
    const located = this.#locate(file);
    if (located !== path || this.#isIgnored(path)) rows.marks[row]! |= MARK.dropped;
    if (located === undefined || located === path || this.#isIgnored(located)) return located !== undefined;
    const other = this.#rowsIn(directoryOf(located));
    const moved = other.add(located, rows.sizes[row]!, rows.sha256(row));
    other.marks[moved] = rows.marks[row]! & (MARK.sha256 | MARK.md5);
    return true;
  }

  /** Names of `removed` that are records, too, meet these when the claims of a directory are joined. */
  addRemoved(name: string): void {
    const path = this.#locate({ name });
    if (path === undefined || this.#isIgnored(path)) return;
    const rows = this.#rowsIn(directoryOf(path));
    const row = rows.add(path, Number.NaN, ''); // may move the columns
    rows.marks[row] = MARK.optional;
  }

  #rowsIn(directory: string): Rows {
    const rows = this.byDirectory.get(directory) ?? new Rows();
    this.byDirectory.set(directory, rows);
    return rows;
  }

  /** The path of an artifact, or `undefined` when it is external or refused (and noted as such). */
  #locate({ name, url }: NamedFile): string | undefined {
    const path = this.#resolve(name, url);
    if (path === undefined) this.external.push(url ?? name);
    const problem = path === undefined ? undefined : (nameProblem(name, url, path) ?? pathProblem(path));
    if (problem === undefined) return path;
    if (path !== undefined && this.#isIgnored(path)) return undefined;
    this.refused.push(`${JSON.stringify(joinPath(this.#directory, url ?? name))} ${problem}`);
    return undefined;
  }

  #resolve(name: string, url: string | undefined): string | undefined {
    if (url !== undefined) return resolveReference(this.#directory, url);
    return this.#place === undefined ? undefined : joinPath(this.#place, name);
  }
}

function nameProblem(name: string, url: string | undefined, path: string): string | undefined {
  if (url === undefined && name.includes('/')) return 'has a slash in its name';
  if (isIndexName(nameOf(path))) return 'has the name of an index';
  return isJunkName(nameOf(path)) ? 'has a name that is never tracked' : undefined;
}
