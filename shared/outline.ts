import type { State } from './state.js';
import { endsWith } from './usual-name.js';

/** Entries of a state that follow one another and lie directly in one directory. */
export interface Stretch {
  /** '' = the repository. */
  readonly directory: string;
  /** The positions `from` to `to`, the last one not included. */
  readonly from: number;
  readonly to: number;
}

/** What a state looks like from afar; found by reading bytes: of millions of entries no string is made. */
export interface Outline {
  /** In the order of the paths; a directory comes several times where those in it stand between its files. */
  readonly stretches: readonly Stretch[];
  /**
   * The positions of the paths whose names are not all lower-case ASCII, so that another name can be like them on a file
   * system that ignores case or normalises. Mostly they are few.
   */
  readonly unusual: readonly number[];
}

const SLASH = 0x2f;
/** By byte: 1 for upper-case ASCII and everything outside of ASCII. */
const IS_UNUSUAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || (byte >= 0x41 && byte <= 0x5a) ? 1 : 0,
);

/** One pass over the bytes of a state's paths. */
export function outlineOf(state: State): Outline {
  const stretches: Stretch[] = [];
  const unusual: number[] = [];
  let last: Buffer | undefined;
  let from = 0;
  const endStretch = (to: number): void => {
    if (last !== undefined) stretches.push({ directory: last.toString(), from, to });
    from = to;
  };
  for (let i = 0; i < state.count; i++) {
    const { rows, row } = state.rowsOf(i);
    const { names } = rows;
    const start = rows.starts[row]!;
    let at = rows.starts[row + 1]! - 1;
    let isUnusual = 0;
    for (; at >= start && names[at] !== SLASH; at--) isUnusual |= IS_UNUSUAL[names[at]!]!;
    if (isUnusual !== 0) unusual.push(i);
    const end = Math.max(at, start);
    if (end - start === last?.length && endsWith(names, start, end, last)) continue;
    endStretch(i);
    last = Buffer.from(names.subarray(start, end));
  }
  endStretch(state.count);
  return { stretches, unusual };
}
