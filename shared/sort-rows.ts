import type { Rows } from './rows.js';

/**
 * Orders rows by the bytes of their paths. Indexes and references are mostly sorted already, or a few sorted lists one
 * after the other: such runs are found and merged, so that what is sorted costs one look at each row.
 *
 * @param rows row numbers
 * @returns the same numbers, sorted; of equal paths the one that came first stays first
 */
export function sortRows(rows: Rows, numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  let ends = runsOf(rows, numbers);
  let from = numbers;
  let to = ends.length > 1 ? new Uint32Array(numbers.length) : numbers;
  while (ends.length > 1) {
    const merged: number[] = [];
    for (let i = 0; i < ends.length; i += 2) {
      const start = i === 0 ? 0 : ends[i - 1]!;
      const middle = ends[i]!;
      const end = ends[i + 1] ?? middle;
      mergeInto(to, rows, from, start, middle, end);
      merged.push(end);
    }
    ends = merged;
    [from, to] = [to, from];
  }
  return from;
}

/** All row numbers, in the order in which they were added. */
export function allRows({ count }: Rows): Uint32Array<ArrayBuffer> {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  return numbers;
}

/** Where each ascending run ends. */
function runsOf(rows: Rows, numbers: Uint32Array): number[] {
  const ends: number[] = [];
  for (let i = 1; i < numbers.length; i++) {
    if (rows.compare(numbers[i - 1]!, rows, numbers[i]!) > 0) ends.push(i);
  }
  ends.push(numbers.length);
  return ends;
}

function mergeInto(
  to: Uint32Array,
  rows: Rows,
  from: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = left < middle && (right === end || rows.compare(from[left]!, rows, from[right]!) <= 0);
    to[at] = takesLeft ? from[left++]! : from[right++]!;
  }
}
