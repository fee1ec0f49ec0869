import { identityOf } from '../shared/allowed-links.js';
import type { Bounds } from '../shared/bounds.js';
import { HAS_DESCRIPTORS } from '../shared/opened-file.js';
import { type HeldDirectory, holdDirectory } from './held-directory.js';

/** So many are held at most, besides those at work. */
const MOST_HELD = 64;

interface Kept extends HeldDirectory {
  readonly identity: string | undefined;
  uses: number;
  isForgotten: boolean;
}

/**
 * Holds directories of a repository as {@link holdDirectory} does, and keeps them held for as long as work goes on
 * without a pause: to open a directory anew for each of many files takes longer than what is done with the file. One
 * whose path leads elsewhere by now is opened anew.
 */
export class HeldDirectories {
  readonly #bounds: Bounds;
  readonly #kept = new Map<string, Kept>();
  #isDue = false;

  /** @param bounds of the repository */
  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** @throws as {@link holdDirectory} */
  hold(directory: string): HeldDirectory {
    if (!HAS_DESCRIPTORS) return holdDirectory(this.#bounds, directory);
    const known = this.#kept.get(directory);
    if (known?.identity !== undefined && known.identity === identityOf(directory)) return this.#use(known);
    const held = holdDirectory(this.#bounds, directory);
    if (known !== undefined) this.#forget(directory, known);
    if (this.#kept.size >= MOST_HELD) this.#forgetAll();
    const kept = { ...held, identity: identityOf(held.path), uses: 0, isForgotten: false };
    this.#kept.set(directory, kept);
    return this.#use(kept);
  }

  #use(kept: Kept): HeldDirectory {
    kept.uses++;
    return {
      path: kept.path,
      release: () => {
        kept.uses--;
        if (!kept.isForgotten) this.#forgetSoon();
        else if (kept.uses === 0) kept.release();
      },
    };
  }

  /** As soon as the work pauses. */
  #forgetSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#forgetAll();
    });
  }

  #forgetAll(): void {
    for (const [directory, kept] of this.#kept) this.#forget(directory, kept);
  }

  #forget(directory: string, kept: Kept): void {
    this.#kept.delete(directory);
    kept.isForgotten = true;
    if (kept.uses === 0) kept.release();
  }
}
