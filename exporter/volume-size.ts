const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/**
 * Parses the size of a volume: bytes, or a number with a decimal unit (SI: k is 1000 bytes), as media are labelled.
 *
 * @returns whole bytes, or `undefined` when it is no such size
 */
export function parseVolumeSize(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,9}(?= ?[kKMGT]))?) ?([kKMGT]?)B?$/.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit] ?? NaN));
  return number !== '' && bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
