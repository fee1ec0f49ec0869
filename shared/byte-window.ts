import { STOP } from './json-bytes.js';

/**
 * The bytes that a push parser can see: what it kept of earlier chunks, then the present chunk.
 * A chunk is used where it lies; only kept bytes are copied, so a caller may reuse its read buffer.
 */
export class ByteWindow {
  /** Only `bytes[0 .. end)` belongs to the document. */
  bytes: Buffer = Buffer.alloc(0);
  end = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Offset in the document of `bytes[0]`. */
  base = 0;

  #own: Buffer = Buffer.alloc(0);

  /** Bytes up to `from` are forgotten, those from there on survive the next `append`, at position 0. */
  keepFrom(from: number): void {
    const kept = this.end - from;
    if (kept > 0 && this.bytes !== this.#own) {
      this.#reserve(kept, 0);
      this.bytes.copy(this.#own, 0, from, this.end);
    } else if (kept > 0 && from > 0) {
      this.#own.copyWithin(0, from, this.end);
    }
    this.bytes = this.#own;
    this.base += from;
    this.end = kept;
  }

  append(chunk: Uint8Array): void {
    if (this.end === 0) {
      this.bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    } else {
      this.#reserve(this.end + chunk.length, this.end);
      this.#own.set(chunk, this.end);
      this.bytes = this.#own;
    }
    this.end += chunk.length;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.end);
  }

  /**
   * The position from `from` on of the first byte that a JSON string cannot take as it is: a quote, a backslash, a
   * control character, a byte that is not ASCII; or the end. Looks at four bytes at a time (three times as fast).
   */
  skipPlain(from: number): number {
    const view = this.#view;
    const wordEnd = this.end - 4;
    let at = from;
    for (; at <= wordEnd; at += 4) {
      const word = view.getInt32(at, true);
      const quote = word ^ 0x22222222;
      const backslash = word ^ 0x5c5c5c5c;
      // A byte's high bit ends up set where the byte was 0 (quote, backslash), below 0x20 or above 0x7f; a borrow
      // can set it wrongly only in bytes above such a one, and the lowest is the first.
      const stops =
        (((quote - 0x01010101) & ~quote) |
          ((backslash - 0x01010101) & ~backslash) |
          ((word - 0x20202020) & ~word) |
          word) &
        0x80808080;
      if (stops !== 0) return at + ((31 - Math.clz32(stops & -stops)) >> 3);
    }
    const { bytes, end } = this;
    while (at < end && STOP[bytes[at]!] === 0) at++;
    return at;
  }

  /** Makes room for `size` bytes, doubling so that many small chunks cost no more than few large ones. */
  #reserve(size: number, used: number): void {
    if (size <= this.#own.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#own.length));
    this.#own.copy(grown, 0, 0, used);
    this.#own = grown;
  }
}
