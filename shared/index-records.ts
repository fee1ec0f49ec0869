import type { RecordView } from './repodata-record.js';
import type { RepodataVisitor } from './repodata-scan.js';

/** What an index says of one artifact; `undefined` where it says nothing. */
export interface ArtifactRecord {
  /** Name relative to where the index's artifacts are, or a URL when `url` is set. */
  readonly name: string;
  /** Reference of a v3 wheel, absolute or relative to the index (CEP 48). */
  readonly url?: string;
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  readonly md5: string | undefined;
}

/**
 * What one index names (a repodata.json, a variant, a shard): its artifacts by bucket, the names in `removed`
 * (CEP 36) and `info.base_url` (CEP 15). A key that is repeated means its last value, as in JSON.parse.
 */
export class IndexRecords implements RepodataVisitor {
  readonly #buckets = new Map<string, Map<string, ArtifactRecord>>();
  #removed: string[] = [];
  #baseUrl: string | undefined;

  section(name: string): void {
    if (name === 'removed') this.#removed = [];
    else if (name === 'info') this.#baseUrl = undefined;
    else if (name !== 'v3') this.#buckets.set(name, new Map());
    else for (const bucket of this.#buckets.keys()) if (bucket.startsWith(V3)) this.#buckets.delete(bucket);
  }

  record(view: RecordView): void {
    this.add(view.bucket, view.key(), view);
  }

  removed(name: string): void {
    this.#removed.push(name);
  }

  baseUrl(url: string | undefined): void {
    this.#baseUrl = url;
  }

  /** Adds one record of a bucket (`packages`, `packages.conda`, `v3.<extension>`). */
  add(bucket: string, key: string, record: Pick<RecordView, 'size' | 'sha256' | 'md5' | 'url' | 'fn'>): void {
    const records = this.#buckets.get(bucket) ?? new Map<string, ArtifactRecord>();
    this.#buckets.set(bucket, records);
    records.set(key, {
      ...nameIn(bucket, key, record),
      size: record.size,
      sha256: record.sha256(),
      md5: record.md5(),
    });
  }

  *records(): Generator<ArtifactRecord> {
    for (const records of this.#buckets.values()) yield* records.values();
  }

  get removedNames(): readonly string[] {
    return this.#removed;
  }

  get baseReference(): string | undefined {
    return this.#baseUrl;
  }

  /** Extensions that the v3 buckets name, without the leading dot. */
  get extensions(): string[] {
    return [...this.#buckets.keys()]
      .filter((name) => name.startsWith(V3))
      .map((name) => name.slice(V3.length));
  }
}

const V3 = 'v3.';
const WHEELS = 'v3.whl';

/** CEP 48: the name is key + extension; a wheel's is its relative `url`, else its `fn`. */
export function nameIn(
  bucket: string,
  key: string,
  record: Pick<RecordView, 'url' | 'fn'>,
): { name: string; url?: string } {
  if (!bucket.startsWith(V3)) return { name: key };
  const name = `${key}.${bucket.slice(V3.length)}`;
  if (bucket !== WHEELS) return { name };
  const url = record.url();
  return url === undefined ? { name: record.fn() ?? name } : { name, url };
}
