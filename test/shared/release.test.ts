import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Globs } from '../../shared/globs.js';
import { referenceOf } from '../../shared/reference.js';
import { underGlobs } from '../../shared/release.js';
import { stateOf } from '../../shared/state.js';
import { entryOf } from '../support/arbitrary.js';

const PATHS = [
  'channeldata.json',
  'keys/key.txt',
  'noarch/a-1-0.conda',
  'noarch/index.html',
  'noarch/repodata.json',
];
const BASE: Globs = { ignore: [], include: ['keys/*'] };

describe('underGlobs', () => {
  const cases: readonly [what: string, globs: Globs, released: readonly string[]][] = [
    ['the same globs', BASE, []],
    ['an ignore that matches nothing', { ignore: ['nothing/**'], include: ['keys/*'] }, []],
    ['an include that is gone', { ignore: [], include: [] }, ['keys/key.txt']],
    ['another include that matches it too', { ignore: [], include: ['keys/key.txt'] }, []],
    ['an ignored root file', { ...BASE, ignore: ['channeldata.json'] }, ['channeldata.json']],
    ['an ignored artifact', { ...BASE, ignore: ['**/*.conda'] }, ['noarch/a-1-0.conda']],
    ['an ignored subdir', { ...BASE, ignore: ['noarch/**'] }, PATHS.slice(2)],
    ['an ignore that wins over an include', { ...BASE, ignore: ['keys/**'] }, ['keys/key.txt']],
  ];
  for (const [what, globs, released] of cases) {
    it(`${what}: releases ${released.length === 0 ? 'nothing' : released.join(', ')}`, () => {
      const reference = referenceOf(stateOf(PATHS.map((path) => entryOf(path))), BASE);
      const result = underGlobs(reference, globs);
      assert.deepEqual(result.released, released);
      assert.deepEqual(
        [...result.reference.state].map(({ path }) => path),
        PATHS.filter((path) => !released.includes(path)),
      );
      // the base then speaks of what both globs track
      const same = JSON.stringify(globs) === JSON.stringify(BASE);
      assert.deepEqual(result.reference.globs, same ? BASE : { ignore: globs.ignore, include: BASE.include });
      assert.deepEqual([result.reference.rules, result.reference.scope], [1, 'all']);
    });
  }
});
