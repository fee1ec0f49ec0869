import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitOf } from '../../importer/fit.js';
import { unfit } from '../../importer/refuse.js';
import type { Manifest } from '../../shared/manifest.js';
import { type Reference, referenceOf, type Scope, totalsOf } from '../../shared/reference.js';
import { kindByName } from '../../shared/rules.js';
import { refuses } from '../support/refusal.js';
import { type Contents, stateOfContents } from '../support/update.js';

const NONE = { ignore: [], include: [] };
const BASE: Contents = { 'noarch/repodata.json': '1', 'noarch/a.conda': 'a', 'noarch/b.tar.bz2': 'b' };
const TARGET: Contents = {
  'noarch/repodata.json': '2',
  'noarch/a.conda': 'a',
  'noarch/b.tar.bz2': 'b',
  'noarch/c.conda': 'c',
};
const kindOf = (path: string) => kindByName(path, (directory) => directory === 'noarch');

interface Case {
  readonly local: Contents;
  readonly base?: Contents;
  readonly scope?: Scope;
  readonly withoutReference?: boolean;
  readonly globs?: Reference['globs'];
  readonly baseGlobs?: Reference['globs'];
}

function update({ base = BASE, scope = 'all', globs = NONE, baseGlobs = globs }: Case): {
  manifest: Manifest;
  reference: Reference;
} {
  const reference = referenceOf(stateOfContents(base), baseGlobs, scope);
  const target = stateOfContents(TARGET);
  const files = [...target]
    .filter(({ path, sha256 }) => reference.state.get(path)?.sha256 !== sha256)
    .map((entry) => ({ ...entry, kind: kindOf(entry.path), mtime: 0 }));
  const manifest: Manifest = {
    ...{ rules: 1, globs, id: '', site: 'default', sequence: 4, generator: '', created: '' },
    base: { ...totalsOf(reference.state), scope, ...baseGlobs },
    target: totalsOf(target),
    baseReference: { name: '', size: 0, sha256: '' },
    ...{ volumes: [], files, removed: [], absent: [], lineage: [] },
  };
  return { manifest, reference };
}

function outcome(one: Case): string {
  const { manifest, reference } = update(one);
  return fitOf(manifest, one.withoutReference ? undefined : reference, stateOfContents(one.local), kindOf)
    .outcome;
}

const WITHOUT_B: Contents = { 'noarch/repodata.json': '1', 'noarch/a.conda': 'a' };
const ARTIFACTS: Contents = { 'noarch/a.conda': 'a', 'noarch/b.tar.bz2': 'b' };
const BZ2: Contents = { 'noarch/b.tar.bz2': 'b' };
const OTHER: Contents = { 'noarch/repodata.json': 'x', 'noarch/x.conda': 'x' };

describe('fitOf', () => {
  const cases: readonly [what: string, one: Case, outcome: string][] = [
    ['the base', { local: BASE }, 'apply'],
    ['the target', { local: TARGET }, 'already-applied'],
    ['nothing, and the base is nothing', { local: {}, base: {} }, 'apply'],
    ['nothing, and the base is not', { local: {} }, 'empty'],
    ['a file more', { local: { ...BASE, 'noarch/d.conda': 'd' } }, 'drifted'],
    ['a file less', { local: WITHOUT_B }, 'drifted'],
    ['a file with other content', { local: { ...BASE, 'noarch/b.tar.bz2': 'x' } }, 'drifted'],
    ['only metadata differs', { local: { ...BASE, 'noarch/repodata.json': 'x' } }, 'drifted'],
    ['no artifact of base or update', { local: OTHER }, 'foreign'],
    ['the names, but other contents', { local: { 'noarch/a.conda': 'x', 'noarch/c.conda': 'x' } }, 'foreign'],
    ['one artifact of the update', { local: { ...OTHER, 'noarch/c.conda': 'c' } }, 'drifted'],
    ['the metadata, but no artifact', { local: { 'noarch/repodata.json': '1' } }, 'foreign'],
    ['something, and the base is nothing', { local: OTHER, base: {} }, 'foreign'],
    ['some of it, and the base is nothing', { local: BASE, base: {} }, 'drifted'],
    ['without a reference, the base', { local: BASE, withoutReference: true }, 'apply'],
    ['without a reference, the target', { local: TARGET, withoutReference: true }, 'already-applied'],
    ['without a reference, nothing', { local: {}, withoutReference: true }, 'empty'],
    ['without a reference, anything else', { local: OTHER, withoutReference: true }, 'drifted'],
    [
      'base of artifacts: these and any metadata',
      { local: { ...BASE, x: 'y' }, base: ARTIFACTS, scope: 'artifacts' },
      'apply',
    ],
    ['base of artifacts: these alone', { local: ARTIFACTS, base: ARTIFACTS, scope: 'artifacts' }, 'apply'],
    [
      'base of artifacts: one more',
      { local: { ...BASE, 'noarch/d.conda': 'd' }, base: ARTIFACTS, scope: 'artifacts' },
      'drifted',
    ],
    [
      'base of artifacts, without a reference',
      { local: ARTIFACTS, base: ARTIFACTS, scope: 'artifacts', withoutReference: true },
      'drifted',
    ],
    [
      'base of .tar.bz2: these and any .conda',
      { local: { ...BASE, 'noarch/d.conda': 'd' }, base: BZ2, scope: 'tar.bz2' },
      'apply',
    ],
    ['base of .tar.bz2: one less', { local: WITHOUT_B, base: BZ2, scope: 'tar.bz2' }, 'drifted'],
    [
      'base under other globs: what these do not track',
      { local: { ...BASE, 'noarch/x.html': 'x' }, baseGlobs: { ignore: ['**/*.html'], include: [] } },
      'apply',
    ],
    [
      'base under other globs: what these do track',
      { local: { ...BASE, 'noarch/x.txt': 'x' }, baseGlobs: { ignore: ['**/*.html'], include: [] } },
      'drifted',
    ],
    [
      'base under other globs, without a reference',
      { local: BASE, baseGlobs: { ignore: ['x'], include: [] }, withoutReference: true },
      'drifted',
    ],
  ];
  for (const [what, one, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(outcome(one), expected));
  }

  it('tells an artifact of a v3 bucket by its kind, not by its name', () => {
    const { manifest, reference } = update({
      local: {},
      base: { 'noarch/z.zip': 'z', 'noarch/repodata.json': '1' },
    });
    const local = stateOfContents({ 'noarch/z.zip': 'z', 'noarch/repodata.json': 'other' });
    const isZip = (path: string) => (path.endsWith('.zip') ? 'artifact' : kindOf(path));
    assert.equal(fitOf(manifest, reference, local, isZip).outcome, 'drifted');
  });
});

describe('unfit', () => {
  const refusal = (one: Case): [message: string, whole: string] => {
    const { manifest, reference } = update(one);
    const local = stateOfContents(one.local);
    const fit = fitOf(manifest, one.withoutReference ? undefined : reference, local, kindOf);
    const error = refuses(() => {
      throw unfit(fit, manifest, local, '/copy');
    }, 'fit');
    assert.deepEqual([error.exitCode, error.outcome], [12, fit.outcome]);
    assert.ok(
      error.details.some((line) => line.includes(local.digest)),
      'the local digest',
    );
    assert.match(error.hint ?? '', /conda-diff-export create <repository> --base /);
    return [error.message, [error.message, ...error.details].join('\n')];
  };

  it('says for each outcome what is here and what to type on the online side', () => {
    assert.match(
      refusal({ local: {} })[0],
      /^Update 4 of site 'default' needs a copy that has the base; \/copy has nothing$/,
    );
    assert.match(refusal({ local: OTHER })[0], /is of another repository/);
    const [message, whole] = refusal({
      local: { ...WITHOUT_B, 'noarch/a.conda': 'x', 'noarch/d.conda': 'd', 'noarch/c.conda': 'c' },
    });
    assert.match(message, /is in another state than its base$/);
    for (const line of [
      /noarch\/d\.conda: here, not in the base/,
      /noarch\/a\.conda: expected sha256 \w+, found/,
      /noarch\/b\.tar\.bz2: in the base, not here/,
    ]) {
      assert.match(whole, line);
    }
    assert.match(refusal({ local: OTHER, withoutReference: true })[1], /base reference did not travel along/);
  });
});
