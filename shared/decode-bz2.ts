import { closeSync, openSync, readSync } from 'node:fs';
import Bunzip from 'seek-bzip';

const READ_SIZE = 64 * 1024;

/**
 * Decodes a `.bz2` file of one or more streams (24 MB/s), one block at a time: 0.9 MB as a rule, and at most 46 MB of
 * data that repeats itself; memory is bounded by that. Every checksum is verified.
 *
 * Reads synchronously, because the library wants its input so; its own `decode` would hold the whole result, and
 * takes a file that is truncated between two blocks for a whole one.
 *
 * @throws Error what is wrong with the data, without a file name; a failed system call as it is
 */
export function* decodeBz2(file: string): Generator<Uint8Array> {
  const input = new FileInput(file);
  try {
    const output = new BlockOutput();
    const bunzip = new Bunzip(input, output);
    for (;;) {
      while (decodeBlock(bunzip)) yield output.take();
      if (bunzip.reader.read(32) >>> 0 !== bunzip.streamCRC) throw new Error('wrong checksum of a stream');
      if (input.eof()) return;
      bunzip._start_bunzip(input, output);
    }
  } finally {
    input.close();
  }
}

/** Decodes the next block of a stream to its output. Returns whether there was one. */
function decodeBlock(bunzip: Bunzip): boolean {
  const isBlock = bunzip._init_block();
  if (isBlock) bunzip._read_bunzip();
  return isBlock;
}

class FileInput extends Bunzip.Stream {
  readonly #file: number;
  readonly #buffer = Buffer.allocUnsafe(READ_SIZE);
  #at = 0;
  #end = 0;

  constructor(path: string) {
    super();
    this.#file = openSync(path, 'r');
  }

  override readByte(): number {
    if (this.eof()) throw new Error('it ends early');
    return this.#buffer[this.#at++]!;
  }

  eof(): boolean {
    if (this.#at < this.#end) return false;
    this.#at = 0;
    this.#end = readSync(this.#file, this.#buffer);
    return this.#end === 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What a block decodes to. */
class BlockOutput {
  #bytes = Buffer.allocUnsafe(1024 * 1024);
  #length = 0;

  writeByte(byte: number): void {
    if (this.#length === this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], 2 * this.#length);
    }
    this.#bytes[this.#length++] = byte;
  }

  take(): Uint8Array {
    const block = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return block;
  }
}
