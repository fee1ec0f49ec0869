import { claimsOf } from '../shared/claims.js';
import { decodeVariant, encodingOf } from '../shared/decode-variant.js';
import { CondaDiffError } from '../shared/errors.js';
import { compileGlobs, type Globs } from '../shared/globs.js';
import { compareUtf8, directoryOf, joinPath, nameOf } from '../shared/paths.js';
import { decodeWhole, type IndexDirectory } from '../shared/read-index.js';
import type { Survey } from '../shared/read-state.js';
import { RecordRows } from '../shared/record-rows.js';
import { RepodataScanner } from '../shared/repodata-scan.js';
import { HASH_BYTES, MARK, type Rows } from '../shared/rows.js';
import { INDEX_NAMES, isShardName, REPODATA, SHARD_INDEX } from '../shared/rules.js';
import { decodeShard } from '../shared/shard-index.js';
import { allRows, sortRows } from '../shared/sort-rows.js';
import type { State } from '../shared/state.js';
import type { Fault } from './check-source.js';

/** Problems listed per file; the rest is counted. */
const LISTED = 5;
/** The variants to decode: repodata.json and the shard index were read with the state. */
const CHECKED = [...INDEX_NAMES].filter((name) => name !== REPODATA && name !== SHARD_INDEX);

/**
 * Holds index variants and shards against the state: each must name nothing that is not tracked with the hash
 * that it gives, because clients try shards, then zst, then json (DESIGN section 3).
 *
 * @param changed paths that the update adds, replaces or removes; the variants of every directory with one of
 *   them are read, also unchanged ones: a stale variant names what the new index does not
 */
export async function variantFaults(
  survey: Survey,
  globs: Globs,
  changed: readonly string[],
): Promise<Fault[]> {
  const shards = changed.filter((path) => isShardName(nameOf(path)) && survey.state.find(path) >= 0);
  const details: string[] = [];
  for (const path of variantsIn(new Set(changed.map(directoryOf)), survey.state)) {
    const records = await readVariant(path, survey.source(path));
    details.push(...problemsOf(path, directoryOf(path), records, survey, globs));
  }
  const homes = homesOf(shards, survey.indexes);
  for (const path of shards) {
    const home = homes.get(path);
    const records = await readShard(path, survey.source(path), home);
    details.push(...problemsOf(path, home?.directory ?? directoryOf(path), records, survey, globs));
  }
  if (details.length === 0) return [];
  const hint = 'Let the mirror index again; delete variants that it does not write any more';
  return [{ code: 'source', message: 'Index variants do not agree with repodata.json', details, hint }];
}

/** The tracked variants of these directories, sorted. */
function variantsIn(directories: ReadonlySet<string>, state: State): string[] {
  const paths = [...directories].flatMap((directory) => CHECKED.map((name) => joinPath(directory, name)));
  return paths.filter((path) => state.find(path) >= 0).sort(compareUtf8);
}

/** The index directories that name these shards. */
function homesOf(shards: readonly string[], indexes: readonly IndexDirectory[]): Map<string, IndexDirectory> {
  const homes = new Map<string, IndexDirectory>();
  if (shards.length === 0) return homes;
  const wanted = new Set(shards);
  for (const index of indexes) {
    const { place = '', hashes = new Uint8Array() } = index.shards ?? {};
    for (let at = 0; at < hashes.length; at += HASH_BYTES) {
      const hash = Buffer.from(hashes.subarray(at, at + HASH_BYTES)).toString('hex');
      const path = joinPath(place, `${hash}.msgpack.zst`);
      if (wanted.has(path)) homes.set(path, index);
    }
  }
  return homes;
}

type Read = RecordRows | CondaDiffError;

async function readVariant(path: string, file: string): Promise<Read> {
  return orProblem(async () => {
    const records = new RecordRows(directoryOf(path));
    const scanner = new RepodataScanner(path, records);
    for await (const chunk of decodeVariant(file, encodingOf(file), path)) scanner.push(chunk);
    scanner.end();
    return records;
  });
}

/** @param home the index directory that names the shard; its shard index has the base URL, shards have none */
async function readShard(path: string, file: string, home: IndexDirectory | undefined): Promise<Read> {
  return orProblem(async () => {
    const records = new RecordRows(home?.directory ?? directoryOf(path));
    records.baseUrl(home?.shardBaseUrl);
    const shard = decodeShard(await decodeWhole(file, path), path);
    for (const record of shard.records) records.add(record.bucket, record.key, record);
    return records;
  });
}

async function orProblem(read: () => Promise<RecordRows>): Promise<Read> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CondaDiffError && error.code === 'source') return error;
    throw error;
  }
}

function problemsOf(path: string, directory: string, read: Read, survey: Survey, globs: Globs): string[] {
  if (read instanceof CondaDiffError) return [read.message];
  const known = new Set([...survey.missing, ...survey.mismatched.map(({ path: wrong }) => wrong)]);
  const problems: string[] = [];
  for (const rows of claimsOf(directory, read, compileGlobs(globs.ignore)).byDirectory.values()) {
    const { state } = survey;
    let at = 0;
    for (const row of sortRows(rows, recordsAmong(rows))) {
      at = state.seek(rows, row, at);
      const isTracked = state.holds(at, rows, row);
      if (isTracked && isSaidOf(rows, row, state, at)) continue;
      const named = rows.path(row);
      if (known.has(named)) continue;
      if (!isTracked) problems.push(`${path} names ${named}, which is not tracked`);
      else {
        const [expected, found] = [rows.sha256(row), state.sha256(at)];
        problems.push(`${path}: ${named}: expected sha256 ${expected}, found ${found}`);
      }
    }
  }
  const more = problems.length - LISTED;
  return more > 0 ? [...problems.slice(0, LISTED), `${path}: ${String(more)} more of these`] : problems;
}

/** The rows that are records, not only names in `removed`. */
function recordsAmong(rows: Rows): Uint32Array<ArrayBuffer> {
  return allRows(rows).filter((row) => (rows.marks[row]! & (MARK.dropped | MARK.optional)) === 0);
}

/** Whether a tracked file has the sha256 of a record, if that gives any. */
function isSaidOf(rows: Rows, row: number, state: State, position: number): boolean {
  if ((rows.marks[row]! & MARK.sha256) === 0) return true;
  const tracked = state.rowsOf(position);
  return tracked.rows.sameHash(tracked.row, rows, row);
}
