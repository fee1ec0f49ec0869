import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { outlineOf, type Stretch } from '../../shared/outline.js';
import { directoryOf, nameOf } from '../../shared/paths.js';
import { type State, stateOf } from '../../shared/state.js';
import { entryOf, trackedPath } from '../support/arbitrary.js';

/** The same, made of strings. */
function plainOutline(state: State): ReturnType<typeof outlineOf> {
  const stretches: Stretch[] = [];
  const unusual: number[] = [];
  for (const [i, { path }] of [...state].entries()) {
    if (/[A-Z]|[^\0-\x7f]/.test(nameOf(path))) unusual.push(i);
    const last = stretches.at(-1);
    if (last?.directory === directoryOf(path)) stretches[stretches.length - 1] = { ...last, to: i + 1 };
    else stretches.push({ directory: directoryOf(path), from: i, to: i + 1 });
  }
  return { stretches, unusual };
}

describe('the outline of a state', () => {
  it('has the stretches of each directory, and the names that need a look', () => {
    const paths = ['A', 'a/b', 'a/b-1', 'a/b/c', 'a/c', 'b/ü', 'z'];
    assert.deepEqual(outlineOf(stateOf(paths.map((path) => entryOf(path)))), {
      stretches: [
        { directory: '', from: 0, to: 1 },
        { directory: 'a', from: 1, to: 3 },
        { directory: 'a/b', from: 3, to: 4 },
        { directory: 'a', from: 4, to: 5 },
        { directory: 'b', from: 5, to: 6 },
        { directory: '', from: 6, to: 7 },
      ],
      unusual: [0, 5],
    });
    assert.deepEqual(outlineOf(stateOf([])), { stretches: [], unusual: [] });
  });

  it('is what strings tell, of any state', () => {
    fc.assert(
      fc.property(fc.uniqueArray(trackedPath), (paths) => {
        const state = stateOf(paths.map((path) => entryOf(path)));
        assert.deepEqual(outlineOf(state), plainOutline(state));
      }),
    );
  });
});
