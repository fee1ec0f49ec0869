import { ARTIFACT_EXTENSIONS, REPODATA } from '../shared/rules.js';
import type { State } from '../shared/state.js';
import { endsWith } from '../shared/usual-name.js';

const SLASH = 0x2f;
const SUFFIXES = ARTIFACT_EXTENSIONS.map((extension) => Buffer.from(`.${extension}`));
const REPODATA_BYTES = Buffer.from(REPODATA);

/**
 * How many artifacts each directory has: every one that a state has a repodata.json or artifacts in, in the order of their
 * paths. Reads bytes: of millions of files no string is made.
 */
export function artifactsPerDirectory(state: State): Map<string, number> {
  const counts = new Map<string, number>();
  let directory: string | undefined;
  let last = Buffer.alloc(0);
  for (let i = 0; i < state.count; i++) {
    const { rows, row } = state.rowsOf(i);
    const { names, starts } = rows;
    const [start, end] = [starts[row]!, starts[row + 1]!];
    const isArtifact = SUFFIXES.some((suffix) => endsWith(names, start, end, suffix));
    if (!isArtifact && !endsWith(names, start, end, REPODATA_BYTES)) continue;
    const slash = lastSlash(names, start, end);
    if (directory === undefined || !isSame(names, start, slash, last)) {
      last = Buffer.from(names.subarray(start, slash));
      directory = last.toString();
    }
    counts.set(directory, (counts.get(directory) ?? 0) + (isArtifact ? 1 : 0));
  }
  return counts;
}

/** Where the name of a path begins, less its slash; `start` when there is none. */
function lastSlash(bytes: Uint8Array, start: number, end: number): number {
  let at = end - 1;
  while (at > start && bytes[at] !== SLASH) at--;
  return at;
}

function isSame(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false;
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
}
