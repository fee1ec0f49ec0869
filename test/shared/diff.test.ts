import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { applyDiff, type Diff, diffStates, isEmptyDiff } from '../../shared/diff.js';
import { EMPTY_STATE, stateOf } from '../../shared/state.js';
import { entryOf, state, twoStates } from '../support/arbitrary.js';
import { refuses } from '../support/refusal.js';

describe('diffStates', () => {
  it('applied to its base gives its target', () => {
    fc.assert(
      fc.property(twoStates, ([base, target]) => {
        const result = applyDiff(base, diffStates(base, target));
        assert.deepEqual([...result], [...target]);
        assert.equal(result.digest, target.digest);
      }),
      { numRuns: 500 },
    );
  });

  it('is empty exactly between equal states', () => {
    fc.assert(
      fc.property(twoStates, ([base, target]) => {
        assert.ok(isEmptyDiff(diffStates(base, base)));
        assert.equal(isEmptyDiff(diffStates(base, target)), base.digest === target.digest);
      }),
    );
  });

  it('turned round leads back', () => {
    fc.assert(
      fc.property(twoStates, ([base, target]) => {
        const there = diffStates(base, target);
        const back = diffStates(target, base);
        assert.deepEqual([back.added, back.removed], [there.removed, there.added]);
        assert.deepEqual(
          back.replaced,
          there.replaced.map(({ before, after }) => ({ before: after, after: before })),
        );
      }),
    );
  });

  it('from and to nothing is everything', () => {
    fc.assert(
      fc.property(state, (one) => {
        assert.deepEqual(diffStates(EMPTY_STATE, one), { added: [...one], replaced: [], removed: [] });
        assert.deepEqual(diffStates(one, EMPTY_STATE), { added: [], replaced: [], removed: [...one] });
      }),
    );
  });

  it('sorts each list by bytes and tells a change of size from none', () => {
    const base = stateOf([entryOf('b'), entryOf('same'), entryOf('\ue000'), { ...entryOf('size'), size: 1 }]);
    const target = stateOf([
      entryOf('\u{10000}'),
      entryOf('same'),
      entryOf('a'),
      { ...entryOf('size'), size: 2 },
    ]);
    const { added, replaced, removed } = diffStates(base, target);
    assert.deepEqual(
      [added, removed].map((list) => list.map(({ path }) => path)),
      [
        ['a', '\u{10000}'],
        ['b', '\ue000'],
      ],
    );
    assert.deepEqual(
      replaced.map(({ before, after }) => [before.path, before.size, after.size]),
      [['size', 1, 2]],
    );
  });
});

describe('applyDiff', () => {
  const [a, b] = [entryOf('a'), entryOf('b')];
  const other = { ...a, sha256: b.sha256 };
  const longer = { ...a, size: a.size + 1 };
  const none: Diff = { added: [], replaced: [], removed: [] };
  const cases: readonly [what: string, diff: Diff, text: RegExp][] = [
    ['adding what is there', { ...none, added: [a] }, /a is added but stands in the base/],
    ['adding twice', { ...none, added: [b, b] }, /'b' stands twice/],
    ['removing what is not there', { ...none, removed: [b] }, /b does not stand .*\n.*no such file/],
    ['removing another content', { ...none, removed: [other] }, /a does not stand/],
    ['removing another size', { ...none, removed: [longer] }, /a does not stand/],
    ['replacing what is not there', { ...none, replaced: [{ before: b, after: a }] }, /b does not stand/],
    ['replacing another content', { ...none, replaced: [{ before: other, after: a }] }, /a does not stand/],
  ];
  for (const [what, diff, text] of cases) {
    it(`refuses ${what}`, () => {
      refuses(() => applyDiff(stateOf([a]), diff), 'malformed', text);
    });
  }
});
