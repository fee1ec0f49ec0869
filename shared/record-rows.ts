import { joinPath } from './paths.js';
import { PathTable } from './path-table.js';
import { type NamedFile, nameIn, suffixOf, WHEELS } from './record-name.js';
import type { RecordView } from './repodata-record.js';
import type { RepodataVisitor } from './repodata-scan.js';
import { HASH_BYTES, MARK, Rows } from './rows.js';
import { isUsualName } from './usual-name.js';

/** A record that was decoded from a shard. */
export interface PlainRecord {
  /** Bytes. */
  readonly size: number | undefined;
  /** Lower-case hex. */
  readonly sha256: string | undefined;
  readonly md5: string | undefined;
  readonly url: string | undefined;
  readonly fn: string | undefined;
}

/** The rows `start` to `end` are the records of a section. */
interface Bucket {
  readonly name: string;
  /** What is at the end of each path and not in the key: the extension of a v3 bucket. */
  readonly suffix: Buffer;
  readonly start: number;
  end: number;
  /** Whether each row's path is above that of the one before: then none is there twice. */
  isSorted: boolean;
}

const V3 = 'v3.';

/**
 * What one index names (a repodata.json, a variant, a shard): a row for each record, its path as if the file lay beside
 * the index; the names in `removed` (CEP 36); `info.base_url` (CEP 15). A key that is repeated means its last value, as
 * in JSON.parse.
 */
export class RecordRows implements RepodataVisitor {
  readonly rows: Rows;
  /** What each path begins with: the index directory. */
  readonly prefix: Buffer;
  /** By row; all others are named by the end of their path. */
  readonly named = new Map<number, NamedFile>();
  #removed: string[] = [];
  #baseUrl: string | undefined;
  readonly #buckets = new Map<string, Bucket>();
  #bucket: Bucket | undefined;

  /**
   * @param directory the index directory, '' = the repository
   * @param expected how many records are likely
   */
  constructor(directory: string, expected = 16) {
    this.rows = new Rows(expected);
    this.prefix = Buffer.from(joinPath(directory, ''));
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

  section(name: string): void {
    if (name === 'removed') this.#removed = [];
    else if (name === 'info') this.#baseUrl = undefined;
    else if (name === 'v3') for (const extension of this.extensions) this.#void(V3 + extension);
    else this.#begin(name);
  }

  record(view: RecordView): void {
    const bucket = this.#bucketOf(view.bucket);
    if (!view.isKeyPlain || bucket.name === WHEELS) {
      const [sha256, md5, url, fn] = [view.sha256(), view.md5(), view.url(), view.fn()];
      this.add(bucket.name, view.key(), { size: view.size, sha256, md5, url, fn });
      return;
    }
    const { rows, prefix } = this;
    const row = rows.begin(prefix.length + view.keyLength + bucket.suffix.length);
    const start = rows.starts[row]! + prefix.length;
    rows.names.set(prefix, start - prefix.length);
    view.copyKey(rows.names, start);
    if (bucket.suffix.length > 0) rows.names.set(bucket.suffix, start + view.keyLength);
    rows.sizes[row] = view.size ?? Number.NaN;
    const isUsual = isUsualName(rows.names, start, rows.starts[row + 1]!);
    rows.marks[row] = view.copyHash(rows.hashes, row * HASH_BYTES) | (isUsual ? 0 : MARK.unusual);
    this.#append(bucket, row);
  }

  removed(name: string): void {
    this.#removed.push(name);
  }

  baseUrl(url: string | undefined): void {
    this.#baseUrl = url;
  }

  /** Adds one record of a bucket (`packages`, `packages.conda`, `v3.<extension>`); the rest of it must follow. */
  add(bucketName: string, key: string, { size, sha256, md5, url, fn }: PlainRecord): void {
    const bucket = this.#bucketOf(bucketName);
    const { rows } = this;
    const path = `${this.prefix.toString()}${key}${bucket.suffix.toString()}`;
    const row = rows.add(path, size ?? Number.NaN, sha256 ?? md5 ?? '');
    const hash = sha256 !== undefined ? MARK.sha256 : md5 !== undefined ? MARK.md5 : 0;
    rows.marks[row] = hash | MARK.unusual;
    this.named.set(row, nameIn(bucketName, key, { url: () => url, fn: () => fn }));
    this.#append(bucket, row);
  }

  /** Says that all is there: of records with the same key in a bucket, all but the last are dropped. */
  end(): void {
    for (const { start, end, isSorted } of this.#buckets.values()) {
      if (isSorted) continue;
      const table = new PathTable(this.rows, end - start, this.prefix.length);
      for (let row = start; row < end; row++) {
        const earlier = table.add(row);
        if (earlier < 0) continue;
        this.#drop(earlier, earlier + 1);
        table.replace(row);
      }
    }
  }

  #bucketOf(name: string): Bucket {
    return this.#bucket?.name === name ? this.#bucket : this.#begin(name);
  }

  #begin(name: string): Bucket {
    this.#void(name);
    const suffix = Buffer.from(suffixOf(name));
    const { count } = this.rows;
    this.#bucket = { name, suffix, start: count, end: count, isSorted: true };
    this.#buckets.set(name, this.#bucket);
    return this.#bucket;
  }

  /** What was said of this section does not count. */
  #void(name: string): void {
    const bucket = this.#buckets.get(name);
    if (bucket !== undefined) this.#drop(bucket.start, bucket.end);
    this.#buckets.delete(name);
    if (this.#bucket === bucket) this.#bucket = undefined;
  }

  #append(bucket: Bucket, row: number): void {
    const { rows } = this;
    bucket.end = row + 1;
    if (row > bucket.start && rows.compare(row - 1, rows, row) >= 0) bucket.isSorted = false;
  }

  #drop(start: number, end: number): void {
    for (let row = start; row < end; row++) this.rows.marks[row]! |= MARK.dropped;
  }
}
