import { isArtifactName, isShardName } from './rules.js';

/** {@link Names} as they cross from thread to thread, without being copied. */
export interface NameColumns {
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Many file names in one buffer: a name costs its bytes and four more. */
export class Names implements NameColumns {
  count = 0;
  bytes: Buffer<ArrayBuffer> = Buffer.alloc(1024);
  /** Where each name ends; it starts where the one before ends. */
  ends = new Uint32Array(16);

  /** The names that another thread handed over. */
  static from({ count, bytes, ends }: NameColumns): Names {
    const own = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return Object.assign(new Names(), { count, bytes: own, ends });
  }

  /** For another thread: the memory goes there, these names are of no use afterwards. */
  columns(): NameColumns {
    const { count, bytes, ends } = this;
    return { count, bytes, ends };
  }

  add(name: string): void {
    const start = this.start(this.count);
    // A UTF-16 unit has three bytes at most
    while (start + 3 * name.length > this.bytes.length) this.bytes = doubled(this.bytes);
    if (this.count === this.ends.length) {
      const ends = new Uint32Array(2 * this.ends.length);
      ends.set(this.ends);
      this.ends = ends;
    }
    this.ends[this.count++] = start + this.bytes.write(name, start);
  }

  start(i: number): number {
    return i === 0 ? 0 : this.ends[i - 1]!;
  }

  name(i: number): string {
    return this.bytes.toString('utf8', this.start(i), this.ends[i]);
  }

  *[Symbol.iterator](): Generator<string> {
    for (let i = 0; i < this.count; i++) yield this.name(i);
  }
}

/** Not from a pool: the memory may go to another thread. */
function doubled(bytes: Buffer): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(2 * bytes.length);
  larger.set(bytes);
  return larger;
}

/** A {@link Listing} as it crosses from thread to thread. */
export interface ListingColumns {
  readonly packed: NameColumns;
  readonly others: readonly string[];
}

/** The regular files of a directory. There may be millions with the name of an artifact or a shard, but few others. */
export class Listing {
  /** Names of artifacts and shards. */
  readonly packed: Names;
  /** All other names. */
  readonly others: string[];

  constructor(packed = new Names(), others: string[] = []) {
    this.packed = packed;
    this.others = others;
  }

  /** The listing that another thread handed over. */
  static from({ packed, others }: ListingColumns): Listing {
    return new Listing(Names.from(packed), [...others]);
  }

  /** For another thread: the memory goes there, this listing is of no use afterwards. */
  columns(): ListingColumns {
    return { packed: this.packed.columns(), others: this.others };
  }

  /** The listing of these names. */
  static of(names: Iterable<string>): Listing {
    const listing = new Listing();
    for (const name of names) listing.add(name);
    return listing;
  }

  add(name: string): void {
    if (isArtifactName(name) || isShardName(name)) this.packed.add(name);
    else this.others.push(name);
  }

  *[Symbol.iterator](): Generator<string> {
    yield* this.others;
    yield* this.packed;
  }
}
