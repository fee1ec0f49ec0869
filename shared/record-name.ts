import type { RecordView } from './repodata-record.js';

/** How an index names a file. */
export interface NamedFile {
  /** Relative to where the index's artifacts are, or a URL when `url` is set. */
  readonly name: string;
  /** Reference of a v3 wheel, absolute or relative to the index (CEP 48). */
  readonly url?: string;
}

const V3 = 'v3.';
export const WHEELS = 'v3.whl';

/** What the names of a bucket's files have at their end and its keys have not: the extension of a v3 bucket. */
export function suffixOf(bucket: string): string {
  return bucket.startsWith(V3) ? `.${bucket.slice(V3.length)}` : '';
}

/** CEP 48: the name is key + extension; a wheel's is its relative `url`, else its `fn`. */
export function nameIn(bucket: string, key: string, record: Pick<RecordView, 'url' | 'fn'>): NamedFile {
  const name = `${key}${suffixOf(bucket)}`;
  if (bucket !== WHEELS) return { name };
  const url = record.url();
  return url === undefined ? { name: record.fn() ?? name } : { name, url };
}
