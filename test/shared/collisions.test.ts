import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { collisions } from '../../shared/collisions.js';
import { stateOf } from '../../shared/state.js';
import { entryOf, trackedPath } from '../support/arbitrary.js';

/** Collisions where the target has these paths, of which the second list is added. */
const found = (base: readonly string[], added: readonly string[]): string[] =>
  collisions(added, stateOf([...base, ...added].map((path) => entryOf(path))));

describe('collisions', () => {
  const cases: readonly [
    what: string,
    base: readonly string[],
    added: readonly string[],
    RegExp | undefined,
  ][] = [
    ['nothing is added', ['a', 'A'], [], undefined],
    ['other names', ['noarch/a', 'noarch/b'], ['noarch/c', 'linux-64/a', 'Top/x'], undefined],
    ['the same name in two directories', ['x/readme'], ['y/README'], undefined],
    [
      'a name in another case',
      ['noarch/a.json'],
      ['noarch/A.json'],
      /noarch\/A\.json is like noarch\/a\.json but/,
    ],
    [
      'the other way round',
      ['noarch/A.json'],
      ['noarch/a.json'],
      /noarch\/a\.json is like noarch\/A\.json but/,
    ],
    ['two cases, neither lower', ['noarch/aB'], ['noarch/Ab'], /noarch\/Ab is like noarch\/aB/],
    ['two added ones', [], ['noarch/Ab', 'noarch/aB'], /is like/],
    ['two added ones, one lower', [], ['noarch/ab', 'noarch/aB'], /is like/],
    ['a directory in another case', ['noarch/a'], ['Noarch/b'], /Noarch is like noarch/],
    ['a directory, the other way round', ['Noarch/a'], ['noarch/b'], /noarch is like Noarch/],
    ['a directory above', ['Main/noarch/a'], ['main/linux-64/b'], /main is like Main/],
    ['composed and decomposed', ['noarch/\u00e9'], ['noarch/e\u0301'], /is like/],
    ['decomposed and composed', ['noarch/e\u0301'], ['noarch/\u00e9'], /is like/],
    ['letters that fold to two', ['noarch/strasse'], ['noarch/straße'], /is like/],
    ['a Kelvin sign', ['noarch/k'], ['noarch/\u212a'], /is like/],
    ['a long s', ['noarch/s'], ['noarch/\u017f'], /is like/],
    ['a final sigma', ['noarch/\u03c3'], ['noarch/\u03c2'], /is like/],
    ['a file that is a directory', ['noarch/a/b'], ['noarch/a'], /noarch\/a is a file and a directory/],
    ['a directory that is a file', ['noarch/a'], ['noarch/a/b/c'], /noarch\/a is a file and a directory/],
    ['both added', [], ['noarch/a', 'noarch/a/b'], /noarch\/a is a file and a directory/],
    ['a file like a directory', ['noarch/x/b'], ['noarch/X'], /noarch\/X is like noarch\/x/],
    ['a directory like a file', ['noarch/X'], ['noarch/x/b'], /noarch\/x is like noarch\/X/],
    [
      'a collision that was there',
      ['noarch/a', 'noarch/A', 'noarch/x', 'noarch/x/y'],
      ['noarch/b'],
      undefined,
    ],
    ['a name in the top', ['a'], ['A'], /A is like a/],
  ];
  for (const [what, base, added, expected] of cases) {
    it(`${expected === undefined ? 'finds none:' : 'finds'} ${what}`, () => {
      if (expected === undefined) assert.deepEqual(found(base, added), []);
      else assert.match(found(base, added).join('\n'), expected);
    });
  }

  it('finds for any two paths what comparing their parts finds', () => {
    const variant = fc
      .func(fc.nat(3))
      .map(
        (choice) => (path: string) =>
          Array.from(
            path,
            (one, i) => [one, one.toUpperCase(), one.toLowerCase(), one.normalize('NFD')][choice(i)],
          ).join(''),
      );
    fc.assert(
      fc.property(trackedPath, variant, fc.boolean(), (base, spell, bothAdded) => {
        const added = spell(base);
        fc.pre(added !== base);
        const lines = found(bothAdded ? [] : [base], bothAdded ? [base, added] : [added]);
        assert.ok(lines.length > 0, `${base} and ${added}`);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes little more than reading the names of a large target', () => {
    const paths = Array.from(
      { length: 200_000 },
      (_, i) => `main/linux-64/package-${String(i)}-1.0-h0123_0.conda`,
    );
    const target = stateOf(paths.map((path) => ({ path, size: 1, sha256: '0'.repeat(64) })));
    const begun = performance.now();
    assert.deepEqual(collisions(paths.slice(0, 1000), target), []);
    assert.ok(performance.now() - begun < 2000, 'it takes too long');
  });
});
