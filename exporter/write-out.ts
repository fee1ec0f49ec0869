/** An open file, of which Node's `FileHandle` is one. */
interface Syncable {
  datasync(): Promise<void>;
  sync(): Promise<void>;
}

/** So many bytes are written before the disk is given them. */
const WRITE_OUT_BYTES = 32 << 20;

/**
 * Has the disk take what was written while more is being put together (fdatasync, POSIX). Otherwise the kernel
 * collects gigabytes before it begins, and the fsync at the end waits for all of them.
 */
export class WriteOut {
  readonly #handle: Syncable;
  #waiting = 0;
  #underWay: Promise<void> | undefined;
  /** The kernel tells of a failed write-back once, so it is kept. */
  readonly #failures: unknown[] = [];

  constructor(handle: Syncable) {
    this.#handle = handle;
  }

  /** Tells that so many more bytes were written. */
  add(bytes: number): void {
    this.#waiting += bytes;
    if (this.#waiting < WRITE_OUT_BYTES || this.#underWay !== undefined) return;
    this.#waiting = 0;
    this.#underWay = this.#begin();
  }

  async #begin(): Promise<void> {
    try {
      await this.#handle.datasync();
    } catch (error) {
      this.#failures.push(error);
    } finally {
      this.#underWay = undefined;
    }
  }

  /** Waits until nothing is under way any more, whatever became of it. */
  async settle(): Promise<void> {
    await this.#underWay;
  }

  /** Makes all of it durable. @throws system errors, those from before included */
  async end(): Promise<void> {
    await this.settle();
    if (this.#failures.length > 0) throw this.#failures[0];
    await this.#handle.sync();
  }
}
