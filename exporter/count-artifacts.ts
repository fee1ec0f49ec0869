import { outlineOf } from '../shared/outline.js';
import { ARTIFACT_EXTENSIONS, REPODATA } from '../shared/rules.js';
import type { State } from '../shared/state.js';
import { endsWith } from '../shared/usual-name.js';

const SUFFIXES = ARTIFACT_EXTENSIONS.map((extension) => Buffer.from(`.${extension}`));
const INDEX = Buffer.from(REPODATA);

/**
 * How many artifacts each directory has: every one that a state has a repodata.json or artifacts in, in the order of their
 * paths. Reads bytes: of millions of files no string is made.
 */
export function artifactsPerDirectory(state: State): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { directory, from, to } of outlineOf(state).stretches) {
    let artifacts = 0;
    let hasIndex = false;
    for (let i = from; i < to; i++) {
      if (SUFFIXES.some((suffix) => hasSuffix(state, i, suffix))) artifacts++;
      else hasIndex ||= hasSuffix(state, i, INDEX);
    }
    if (hasIndex || artifacts > 0) counts.set(directory, (counts.get(directory) ?? 0) + artifacts);
  }
  return counts;
}

function hasSuffix(state: State, i: number, suffix: Uint8Array): boolean {
  const { rows, row } = state.rowsOf(i);
  return endsWith(rows.names, rows.starts[row]!, rows.starts[row + 1]!, suffix);
}
