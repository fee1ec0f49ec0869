/** Bytes in the order of a stream, asked for by number instead of taken as they come. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = Buffer.alloc(0);
  #offset = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** How many bytes were read. */
  get offset(): number {
    return this.#offset;
  }

  /** The next `count` bytes, fewer only at the end of the stream. */
  async read(count: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let wanted = count; wanted > 0;) {
      if (this.#chunk.length === 0 && !(await this.#next())) break;
      const part = this.#chunk.subarray(0, wanted);
      this.#chunk = this.#chunk.subarray(part.length);
      wanted -= part.length;
      parts.push(part);
    }
    const bytes = Buffer.concat(parts);
    this.#offset += bytes.length;
    return bytes;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<boolean> {
    const result = await this.#chunks.next();
    if (result.done === true) return false;
    this.#chunk = result.value;
    return true;
  }
}
