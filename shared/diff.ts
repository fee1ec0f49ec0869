import { CondaDiffError } from './errors.js';
import { type Entry, type State, stateOf } from './state.js';

/** A file that stands in both states with another content. */
export interface Replacement {
  readonly before: Entry;
  readonly after: Entry;
}

/** What leads from one state to another; each list is sorted by path bytes. */
export interface Diff {
  readonly added: readonly Entry[];
  readonly replaced: readonly Replacement[];
  readonly removed: readonly Entry[];
}

/** Merges two sorted states; the result grows with the difference, not with the states. */
export function diffStates(base: State, target: State): Diff {
  const added: Entry[] = [];
  const replaced: Replacement[] = [];
  const removed: Entry[] = [];
  let i = 0;
  let j = 0;
  while (i < base.count && j < target.count) {
    const before = base.rowsOf(i);
    const after = target.rowsOf(j);
    const order = before.rows.compare(before.row, after.rows, after.row);
    if (order < 0) removed.push(base.entry(i++));
    else if (order > 0) added.push(target.entry(j++));
    else {
      const isSame = before.rows.sameContent(before.row, after.rows, after.row);
      if (!isSame) replaced.push({ before: base.entry(i), after: target.entry(j) });
      i++;
      j++;
    }
  }
  while (i < base.count) removed.push(base.entry(i++));
  while (j < target.count) added.push(target.entry(j++));
  return { added, replaced, removed };
}

/** Whether nothing leads from one state to the other: they are the same. */
export function isEmptyDiff(diff: Diff): boolean {
  return diff.added.length + diff.replaced.length + diff.removed.length === 0;
}

/**
 * Applies a diff to the state that it was made from.
 *
 * @throws CondaDiffError malformed, when an added path is there already, or a replaced or removed one is not
 *   there with the content that the diff names
 */
export function applyDiff(base: State, diff: Diff): State {
  for (const { path } of diff.added) {
    if (base.find(path) >= 0)
      throw new CondaDiffError('malformed', `${path} is added but stands in the base`);
  }
  const gone = new Set<number>();
  for (const before of [...diff.removed, ...diff.replaced.map((one) => one.before)]) {
    const position = base.find(before.path);
    const found = position < 0 ? undefined : base.entry(position);
    if (found?.sha256 !== before.sha256 || found.size !== before.size) {
      throw new CondaDiffError('malformed', `${before.path} does not stand in the base as the update says`, {
        details: [
          `expected ${describe(before)}, found ${found === undefined ? 'no such file' : describe(found)}`,
        ],
      });
    }
    gone.add(position);
  }
  const kept = base.without([...gone].sort((a, b) => a - b));
  return kept.with(stateOf([...diff.added, ...diff.replaced.map(({ after }) => after)]));
}

function describe(entry: Entry): string {
  return `sha256 ${entry.sha256}, ${String(entry.size)} bytes`;
}
