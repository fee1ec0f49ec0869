import type { Diff } from '../shared/diff.js';
import { directoryOf } from '../shared/paths.js';
import type { State } from '../shared/state.js';

/**
 * Paths that are a file in one state and a directory in the other, one line each. Readers hold files of the old state
 * while those of the new one come, so both would have to be there at once, which no file system can do.
 */
export function turned(base: State, target: State, { added, removed }: Diff): string[] {
  const lines = new Set<string>();
  for (const { path } of added)
    for (const above of directoriesOf(path))
      if (base.find(above) >= 0) lines.add(`${above} is a file in the base and a directory now`);
  for (const { path } of removed)
    for (const above of directoriesOf(path))
      if (target.find(above) >= 0) lines.add(`${above} is a directory in the base and a file now`);
  return [...lines];
}

function* directoriesOf(path: string): Generator<string> {
  for (let above = directoryOf(path); above !== ''; above = directoryOf(above)) yield above;
}
