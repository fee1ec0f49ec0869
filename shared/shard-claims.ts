import type { IndexClaims } from './claims.js';
import { joinPath, pathProblem, resolveReference } from './paths.js';
import { MARK, Rows } from './rows.js';
import type { ShardIndex } from './shard-index.js';

/** What a shard index (CEP 16) names: its shards, in the directory that `shards_base_url` leads to. */
export interface ShardClaims extends Pick<IndexClaims, 'external' | 'refused'> {
  /** Where the shards are; `undefined` when that is not a place in the repository. */
  readonly place: string | undefined;
  readonly rows: Rows;
}

/** Resolves the shards that a shard index names. */
export function shardClaimsOf(
  directory: string,
  { shardsBaseUrl, shards }: Pick<ShardIndex, 'shardsBaseUrl' | 'shards'>,
): ShardClaims {
  const rows = new Rows();
  const place = resolveReference(directory, shardsBaseUrl ?? '');
  if (place === undefined) return { place, rows, external: [shardsBaseUrl ?? ''], refused: [] };
  const problem = place === '' ? undefined : pathProblem(place);
  if (problem !== undefined) {
    const refused = [`shards_base_url ${JSON.stringify(shardsBaseUrl)} ${problem}`];
    return { place: undefined, rows, external: [], refused };
  }
  for (const hash of new Set(shards.map(({ sha256 }) => sha256))) {
    const row = rows.add(joinPath(place, `${hash}.msgpack.zst`), Number.NaN, hash);
    rows.marks[row] = MARK.sha256;
  }
  return { place, rows, external: [], refused: [] };
}
