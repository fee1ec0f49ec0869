import { sep } from 'node:path';
import { identityOf } from '../shared/allowed-links.js';
import type { Bounds } from '../shared/bounds.js';
import { HAS_DESCRIPTORS } from '../shared/opened-file.js';
import { type HeldDirectory, holdDirectory } from './held-directory.js';

/** So many are held at most, besides those at work. */
const MOST_HELD = 64;
/** So long, a path is taken to lead where it led when it was looked at: about as long as acting on it may take. */
const FRESH_MILLISECONDS = 1;

interface Kept extends HeldDirectory {
  readonly identity: string | undefined;
  /** When it was found to be what its path leads to. */
  seen: number;
  uses: number;
  isForgotten: boolean;
}

/**
 * Holds directories of a repository as {@link holdDirectory} does, and keeps them held for as long as work goes on
 * without a pause: to open a directory anew for each of many files takes longer than what is done with the file. Its path
 * is looked at again when a millisecond has passed, and the directory opened anew where it leads elsewhere by then.
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
    if (known?.identity !== undefined && isStill(known, directory)) return this.#use(known);
    const seen = performance.now();
    const held = holdDirectory(this.#bounds, directory);
    if (known !== undefined) this.#forget(directory, known);
    if (this.#kept.size >= MOST_HELD) this.#forgetAll();
    const kept = { ...held, identity: identityOf(held.path), seen, uses: 0, isForgotten: false };
    this.#kept.set(directory, kept);
    return this.#use(kept);
  }

  /** Says that a path leads elsewhere from now on, and so does what is below it. */
  moved(path: string): void {
    for (const [directory, kept] of this.#kept)
      if (directory === path || directory.startsWith(path + sep)) this.#forget(directory, kept);
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

/** Whether its path leads to it. */
function isStill(known: Kept, directory: string): boolean {
  const now = performance.now();
  if (now - known.seen < FRESH_MILLISECONDS) return true;
  if (known.identity !== identityOf(directory)) return false;
  known.seen = now;
  return true;
}
