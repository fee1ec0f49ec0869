import process from 'node:process';

/** Random numbers that can be had again: mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** CONDA_DIFF_SEED, or a new one; print it, so that a failure can be had again. */
export function seedFromEnvironment(): number {
  return Number(process.env.CONDA_DIFF_SEED ?? Math.floor(Math.random() * 2 ** 32));
}
