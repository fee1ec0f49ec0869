/** What is used of seek-bzip 2.0.0, which has no types. */
declare module 'seek-bzip' {
  /** A source of bytes; `read` is built on `readByte`. */
  class Stream {
    readByte(): number;
  }

  interface Input extends Stream {
    eof(): boolean;
  }

  interface Output {
    writeByte(byte: number): void;
  }

  /** A decoder that is driven block by block, as the library's own `Bunzip.decode` does. */
  export default class Bunzip {
    static readonly Stream: typeof Stream;
    constructor(input: Input, output: Output);
    readonly reader: { read(bits: number): number };
    /** Of the blocks so far. */
    readonly streamCRC: number;
    /** Reads a block; false at the end of a stream, before its checksum. */
    _init_block(): boolean;
    /** Writes the block that was read. Throws if its checksum is wrong. */
    _read_bunzip(): void;
    /** Begins the next stream of the file. */
    _start_bunzip(input: Input, output: Output): void;
  }
}
