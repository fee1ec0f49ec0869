import { claimsOf } from '../shared/claims.js';
import { decodeVariant, encodingOf } from '../shared/decode-variant.js';
import { CondaDiffError } from '../shared/errors.js';
import { compileGlobs, type Globs } from '../shared/globs.js';
import { IndexRecords } from '../shared/index-records.js';
import { directoryOf, nameOf } from '../shared/paths.js';
import { decodeWhole, type IndexDirectory } from '../shared/read-index.js';
import type { Survey } from '../shared/read-state.js';
import { RepodataScanner } from '../shared/repodata-scan.js';
import { isIndexName, isShardName, REPODATA, SHARD_INDEX } from '../shared/rules.js';
import { decodeShard } from '../shared/shard-index.js';
import type { Fault } from './check-source.js';

/** Problems listed per file; the rest is counted. */
const LISTED = 5;

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
  const directories = new Set(changed.map(directoryOf));
  const shards = changed.filter((path) => isShardName(nameOf(path)) && survey.state.find(path) >= 0);
  const details: string[] = [];
  for (const { path } of survey.state) {
    if (!directories.has(directoryOf(path)) || !isCheckedVariant(path)) continue;
    details.push(
      ...problemsOf(path, directoryOf(path), await readVariant(path, survey.source(path)), survey, globs),
    );
  }
  const homes = new Map(survey.indexes.flatMap(shardHomes));
  for (const path of shards) {
    const home = homes.get(path);
    const records = await readShard(path, survey.source(path), home?.shardBaseUrl);
    details.push(...problemsOf(path, home?.directory ?? directoryOf(path), records, survey, globs));
  }
  if (details.length === 0) return [];
  const hint = 'Let the mirror index again; delete variants that it does not write any more';
  return [{ code: 'source', message: 'Index variants do not agree with repodata.json', details, hint }];
}

function isCheckedVariant(path: string): boolean {
  const name = nameOf(path);
  return isIndexName(name) && name !== REPODATA && name !== SHARD_INDEX;
}

/** Each shard with the index directory that names it. */
function shardHomes(index: IndexDirectory): [string, IndexDirectory][] {
  return index.claims.filter(({ kind }) => kind === 'shard').map(({ path }) => [path, index]);
}

type Read = IndexRecords | CondaDiffError;

async function readVariant(path: string, file: string): Promise<Read> {
  return orProblem(async () => {
    const records = new IndexRecords();
    const scanner = new RepodataScanner(path, records);
    for await (const chunk of decodeVariant(file, encodingOf(file), path)) scanner.push(chunk);
    scanner.end();
    return records;
  });
}

/** @param baseUrl that of the shard index: shards have none of their own */
async function readShard(path: string, file: string, baseUrl: string | undefined): Promise<Read> {
  return orProblem(async () => {
    const records = new IndexRecords();
    records.baseUrl(baseUrl);
    const shard = decodeShard(await decodeWhole(file, path), path);
    for (const record of shard.records) {
      records.add(record.bucket, record.key, {
        size: record.size,
        sha256: () => record.sha256,
        md5: () => record.md5,
        url: () => record.url,
        fn: () => record.fn,
      });
    }
    return records;
  });
}

async function orProblem(read: () => Promise<IndexRecords>): Promise<Read> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CondaDiffError && error.code === 'source') return error;
    throw error;
  }
}

function problemsOf(path: string, directory: string, read: Read, survey: Survey, globs: Globs): string[] {
  if (read instanceof CondaDiffError) return [read.message];
  const isIgnored = compileGlobs(globs.ignore);
  const known = new Set([...survey.missing, ...survey.mismatched.map(({ path: wrong }) => wrong)]);
  const problems: string[] = [];
  for (const claim of claimsOf(directory, read).claims) {
    if (claim.optional || isIgnored(claim.path) || known.has(claim.path)) continue;
    const entry = survey.state.get(claim.path);
    if (entry === undefined) problems.push(`${path} names ${claim.path}, which is not tracked`);
    else if (claim.sha256 !== undefined && claim.sha256 !== entry.sha256) {
      problems.push(`${path}: ${claim.path}: expected sha256 ${claim.sha256}, found ${entry.sha256}`);
    }
  }
  const more = problems.length - LISTED;
  return more > 0 ? [...problems.slice(0, LISTED), `${path}: ${String(more)} more of these`] : problems;
}
