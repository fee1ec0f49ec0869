import { formatBytes } from './figures.js';

/** What a command is busy with. */
export type Phase = 'scan' | 'write' | 'stage' | 'commit' | 'verify';

/** How much of a phase there is, or is done. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** Where long work tells how far it is; what becomes of that is not its concern. */
export interface Progress {
  /** Begins a phase, and ends the one before. A total of 0 means that it is not known. */
  readonly begin: (phase: Phase, total?: Amount) => void;
  /** Adds what was done since the last call. */
  readonly advance: (files: number, bytes: number) => void;
  readonly end: () => void;
}

const nothing = (): void => undefined;

/** Tells nobody. */
export const NO_PROGRESS: Progress = { begin: nothing, advance: nothing, end: nothing };

export const NOTHING_DONE: Amount = { files: 0, bytes: 0 };

/** A phase at one moment. */
export interface PhaseView {
  readonly phase: Phase;
  readonly done: Amount;
  readonly total: Amount;
  /** Since the phase began, in milliseconds. */
  readonly elapsed: number;
}

const BAR_WIDTH = 20;

/**
 * The line that shows a phase: bar, share, amount, rate and time left. Parts that do not fit the width are left out,
 * the least telling first.
 *
 * @param width columns of the terminal
 */
export function progressLine(view: PhaseView, width: number): string {
  const { phase, done, total } = view;
  const share = shareOf(done, total);
  const percent = share === undefined ? '' : `${String(Math.floor(share * 100)).padStart(3)} %`;
  const parts = {
    phase: phase.padEnd(6),
    bar: share === undefined ? '' : bar(share),
    percent,
    amount: amountOf(done, total),
    rate: rateOf(view),
    left: share === undefined ? '' : leftOf(share, view.elapsed),
  };
  for (const dropped of [
    [],
    ['bar'],
    ['bar', 'rate'],
    ['bar', 'rate', 'amount'],
    ['bar', 'rate', 'amount', 'left'],
  ]) {
    const shown = Object.entries(parts).filter(([name, text]) => text !== '' && !dropped.includes(name));
    const line = shown.map(([, text]) => text).join('  ');
    if (line.length <= width) return line;
  }
  return percent.trim().slice(0, width);
}

function shareOf(done: Amount, total: Amount): number | undefined {
  if (total.bytes > 0) return Math.min(1, done.bytes / total.bytes);
  return total.files > 0 ? Math.min(1, done.files / total.files) : undefined;
}

function bar(share: number): string {
  const full = Math.floor(share * BAR_WIDTH);
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}]`;
}

function amountOf(done: Amount, total: Amount): string {
  const files = `${String(done.files)}${total.files > 0 ? ` of ${String(total.files)}` : ''} files`;
  if (done.bytes === 0 && total.bytes === 0) return files;
  return `${formatBytes(done.bytes)}${total.bytes > 0 ? ` of ${formatBytes(total.bytes)}` : ''}, ${files}`;
}

function rateOf({ done, elapsed }: PhaseView): string {
  if (elapsed < 1 || (done.files === 0 && done.bytes === 0)) return '';
  if (done.bytes === 0) return `${String(Math.round((done.files / elapsed) * 1000))} files/s`;
  return `${formatBytes(Math.round((done.bytes / elapsed) * 1000))}/s`;
}

function leftOf(share: number, elapsed: number): string {
  return share === 0 ? '' : `${formatSeconds(((1 - share) / share) * (elapsed / 1000))} left`;
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${String(whole)} s`;
  if (whole < 3600) return `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
  return `${String(Math.floor(whole / 3600))} h ${String(Math.floor((whole % 3600) / 60))} min`;
}
