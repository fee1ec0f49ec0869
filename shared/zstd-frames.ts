import { ByteReader } from './byte-reader.js';

/** The header of a Zstandard frame, as far as it matters here. */
export interface ZstdFrame {
  /** Its bytes, magic number included. */
  readonly header: Buffer;
  /** Bytes of decoded data that a decoder must keep. */
  readonly windowSize: number;
  readonly hasChecksum: boolean;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;
/** The most bytes a block has before and after decoding. */
const MAX_BLOCK = 128 * 1024;
const SKIP_STEP = 64 * 1024;

/**
 * Walks the frames of a `.zst` file (RFC 8878) without decoding them, so that a decoder gets one whole frame at a time.
 * Decoders cannot be trusted with a whole file: node:zlib (22.23 and 24.21) fails on a second frame, ignores what follows
 * the first, and in 22 takes a truncated frame for a whole one.
 *
 * Methods throw an Error that says what is wrong, without a file name.
 */
export class ZstdFrameReader {
  readonly #bytes: ByteReader;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#bytes = new ByteReader(chunks);
  }

  /** The next frame, undefined at the end of the file. The blocks of the one before must have been read. */
  async next(): Promise<ZstdFrame | undefined> {
    for (;;) {
      const first = await this.#bytes.read(4);
      if (first.length === 0) return undefined;
      const magic = first.length === 4 ? first.readUInt32LE() : 0;
      if (magic === FRAME_MAGIC) return this.#frame(first);
      const isSkippable = magic >>> 4 === SKIPPABLE_MAGIC;
      if (!isSkippable)
        throw new Error(`no Zstandard frame at byte ${String(this.#bytes.offset - first.length)}`);
      await this.#skip((await this.#whole(4)).readUInt32LE());
    }
  }

  /** The encoded blocks of the frame that `next` gave, one at a time with its header, and last the 4 bytes of the checksum, if any. */
  async *blocks({ hasChecksum }: ZstdFrame): AsyncGenerator<Buffer> {
    for (let isLast = false; !isLast;) {
      const start = await this.#whole(3);
      const bits = start.readUIntLE(0, 3);
      isLast = (bits & 1) === 1;
      const isRun = ((bits >> 1) & 3) === 1;
      const size = bits >> 3;
      if (size > MAX_BLOCK)
        throw new Error(`a block of ${String(size)} bytes ends at byte ${String(this.#bytes.offset)}`);
      yield Buffer.concat([start, await this.#whole(isRun ? 1 : size)]);
    }
    if (hasChecksum) yield await this.#whole(4);
  }

  /** Releases the source. */
  async close(): Promise<void> {
    await this.#bytes.close();
  }

  async #frame(magic: Buffer): Promise<ZstdFrame> {
    const descriptor = await this.#whole(1);
    const bits = descriptor.readUInt8();
    if ((bits & 0b1000) !== 0) throw new Error('reserved bit in a frame header');
    if ((bits & 0b11) !== 0) throw new Error('a frame needs a dictionary');
    const isSingleSegment = (bits & 0b100000) !== 0;
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][bits >> 6] ?? 0;
    const window = await this.#whole(isSingleSegment ? 0 : 1);
    const size = await this.#whole(sizeBytes);
    return {
      header: Buffer.concat([magic, descriptor, window, size]),
      windowSize: isSingleSegment ? contentSize(size) : windowSize(window.readUInt8()),
      hasChecksum: (bits & 0b100) !== 0,
    };
  }

  async #skip(count: number): Promise<void> {
    for (let left = count; left > 0; left -= SKIP_STEP) await this.#whole(Math.min(left, SKIP_STEP));
  }

  async #whole(count: number): Promise<Buffer> {
    const bytes = await this.#bytes.read(count);
    if (bytes.length < count) throw new Error(`it ends early, at byte ${String(this.#bytes.offset)}`);
    return bytes;
  }
}

function contentSize(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE());
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0);
}

/** RFC 8878, 3.1.1.1.2. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
