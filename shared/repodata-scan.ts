import { JsonScanner, type JsonHandler } from './json-scan.js';
import { decodeText } from './json-text.js';
import { RecordSpans, type RecordView } from './repodata-record.js';

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

/** The places in the document that matter, and what stands there. */
const enum Place {
  Outside,
  Root,
  Info,
  BaseUrl,
  Removed,
  Name,
  V3,
  Bucket,
  Record,
  Field,
}

const SECTIONS: ReadonlyMap<string, Place> = new Map([
  ['packages', Place.Bucket],
  ['packages.conda', Place.Bucket],
  ['v3', Place.V3],
  ['removed', Place.Removed],
  ['info', Place.Info],
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
  #place: Place = Place.Outside;
  /** What the value to come is. */
  #coming: Place = Place.Root;
  /** The section that began last. */
  #section = '';
  #inV3 = false;

  /** `name` is how messages call the document, as in `linux-64/repodata.json`. */
  constructor(name: string, visitor: RepodataVisitor) {
    this.#scanner = new JsonScanner(`${name} is not valid repodata`, this);
    this.#visitor = visitor;
    this.#record = new RecordSpans(this.#scanner);
  }

  /** Takes the next bytes of the document, cut anywhere; they may be overwritten afterwards. */
  push(chunk: Uint8Array): void {
    this.#scanner.push(chunk);
  }

  /** Says that the document ends here. Throws if it is not whole. */
  end(): void {
    this.#scanner.end();
  }

  key(start: number, end: number, plain: boolean): boolean {
    switch (this.#place) {
      case Place.Record:
        this.#coming = Place.Field;
        return this.#record.select(start, end, plain);
      case Place.Bucket:
        this.#record.begin(this.#section, start, end, plain);
        this.#coming = Place.Record;
        return true;
      case Place.V3:
        this.#begin(`v3.${this.#text(start, end, plain)}`, Place.Bucket);
        return true;
      case Place.Info:
        this.#coming = Place.BaseUrl;
        return this.#name(start, end, plain) === 'base_url';
      default:
        return this.#rootKey(this.#name(start, end, plain));
    }
  }

  open(isObject: boolean, start: number): boolean {
    if (this.#coming === Place.Field) {
      this.#record.setContainer(start);
      return false;
    }
    if (this.#coming === Place.BaseUrl || this.#coming === Place.Name) this.#misfit(start);
    if (isObject === (this.#coming === Place.Removed)) this.#misfit(start);
    this.#place = this.#coming;
    if (this.#place === Place.Removed) this.#coming = Place.Name;
    return true;
  }

  close(_isObject: boolean, end: number): void {
    if (this.#place === Place.Record) {
      this.#endRecord(end);
      this.#place = Place.Bucket;
    } else if (this.#place === Place.Bucket && this.#inV3) {
      this.#place = Place.V3;
    } else {
      this.#place = this.#place === Place.Root ? Place.Outside : Place.Root;
    }
  }

  string(start: number, end: number, plain: boolean): void {
    if (this.#coming === Place.Field) this.#record.setString(start, end, plain);
    else if (this.#coming === Place.Name) this.#visitor.removed(this.#text(start, end, plain));
    else if (this.#coming === Place.BaseUrl) this.#visitor.baseUrl(this.#text(start, end, plain));
    else this.#misfit(start - 1);
  }

  scalar(start: number, end: number): void {
    if (this.#coming === Place.Field) this.#record.setScalar(start, end);
    else if (!this.#isNull(start) || this.#coming === Place.Name || this.#coming === Place.Record)
      this.#misfit(start);
    else if (this.#coming === Place.BaseUrl) this.#visitor.baseUrl(undefined);
  }

  #rootKey(name: string | undefined): boolean {
    const place = name === undefined ? undefined : SECTIONS.get(name);
    if (name === undefined || place === undefined) return false;
    this.#inV3 = place === Place.V3;
    this.#begin(name, place);
    return true;
  }

  #begin(section: string, place: Place): void {
    this.#section = section;
    this.#coming = place;
    this.#visitor.section(section);
  }

  #endRecord(end: number): void {
    this.#record.finish();
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
    if (this.#coming === Place.Record) return `record ${JSON.stringify(this.#record.key())} is not an object`;
    if (this.#coming === Place.BaseUrl) return '"base_url" is not a string';
    if (this.#coming === Place.Name) return '"removed" holds something that is not a string';
    return `"${this.#section}" is not an ${this.#coming === Place.Removed ? 'array' : 'object'}`;
  }
}
