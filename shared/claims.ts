import type { PathTest } from './globs.js';
import { type IndexRecords } from './index-records.js';
import { joinPath, nameOf, pathProblem, resolveReference } from './paths.js';
import { isIndexName, isJunkName } from './rules.js';

/** What an index says is at a path of the repository. */
export interface Claim {
  readonly path: string;
  readonly kind: 'artifact' | 'shard';
  /** Bytes, when the record says. */
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  readonly md5: string | undefined;
  /** Named only in `removed` (CEP 36): tracked while it is on disk, not missing when it is not. */
  readonly optional: boolean;
}

/** Everything that one index says, resolved against its directory. */
export interface IndexClaims {
  readonly claims: readonly Claim[];
  /** Absolute or outside references: reported, not carried, not missing. */
  readonly external: readonly string[];
  /** Names that no state can hold, with the reason. */
  readonly refused: readonly string[];
}

/**
 * Resolves what an index names to paths of the repository. A relative `base_url` that stays inside is followed.
 *
 * @param directory the index directory, '' = the repository
 * @param isIgnored paths that are not refused either, whatever they are called
 */
export function claimsOf(
  directory: string,
  records: IndexRecords,
  isIgnored: PathTest = () => false,
): IndexClaims {
  const collector = new ClaimCollector(directory, records.baseReference, isIgnored);
  for (const record of records.records()) {
    const path = collector.locate(record.name, record.url);
    if (path !== undefined) collector.claim({ ...record, path, kind: 'artifact', optional: false });
  }
  const named = new Set(collector.claims.map(({ path }) => path));
  for (const name of records.removedNames) {
    const path = collector.locate(name);
    if (path === undefined || named.has(path)) continue;
    named.add(path);
    collector.claim({
      path,
      kind: 'artifact',
      size: undefined,
      sha256: undefined,
      md5: undefined,
      optional: true,
    });
  }
  return collector;
}

/** What a shard index (CEP 16) names: its shards, in the directory that `shards_base_url` leads to. */
export interface ShardIndex {
  readonly shardsBaseUrl?: string;
  readonly shards: readonly { readonly name: string; readonly sha256: string }[];
}

/** Resolves the shards that a shard index names. */
export function shardClaimsOf(directory: string, { shardsBaseUrl, shards }: ShardIndex): IndexClaims {
  const place = resolveReference(directory, shardsBaseUrl ?? '');
  if (place === undefined) return { claims: [], external: [shardsBaseUrl ?? ''], refused: [] };
  const problem = place === '' ? undefined : pathProblem(place);
  if (problem !== undefined) {
    return {
      claims: [],
      external: [],
      refused: [`shards_base_url ${JSON.stringify(shardsBaseUrl)} ${problem}`],
    };
  }
  const hashes = new Set(shards.map(({ sha256 }) => sha256));
  const claims = [...hashes].map((sha256) => ({
    path: joinPath(place, `${sha256}.msgpack.zst`),
    kind: 'shard' as const,
    ...{ size: undefined, sha256, md5: undefined, optional: false },
  }));
  return { claims, external: [], refused: [] };
}

class ClaimCollector implements IndexClaims {
  readonly claims: Claim[] = [];
  readonly external: string[] = [];
  readonly refused: string[] = [];
  readonly #directory: string;
  /** Where artifacts are: a path of the repository, or `undefined` when `base_url` leads out of it. */
  readonly #place: string | undefined;
  readonly #isIgnored: PathTest;

  constructor(directory: string, baseUrl: string | undefined, isIgnored: PathTest) {
    this.#directory = directory;
    this.#isIgnored = isIgnored;
    this.#place = baseUrl === undefined ? directory : resolveReference(directory, baseUrl);
  }

  claim({ path, kind, size, sha256, md5, optional }: Claim): void {
    this.claims.push({ path, kind, size, sha256, md5, optional });
  }

  /** The path of an artifact, or `undefined` when it is external or refused (and noted as such). */
  locate(name: string, url?: string): string | undefined {
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
