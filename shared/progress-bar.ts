import process from 'node:process';
import type { SingleBar } from 'cli-progress';
import { type Amount, NOTHING_DONE, type Phase, type Progress, progressLine } from './progress.js';

/** Short phases show nothing. */
const WAIT_MS = { terminal: 300, pipe: 3000 };
/** On a pipe, how long between two lines. */
const LINE_EVERY_MS = 5000;
/** Lines on a pipe are for log files. */
const PIPE_WIDTH = 120;

/**
 * Shows the progress of long phases on stderr: a line that is drawn again and again on a terminal, and one every few
 * seconds elsewhere. Whoever begins a phase must see to it that it ends, or the process does not.
 */
export class ProgressBar implements Progress {
  readonly #stream = process.stderr;
  #phase: Phase | undefined;
  #total = NOTHING_DONE;
  #done = NOTHING_DONE;
  #begun = 0;
  #bar: SingleBar | undefined;
  #timer: NodeJS.Timeout | undefined;

  readonly begin = (phase: Phase, total: Amount = NOTHING_DONE): void => {
    this.end();
    [this.#phase, this.#total, this.#done, this.#begun] = [phase, total, NOTHING_DONE, performance.now()];
    const wait = this.#stream.isTTY ? WAIT_MS.terminal : WAIT_MS.pipe;
    this.#timer = setTimeout(() => void this.#show(phase, this.#begun), wait).unref();
  };

  readonly advance = (files: number, bytes: number): void => {
    this.#done = { files: this.#done.files + files, bytes: this.#done.bytes + bytes };
    this.#bar?.update(this.#done.files);
  };

  readonly end = (): void => {
    clearTimeout(this.#timer);
    this.#bar?.stop();
    this.#bar = this.#phase = undefined;
  };

  /** The library is loaded when there is something to show. */
  async #show(phase: Phase, begun: number): Promise<void> {
    const { SingleBar } = (await import('cli-progress')).default;
    if (this.#phase !== phase || this.#begun !== begun) return;
    this.#bar = new SingleBar({
      stream: this.#stream,
      format: () => this.#line(phase),
      noTTYOutput: true,
      notTTYSchedule: LINE_EVERY_MS,
      clearOnComplete: true,
      linewrap: true,
      forceRedraw: true,
    });
    this.#bar.start(this.#total.files, 0);
  }

  #line(phase: Phase): string {
    const elapsed = performance.now() - this.#begun;
    const width = this.#stream.isTTY ? (this.#stream.columns || 80) - 1 : PIPE_WIDTH;
    return progressLine({ phase, done: this.#done, total: this.#total, elapsed }, width);
  }
}
