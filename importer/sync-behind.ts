import { asIoError } from '../shared/errors.js';
import type { NewFile } from './disk.js';

/**
 * So many files are synced at a time while others are being written: reading and writing need threads of their own, and
 * Node has four.
 */
const AT_ONCE = 3;

/** Makes files durable while others are still being written, so that the disk is at work from the beginning. */
export class SyncBehind {
  readonly #underWay = new Set<Promise<void>>();
  /** The kernel tells of a failed write-back once, so it is kept. */
  readonly #failures: unknown[] = [];

  /**
   * Takes a file that is written whole, to sync and close it, and waits only where too many are under way.
   *
   * @param name what people know it by
   * @throws CondaDiffError io, when something went wrong with a file that was taken before
   */
  async take(file: NewFile, name: string): Promise<void> {
    if (this.#failures.length > 0) await file.close();
    this.#throwAny();
    const done = syncAndClose(file)
      .catch((error: unknown) => {
        this.#failures.push(asIoError(error, `Cannot write ${name}`));
      })
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    if (this.#underWay.size >= AT_ONCE) await Promise.race(this.#underWay);
  }

  /** Waits until every file that was taken is durable. @throws CondaDiffError io, for one that is not */
  async end(): Promise<void> {
    await this.settle();
    this.#throwAny();
  }

  /** Waits until none is under way any more, whatever became of them. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #throwAny(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

async function syncAndClose(file: NewFile): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
