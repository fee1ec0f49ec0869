import type { Config } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';

const HOURS: Readonly<Record<string, number>> = { m: 1 / 60, h: 1, d: 24 };

/**
 * Parses how long something waits, like `90m`, `48h` or `7d`, to hours.
 *
 * @throws CondaDiffError usage
 */
export function hoursOf(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9})([mhd])$/.exec(text) ?? [];
  const hours = Number(number) * (HOURS[unit] ?? NaN);
  if (!Number.isNaN(hours)) return hours;
  throw new CondaDiffError('usage', `'${text}' is not a time to wait`, {
    hint: 'Give minutes, hours or days, like 90m, 48h or 7d',
  });
}

/**
 * How many hours retired files wait at least, where the configuration says so.
 *
 * @throws CondaDiffError usage
 */
export function configuredWait({ gcOlderThan }: Config): number | undefined {
  return gcOlderThan === undefined ? undefined : hoursOf(gcOlderThan);
}

/** The moment before which a file must have been retired, to have waited so long. */
export function limitFor(hours: number): Date {
  return new Date(Math.max(0, Date.now() - hours * 3_600_000));
}
