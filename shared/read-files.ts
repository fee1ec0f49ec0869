import { join } from 'node:path';
import { type CacheColumns, CacheTable, PathHash } from './cache-table.js';
import { joinClaims } from './join-claims.js';
import { statFile } from './fingerprint.js';
import { compileGlobs } from './globs.js';
import { type Mismatch, proofOf } from './identity.js';
import type { ListingColumns } from './listing.js';
import { joinPath } from './paths.js';
import type { PathTable } from './path-table.js';
import { HASH_BYTES, MARK, type RowColumns, Rows } from './rows.js';
import { isArtifactName } from './rules.js';
import { sortRows } from './sort-rows.js';
import { addTo, type Tally } from './tally.js';

/** What a file need not be hashed for: a record that fits, an entry of the hash cache that proves it unchanged. */
export type Trusted = 'records' | 'cache' | 'nothing';

/** A directory, and what the indexes say is in it. */
export interface FilesJob {
  /** Absolute path. */
  readonly repository: string;
  /** '' = the repository. */
  readonly directory: string;
  readonly rows: RowColumns;
  /** The regular files that are there, as the walk met them. */
  readonly listing: ListingColumns;
  readonly cache: CacheColumns;
  readonly trusts: Trusted;
  /** Extensions of its v3 buckets if it is an index directory: then artifacts that no index names are reported. */
  readonly extensions: readonly string[] | undefined;
  readonly ignore: readonly string[];
  /** Told of the files that were looked at. */
  readonly tally?: Tally | undefined;
}

/** What is in a directory of what the indexes say. */
export interface FilesFound {
  readonly rows: RowColumns;
  /** Rows whose file is there, sorted by path. */
  readonly present: Uint32Array<ArrayBuffer>;
  /** Those of them whose size and hash are still what the index says: the file has to be hashed. */
  readonly toHash: Uint32Array<ArrayBuffer>;
  /** Claimed paths without a regular file. */
  readonly missing: readonly string[];
  /** Paths named only in `removed` without a file: as it should be. */
  readonly gone: readonly string[];
  /** Files that were seen with another hash than their record gives, and have not changed since. */
  readonly mismatched: readonly Mismatch[];
  /** Paths of which two indexes say different things. */
  readonly conflicts: readonly string[];
  /** Artifacts that no index names. */
  readonly unindexed: readonly string[];
}

/** So many at a time are told. */
const TOLD_FILES = 256;

/**
 * Finds the files of a directory that the indexes name, and tells size and hash of each from its record and the hash
 * cache where these are proof enough (DESIGN section 3, Identity). One pass over the listing finds the rows whose files are
 * there; a pass over the rows asks for the status of each: so these are read in the order in which they lie in memory.
 *
 * @param isStopped whether the result is not wanted any more
 * @throws Error of the system, when a status cannot be read
 */
export function readFiles(job: FilesJob, isStopped: () => boolean = () => false): FilesFound {
  const rows = Rows.from(job.rows);
  const { table, conflicts } = joinClaims(rows, joinPath(job.directory, ''));
  const unindexed = markPresent(job, rows, table);
  const finder = new Finder(job, rows);
  let looked = 0;
  for (let row = 0; row < rows.count && !isStopped(); row++) {
    if ((rows.marks[row]! & MARK.present) === 0) continue;
    finder.look(row);
    if (++looked % TOLD_FILES === 0) addTo(job.tally, { files: TOLD_FILES, bytes: 0 });
  }
  addTo(job.tally, { files: looked % TOLD_FILES, bytes: 0 });
  return { ...finder.found(), conflicts, unindexed };
}

/** Marks the rows whose names are listed. Returns the artifacts that no index names. */
function markPresent(job: FilesJob, rows: Rows, table: PathTable): string[] {
  const isIgnored = compileGlobs(job.ignore);
  const unindexed: string[] = [];
  let others = 0;
  eachName(job.listing, (bytes, start, end) => {
    const row = table.find(bytes, start, end);
    if (row >= 0) {
      rows.marks[row]! |= MARK.present;
      return;
    }
    others++;
    const name = bytes.toString('utf8', start, end);
    if (job.extensions === undefined || !isArtifactName(name, job.extensions)) return;
    const path = joinPath(job.directory, name);
    if (!isIgnored(path)) unindexed.push(path);
  });
  addTo(job.tally, { files: others, bytes: 0 });
  return unindexed;
}

/** Calls back with each name of a listing, as bytes. */
function eachName(
  { packed, others }: FilesJob['listing'],
  callback: (bytes: Buffer, start: number, end: number) => void,
): void {
  const bytes = Buffer.from(packed.bytes.buffer, packed.bytes.byteOffset, packed.bytes.length);
  let start = 0;
  for (let i = 0; i < packed.count; i++) {
    const end = packed.ends[i]!;
    callback(bytes, start, end);
    start = end;
  }
  for (const name of others) {
    const text = Buffer.from(name);
    callback(text, 0, text.length);
  }
}

/** Looks at one file after the other and keeps what was found. */
class Finder {
  readonly #rows: Rows;
  /** The directory, and how many bytes of a row's path name it. */
  readonly #place: string;
  readonly #skipped: number;
  readonly #cache: CacheTable | undefined;
  readonly #trusts: Trusted;
  readonly #hash = new PathHash();
  readonly #mismatched: Mismatch[] = [];

  constructor({ repository, directory, cache, trusts }: FilesJob, rows: Rows) {
    this.#rows = rows;
    this.#place = join(repository, directory, '/');
    this.#skipped = Buffer.byteLength(joinPath(directory, ''));
    this.#cache = cache.count > 0 ? new CacheTable(cache) : undefined;
    this.#trusts = trusts;
  }

  /** Looks at the file of a row, which is listed, but may be gone by now. */
  look(row: number): void {
    const rows = this.#rows;
    const start = rows.starts[row]! + this.#skipped;
    const stats = statFile(this.#place + rows.names.toString('utf8', start, rows.starts[row + 1]));
    if (stats === undefined) {
      rows.marks[row]! &= ~MARK.present;
      return;
    }
    const known = this.#cache?.look(this.#hash.of(rows.names, rows.starts[row], rows.starts[row + 1]), stats);
    const hasHash = (rows.marks[row]! & MARK.sha256) !== 0;
    const seen = typeof known !== 'number' ? known : this.#hasOtherMd5(row, known) ? 'changed' : 'same';
    const proof = proofOf(rows.sizes[row]!, hasHash, stats.size, seen);
    if (proof === undefined || !this.#isEnough(proof)) {
      rows.marks[row]! |= MARK.hashed;
      return;
    }
    rows.sizes[row] = stats.size;
    if (typeof known === 'number') this.#take(row, known);
  }

  #isEnough(proof: 'cache' | 'record'): boolean {
    return this.#trusts === 'records' || (this.#trusts === 'cache' && proof === 'cache');
  }

  found(): Omit<FilesFound, 'conflicts' | 'unindexed'> {
    const rows = this.#rows;
    const missing: string[] = [];
    const gone: string[] = [];
    const present = new Uint32Array(rows.count);
    const toHash: number[] = [];
    let count = 0;
    for (let row = 0; row < rows.count; row++) {
      const marks = rows.marks[row]!;
      if ((marks & MARK.dropped) !== 0) continue;
      if ((marks & MARK.present) !== 0) present[count++] = row;
      else ((marks & MARK.optional) !== 0 ? gone : missing).push(rows.path(row));
      if ((marks & MARK.hashed) !== 0) toHash.push(row);
    }
    return {
      rows: rows.columns(),
      present: sortRows(rows, present.slice(0, count)),
      toHash: Uint32Array.from(toHash),
      missing,
      gone,
      mismatched: this.#mismatched,
    };
  }

  /** Whether the record has an md5 only, and another one than the file was held against when it was hashed. */
  #hasOtherMd5(row: number, known: number): boolean {
    const { marks, hashes } = this.#rows;
    return (marks[row]! & MARK.md5) !== 0 && !this.#cache!.hasMd5(known, hashes, row * HASH_BYTES);
  }

  /** Takes what the cache says of a file; its record may say something else by now. */
  #take(row: number, known: number): void {
    const rows = this.#rows;
    const cached = this.#cache!.sha256(known);
    const isClaimed = (rows.marks[row]! & MARK.sha256) !== 0;
    if (isClaimed && rows.sha256(row) !== cached) {
      const [expected, found] = [`sha256 ${rows.sha256(row)}`, `sha256 ${cached}`];
      this.#mismatched.push({ path: rows.path(row), expected, found });
    }
    rows.hashes.write(cached, row * HASH_BYTES, 'hex');
  }
}
