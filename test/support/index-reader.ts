import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decode } from '@msgpack/msgpack';
import { decompress } from 'fzstd';

/** A file that an index or a shard names. */
export interface Named {
  /** Relative to the channel's root. */
  readonly path: string;
  readonly sha256: string;
}

/** A file that is not what an index says. */
export interface Wrong {
  readonly index: string;
  readonly path: string;
  readonly expected: string;
  /** `undefined` when there is no such file. */
  readonly found: string | undefined;
}

const INDEX = /^((current_)?repodata\.json(\.zst|\.gz)?|repodata_shards\.msgpack\.zst)$/;
const SHARD = /^([0-9a-f]{64})\.msgpack\.zst$/;

/** Whether a path is that of an index which {@link decodeIndex} can read. */
export function isIndex(path: string): boolean {
  return INDEX.test(posix.basename(path));
}

/** What an index names, as a client reads it: artifacts, or shards. Knows nothing of the code under test. */
export function decodeIndex(path: string, bytes: Uint8Array): Named[] {
  const directory = posix.dirname(path);
  if (path.endsWith('.msgpack.zst')) return decodeShardIndex(directory, bytes);
  return artifactsOf(directory, JSON.parse(text(path, bytes)) as Records);
}

/** What a shard names; shards lie in the index directory or in `shards/` of it. */
export function decodeShard(path: string, bytes: Uint8Array): Named[] {
  const directory = posix.dirname(path).replace(/\/shards$/, '');
  return artifactsOf(directory, decode(decompress(bytes)) as Records);
}

/** Whether a path is that of a shard. */
export function isShard(path: string): boolean {
  return SHARD.test(posix.basename(path));
}

type Records = Readonly<
  Record<string, Readonly<Record<string, { readonly sha256: string | Uint8Array }>> | undefined>
>;

interface ShardIndex {
  readonly info: { readonly shards_base_url: string };
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

function text(path: string, bytes: Uint8Array): string {
  if (path.endsWith('.zst')) return Buffer.from(decompress(bytes)).toString();
  return (path.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)).toString();
}

function decodeShardIndex(directory: string, bytes: Uint8Array): Named[] {
  const { info, shards } = decode(decompress(bytes)) as ShardIndex;
  return Object.values(shards).map((hash) => {
    const sha256 = Buffer.from(hash).toString('hex');
    return { path: posix.join(directory, info.shards_base_url, `${sha256}.msgpack.zst`), sha256 };
  });
}

function artifactsOf(directory: string, records: Records): Named[] {
  return ['packages', 'packages.conda'].flatMap((section) =>
    Object.entries(records[section] ?? {}).map(([name, { sha256 }]) => ({
      path: posix.join(directory, name),
      sha256: typeof sha256 === 'string' ? sha256 : Buffer.from(sha256).toString('hex'),
    })),
  );
}

/** Path → sha256 of every file outside of dot-directories. */
export function hashTree(root: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const item of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!item.isFile()) continue;
    const path = posix.relative(root, join(item.parentPath, item.name));
    if (/(^|\/)\./.test(path)) continue;
    found.set(path, sha256Of(readFileSync(join(root, path))));
  }
  return found;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Every file that any index of a channel names and that is missing or wrong, shards followed. */
export function wrongFiles(root: string, tree: ReadonlyMap<string, string> = hashTree(root)): Wrong[] {
  const wrong: Wrong[] = [];
  const check = (index: string, names: readonly Named[]): void => {
    for (const { path, sha256 } of names) {
      const found = tree.get(path);
      if (found !== sha256) wrong.push({ index, path, expected: sha256, found });
      else if (isShard(path)) check(path, decodeShard(path, readFileSync(join(root, path))));
    }
  };
  for (const path of tree.keys()) {
    if (isIndex(path)) check(path, decodeIndex(path, readFileSync(join(root, path))));
  }
  return wrong;
}
