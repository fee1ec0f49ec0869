import { JsonScanner, type JsonHandler } from './json-scan.js';
import { decodeText } from './json-text.js';
import { RecordSpans, type RecordView } from './repodata-record.js';

export type { RecordView };

/** What a `RepodataScanner` reports, in the order of the document. */
export interface RepodataVisitor {
  /**
   * A section begins: `packages`, `packages.conda`, `removed`, `info`, `v3`, or `v3.<extension>`. What was reported
   * of the same section before is void, as JSON.parse lets the last of two equal keys win; `v3` voids every
   * `v3.<extension>`. Called for an empty or null section, too.
   */
  section(name: string): void;
  /** A record of the section that began last. Where a key repeats within its section, the later record wins. */
  record(view: RecordView): void;
  /** A file name of `removed` (CEP 36). */
  removed(name: string): void;
  /** `info.base_url` (CEP 15), undefined when null; the last one wins. */
  baseUrl(url: string | undefined): void;
}

/** The places in the document that matter, by what is there. */
type Place =
  'outside' | 'root' | 'info' | 'baseUrl' | 'removed' | 'name' | 'v3' | 'bucket' | 'record' | 'field';

const SECTIONS: ReadonlyMap<string, Place> = new Map([
  ['packages', 'bucket'],
  ['packages.conda', 'bucket'],
  ['v3', 'v3'],
  ['removed', 'removed'],
  ['info', 'info'],
]);

/**
 * Reads `repodata.json` (or `current_repodata.json`, or either decoded from a variant) of any size as it streams by, in
 * memory bounded by one record: CEP 36 (`packages`, `packages.conda`, `removed`), CEP 48 (`v3`), CEP 15 (`base_url`).
 *
 * Throws a `source` error with the byte offset for everything that JSON.parse refuses, a byte order mark included, and
 * where a place that matters holds something else than it should. An empty file is an empty index.
 */
export class RepodataScanner implements JsonHandler {
  readonly #scanner: JsonScanner;
  readonly #visitor: RepodataVisitor;
  readonly #record: RecordSpans;

  /** The innermost object or array that matters and is open. */
  #place: Place = 'outside';
  /** What the value to come is. */
  #coming: Place = 'root';
  /** The section that began last. */
  #section = '';
  #inV3 = false;

  /**
   * @param name how messages call the document, as in `linux-64/repodata.json`
   * @param fields names of further fields of records, for {@link RecordView.text}
   */
  constructor(name: string, visitor: RepodataVisitor, fields: readonly string[] = []) {
    this.#scanner = new JsonScanner(`${name} is not valid repodata`, this);
    this.#visitor = visitor;
    this.#record = new RecordSpans(this.#scanner, fields);
  }

  /** Takes the next bytes of the document, cut anywhere; they may be overwritten afterwards. */
  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  /** Says that the document ends here. Throws if it is not whole. */
  end(): void {
    this.#scanner.end();
  }

  // What follows up to `scalar` is called by the JsonScanner.

  key(start: number, end: number, plain: boolean): boolean {
    switch (this.#place) {
      case 'record':
        this.#coming = 'field';
        return this.#record.select(start, end, plain);
      case 'bucket':
        this.#record.begin(this.#section, start, end, plain);
        this.#coming = 'record';
        return true;
      case 'v3':
        this.#begin(`v3.${this.#text(start, end, plain)}`, 'bucket');
        return true;
      case 'info':
        this.#coming = 'baseUrl';
        return this.#name(start, end, plain) === 'base_url';
      default:
        return this.#rootKey(this.#name(start, end, plain));
    }
  }

  open(isObject: boolean, start: number): boolean {
    if (this.#coming === 'field') {
      this.#record.setContainer(start);
      return false;
    }
    if (this.#coming === 'baseUrl' || this.#coming === 'name') this.#misfit(start);
    if (isObject === (this.#coming === 'removed')) this.#misfit(start);
    this.#place = this.#coming;
    if (this.#place === 'removed') this.#coming = 'name';
    else if (this.#place === 'record') this.#record.open(start);
    return true;
  }

  close(_isObject: boolean, end: number): void {
    if (this.#place === 'record') {
      this.#endRecord(end);
      this.#place = 'bucket';
    } else if (this.#place === 'bucket' && this.#inV3) {
      this.#place = 'v3';
    } else {
      this.#place = this.#place === 'root' ? 'outside' : 'root';
    }
  }

  string(start: number, end: number, plain: boolean): void {
    if (this.#coming === 'field') this.#record.setString(start, end, plain);
    else if (this.#coming === 'name') this.#visitor.removed(this.#text(start, end, plain));
    else if (this.#coming === 'baseUrl') this.#visitor.baseUrl(this.#text(start, end, plain));
    else this.#misfit(start - 1);
  }

  scalar(start: number, end: number): void {
    if (this.#coming === 'field') this.#record.setScalar(start, end);
    else if (!this.#isNull(start) || this.#coming === 'name' || this.#coming === 'record')
      this.#misfit(start);
    else if (this.#coming === 'baseUrl') this.#visitor.baseUrl(undefined);
  }

  #rootKey(name: string | undefined): boolean {
    const place = name === undefined ? undefined : SECTIONS.get(name);
    if (name === undefined || place === undefined) return false;
    this.#inV3 = place === 'v3';
    this.#begin(name, place);
    return true;
  }

  #begin(section: string, place: Place): void {
    this.#section = section;
    this.#coming = place;
    this.#visitor.section(section);
  }

  #endRecord(end: number): void {
    this.#record.finish(end);
    this.#visitor.record(this.#record);
    this.#scanner.unpin(end);
  }

  #isNull(start: number): boolean {
    return this.#scanner.bytes[start] === 0x6e;
  }

  /** A key, to be compared with known ones: undefined if it is not UTF-8 and so none of them. */
  #name(start: number, end: number, plain: boolean): string | undefined {
    return decodeText(this.#scanner.bytes, start, end, plain);
  }

  /** Text that is reported. */
  #text(start: number, end: number, plain: boolean): string {
    return (
      this.#name(start, end, plain) ?? this.#scanner.fail(start, `a name in "${this.#section}" is not UTF-8`)
    );
  }

  #misfit(start: number): never {
    this.#scanner.fail(start, this.#misfitProblem());
  }

  #misfitProblem(): string {
    if (this.#coming === 'record') return `record ${JSON.stringify(this.#record.key())} is not an object`;
    if (this.#coming === 'baseUrl') return '"base_url" is not a string';
    if (this.#coming === 'name') return '"removed" holds something that is not a string';
    return `"${this.#section}" is not an ${this.#coming === 'removed' ? 'array' : 'object'}`;
  }
}
