import { decode } from '@msgpack/msgpack';
import { CondaDiffError } from './errors.js';

/** What a shard index (CEP 16) names. */
export interface ShardIndex {
  /** Where the artifacts are, relative to the subdir; absent when not given. */
  readonly baseUrl?: string;
  /** Where the shards are, relative to the subdir; absent when not given. */
  readonly shardsBaseUrl?: string;
  /** One a package name; `sha256` (64 lower-case hexadecimal digits) is that of the shard's file and its name. */
  readonly shards: readonly { readonly name: string; readonly sha256: string }[];
}

/** A record of a shard; fields are undefined when null or missing. */
export interface ShardRecord {
  /** `packages`, `packages.conda`, or `v3.<extension>` (CEP 48). */
  readonly bucket: string;
  readonly key: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string | undefined;
  /** 32 lower-case hexadecimal digits. */
  readonly md5: string | undefined;
  /** Bytes. */
  readonly size: number | undefined;
  /** Undefined unless a string, as `fn`. */
  readonly url: string | undefined;
  readonly fn: string | undefined;
}

/** What one shard (CEP 16) says: the records of all packages of one name. */
export interface Shard {
  readonly records: readonly ShardRecord[];
  readonly removed: readonly string[];
}

/**
 * Decodes a shard index.
 *
 * @param bytes the MessagePack document, decompressed
 * @param name how messages call the document
 * @throws CondaDiffError source
 */
export function decodeShardIndex(bytes: Uint8Array, name: string): ShardIndex {
  const root = decodeMessagePack(bytes, name);
  const info = root.child('info');
  const baseUrl = info?.child('base_url')?.text();
  const shardsBaseUrl = info?.child('shards_base_url')?.text();
  return {
    ...(baseUrl !== undefined && { baseUrl }),
    ...(shardsBaseUrl !== undefined && { shardsBaseUrl }),
    shards: (root.child('shards')?.entries() ?? []).map(([key, shard]) => ({
      name: key,
      sha256: shard.hash(64),
    })),
  };
}

/**
 * Decodes a shard.
 *
 * @param bytes the MessagePack document, decompressed
 * @param name how messages call the document
 * @throws CondaDiffError source
 */
export function decodeShard(bytes: Uint8Array, name: string): Shard {
  const root = decodeMessagePack(bytes, name);
  const buckets = ['packages', 'packages.conda'].map((bucket) => recordsOf(bucket, root.child(bucket)));
  const v3 = root.child('v3');
  const extensions =
    v3?.entries().map(([extension]) => recordsOf(`v3.${extension}`, v3.child(extension))) ?? [];
  return {
    records: [...buckets, ...extensions].flat(),
    removed: (root.child('removed')?.items() ?? []).map((item) => item.text()),
  };
}

function recordsOf(bucket: string, records: Node | undefined): ShardRecord[] {
  return (records?.entries() ?? []).map(([key, record]) => ({
    bucket,
    key,
    sha256: record.child('sha256')?.hash(64),
    md5: record.child('md5')?.hash(32),
    size: record.child('size')?.size(),
    url: record.child('url')?.textIfAny(),
    fn: record.child('fn')?.textIfAny(),
  }));
}

/** Every length that the document states must fit into it, so a few bytes cannot ask for gigabytes. */
function decodeMessagePack(bytes: Uint8Array, name: string): Node {
  const { length } = bytes;
  const limits = {
    maxStrLength: length,
    maxBinLength: length,
    maxArrayLength: length,
    maxMapLength: length,
    maxExtLength: length,
  };
  try {
    return new Node(decode(bytes, limits), name);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CondaDiffError('source', `${name} is not valid MessagePack: ${reason}`, { cause: error });
  }
}

/** A value of a decoded document, and where it is; each method throws if the value is something else. */
class Node {
  constructor(
    private readonly value: unknown,
    private readonly document: string,
    private readonly place: readonly string[] = [],
  ) {}

  /** The value of an own key of this map, whatever the key is called; undefined when null or missing. */
  child(key: string): Node | undefined {
    const map = this.map();
    const value = Object.hasOwn(map, key) ? map[key] : undefined;
    return value === undefined || value === null ? undefined : this.at(key, value);
  }

  /** The keys and values of this map. */
  entries(): [key: string, value: Node][] {
    return Object.entries(this.map()).map(([key, value]) => [key, this.at(key, value)]);
  }

  /** The items of this array. */
  items(): Node[] {
    if (!Array.isArray(this.value)) return this.refuse('an array');
    return this.value.map((item: unknown, index) => this.at(String(index), item));
  }

  text(): string {
    return this.textIfAny() ?? this.refuse('a string');
  }

  textIfAny(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  /** A hash of so many digits, given as bytes (what conda writes) or as digits. */
  hash(digits: number): string {
    const hex = this.value instanceof Uint8Array ? Buffer.from(this.value).toString('hex') : this.textIfAny();
    if (hex?.length !== digits || !/^[0-9a-f]*$/i.test(hex))
      return this.refuse(`a hash of ${digits / 2} bytes`);
    return hex.toLowerCase();
  }

  size(): number {
    const { value } = this;
    const isSize = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
    return isSize ? value : this.refuse('a whole number of bytes');
  }

  private map(): Readonly<Record<string, unknown>> {
    return isMap(this.value) ? this.value : this.refuse('a map');
  }

  private at(key: string, value: unknown): Node {
    return new Node(value, this.document, [...this.place, key]);
  }

  private refuse(wanted: string): never {
    const place =
      this.place.length === 0 ? 'the document' : this.place.map((key) => JSON.stringify(key)).join(' > ');
    throw new CondaDiffError('source', `${this.document} is malformed: ${place} is not ${wanted}`);
  }
}

/** Whether a decoded value is a map; arrays, bytes, timestamps and extensions are objects, too. */
function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
