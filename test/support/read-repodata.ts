import assert from 'node:assert/strict';
import { RepodataScanner, type RecordView, type RepodataVisitor } from '../../shared/repodata-scan.js';

/** What a repodata.json says, in a form that two readers can be compared by. */
export interface Repodata {
  /** Bucket → record key → what the record says; a null or missing bucket is left out or empty. */
  readonly buckets: Map<string, Map<string, Record<string, unknown>>>;
  readonly removed: readonly string[];
  readonly baseUrl: string | undefined;
}

/** Reads with the scanner. The chunks are overwritten after each push, as a reader with one buffer would. */
export function scan(chunks: Iterable<Uint8Array>, name = 'repodata.json'): Repodata {
  let removed: string[] = [];
  let baseUrl: string | undefined;
  const buckets: Repodata['buckets'] = new Map();
  const visitor: RepodataVisitor = {
    section(section) {
      if (section === 'removed') removed = [];
      if (section === 'info') baseUrl = undefined;
      if (section === 'v3')
        for (const key of [...buckets.keys()]) if (key.startsWith('v3.')) buckets.delete(key);
      buckets.delete(section);
    },
    record(view) {
      const bucket = buckets.get(view.bucket) ?? new Map<string, Record<string, unknown>>();
      buckets.set(view.bucket, bucket);
      const [sha256, md5, url, fn] = [view.sha256(), view.md5(), view.url(), view.fn()];
      bucket.set(view.key(), { sha256, md5, size: view.size, url, fn });
      checkWhole(view);
    },
    removed: (name_) => removed.push(name_),
    baseUrl(url) {
      baseUrl = url;
    },
  };
  const scanner = new RepodataScanner(name, visitor, ['name']);
  for (const chunk of chunks) {
    const copy = Uint8Array.from(chunk);
    scanner.push(copy);
    copy.fill(0x7e);
  }
  scanner.end();
  return { buckets, removed, baseUrl };
}

/** The record as a whole says the same as its fields, one that was asked for among them. */
function checkWhole(view: RecordView): void {
  const whole = JSON.parse(view.json()) as Readonly<Record<string, unknown>>;
  assert.equal(whole.size ?? undefined, view.size === 0 ? whole.size : view.size);
  const sha256 = typeof whole.sha256 === 'string' ? whole.sha256.toLowerCase() : undefined;
  assert.equal(sha256, view.sha256());
  const name = typeof whole.name === 'string' ? whole.name : undefined;
  if (name?.includes('\uFFFD') !== true) assert.equal(view.text('name'), name);
}

/** Reads with JSON.parse. Throws a SyntaxError where JSON is wrong and a TypeError where a shape is. */
export function parse(text: string): Repodata {
  const root = object(/^[ \t\r\n]*$/.test(text) ? {} : JSON.parse(text));
  const buckets: Repodata['buckets'] = new Map();
  const add = (name: string, bucket: unknown): void => {
    const records = Object.entries(object(bucket ?? {}));
    if (records.length > 0)
      buckets.set(name, new Map(records.map(([key, record]) => [key, fields(object(record))])));
  };
  for (const name of ['packages', 'packages.conda']) add(name, root[name]);
  for (const [extension, bucket] of Object.entries(object(root['v3'] ?? {}))) add(`v3.${extension}`, bucket);
  const removed: unknown = root['removed'] ?? [];
  if (!Array.isArray(removed)) throw new TypeError('removed');
  const baseUrl: unknown = object(root['info'] ?? {})['base_url'] ?? undefined;
  return {
    buckets,
    removed: removed.map(string),
    baseUrl: baseUrl === undefined ? undefined : string(baseUrl),
  };
}

function fields(record: Record<string, unknown>): Record<string, unknown> {
  const { size } = record;
  const isSize = size === undefined || size === null || (Number.isSafeInteger(size) && Number(size) >= 0);
  if (!isSize) throw new TypeError('size');
  const text = (value: unknown): unknown => (typeof value === 'string' ? value : undefined);
  return {
    sha256: hash(record['sha256'], 64),
    md5: hash(record['md5'], 32),
    size: typeof size === 'number' ? Math.abs(size) : undefined,
    url: text(record['url']),
    fn: text(record['fn']),
  };
}

function hash(value: unknown, digits: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (!/^[0-9a-f]*$/i.test(string(value)) || string(value).length !== digits) throw new TypeError('hash');
  return string(value).toLowerCase();
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('object');
  return value as Record<string, unknown>;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('string');
  return value;
}
