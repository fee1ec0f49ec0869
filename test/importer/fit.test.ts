import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EMPTY_LEDGER } from '../../importer/copy-ledger.js';
import { type Facts, type Fit, fitOf, NO_PERMISSIONS } from '../../importer/fit.js';
import { type Reference, referenceOf, type Scope } from '../../shared/reference.js';
import { kindByName } from '../../shared/rules.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { edge, factsOf, imported, type Known, undone } from '../support/facts.js';
import { entryOf } from '../support/arbitrary.js';
import { type Contents, stateOfContents } from '../support/update.js';

const BASE: Contents = { 'noarch/repodata.json': '1', 'noarch/a.conda': 'a', 'noarch/b.tar.bz2': 'b' };
const TARGET: Contents = { ...BASE, 'noarch/repodata.json': '2', 'noarch/c.conda': 'c' };
const OTHER: Contents = { 'noarch/repodata.json': 'x', 'noarch/x.conda': 'x' };
const WITHOUT_B: Contents = { 'noarch/repodata.json': '1', 'noarch/a.conda': 'a' };
const ARTIFACTS: Contents = { 'noarch/a.conda': 'a', 'noarch/b.tar.bz2': 'b' };
const BZ2: Contents = { 'noarch/b.tar.bz2': 'b' };

interface Case {
  readonly local: Contents;
  readonly base?: Contents;
  readonly scope?: Scope;
  readonly withoutReference?: boolean;
  readonly baseGlobs?: Reference['globs'];
}

/** The facts where nothing was ever imported here. */
function factsFor({ local, base = BASE, scope = 'all', withoutReference, baseGlobs }: Case): Facts {
  const reference = referenceOf(stateOfContents(base), baseGlobs ?? NO_GLOBS, scope);
  const facts = factsOf({ reference, target: TARGET, local });
  return withoutReference ? { ...facts, known: undefined } : facts;
}

const outcome = (facts: Facts): string => {
  const fit = fitOf(facts);
  return fit.applies ? fit.outcome : `${fit.outcome}, refused`;
};

describe('fitOf, by content alone', () => {
  const cases: readonly [what: string, one: Case, outcome: string][] = [
    ['the base', { local: BASE }, 'apply'],
    ['the target', { local: TARGET }, 'already-applied'],
    ['nothing, and the base is nothing', { local: {}, base: {} }, 'apply'],
    ['nothing, and the base is not', { local: {} }, 'empty, refused'],
    ['a file more', { local: { ...BASE, 'noarch/d.conda': 'd' } }, 'drifted, refused'],
    ['a file less', { local: WITHOUT_B }, 'drifted, refused'],
    ['a file with other content', { local: { ...BASE, 'noarch/b.tar.bz2': 'x' } }, 'drifted, refused'],
    ['only metadata differs', { local: { ...BASE, 'noarch/repodata.json': 'x' } }, 'drifted, refused'],
    ['a file of the target more', { local: { ...BASE, 'noarch/c.conda': 'c' } }, 'apply'],
    [
      'a file of the target in place of the old',
      { local: { ...BASE, 'noarch/repodata.json': '2' } },
      'apply',
    ],
    ['no artifact of base or update', { local: OTHER }, 'foreign, refused'],
    [
      'the names, but other contents',
      { local: { 'noarch/a.conda': 'x', 'noarch/c.conda': 'x' } },
      'foreign, refused',
    ],
    ['one artifact of the update', { local: { ...OTHER, 'noarch/c.conda': 'c' } }, 'drifted, refused'],
    ['the metadata, but no artifact', { local: { 'noarch/repodata.json': '1' } }, 'foreign, refused'],
    ['something, and the base is nothing', { local: OTHER, base: {} }, 'foreign, refused'],
    ['some of it, and the base is nothing', { local: BASE, base: {} }, 'drifted, refused'],
    ['some of the target, and the base is nothing', { local: ARTIFACTS, base: {} }, 'apply'],
    ['without a reference, the base', { local: BASE, withoutReference: true }, 'apply'],
    ['without a reference, the target', { local: TARGET, withoutReference: true }, 'already-applied'],
    ['without a reference, nothing', { local: {}, withoutReference: true }, 'empty, refused'],
    ['without a reference, anything else', { local: OTHER, withoutReference: true }, 'drifted, refused'],
    [
      'without a reference, a file of the target more',
      { local: { ...BASE, 'noarch/c.conda': 'c' }, withoutReference: true },
      'drifted, refused',
    ],
    [
      'base of artifacts: these and any metadata',
      { local: { ...BASE, x: 'y' }, base: ARTIFACTS, scope: 'artifacts' },
      'apply',
    ],
    ['base of artifacts: these alone', { local: ARTIFACTS, base: ARTIFACTS, scope: 'artifacts' }, 'apply'],
    [
      'base of artifacts: one more',
      { local: { ...BASE, 'noarch/d.conda': 'd' }, base: ARTIFACTS, scope: 'artifacts' },
      'drifted, refused',
    ],
    [
      'base of artifacts, without a reference',
      { local: ARTIFACTS, base: ARTIFACTS, scope: 'artifacts', withoutReference: true },
      'drifted, refused',
    ],
    [
      'base of .tar.bz2: these and any .conda',
      { local: { ...BASE, 'noarch/d.conda': 'd' }, base: BZ2, scope: 'tar.bz2' },
      'apply',
    ],
    ['base of .tar.bz2: one less', { local: WITHOUT_B, base: BZ2, scope: 'tar.bz2' }, 'drifted, refused'],
    [
      'base under other globs: what these do not track',
      { local: { ...BASE, 'noarch/x.html': 'x' }, baseGlobs: { ignore: ['**/*.html'], include: [] } },
      'apply',
    ],
    [
      'base under other globs: what these do track',
      { local: { ...BASE, 'noarch/x.txt': 'x' }, baseGlobs: { ignore: ['**/*.html'], include: [] } },
      'drifted, refused',
    ],
    [
      'base under other globs, without a reference',
      { local: BASE, baseGlobs: { ignore: ['x'], include: [] }, withoutReference: true },
      'drifted, refused',
    ],
  ];
  for (const [what, one, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(outcome(factsFor(one)), expected));
  }

  it('tells an artifact of a v3 bucket by its kind, not by its name', () => {
    const base = { 'noarch/z.zip': 'z', 'noarch/repodata.json': '1' };
    const local = { 'noarch/z.zip': 'z', 'noarch/repodata.json': 'other' };
    const kindOf: Facts['kindOf'] = (path) =>
      path.endsWith('.zip') ? 'artifact' : kindByName(path, () => true);
    assert.equal(outcome({ ...factsFor({ base, local }), kindOf }), 'drifted, refused');
  });

  it('lists what of the drift matters', () => {
    const local = { ...WITHOUT_B, 'noarch/a.conda': 'x', 'noarch/d.conda': 'd', 'noarch/c.conda': 'c' };
    const fit = fitOf(factsFor({ local }));
    assert.ok(fit.outcome === 'drifted' && fit.drift !== undefined);
    const paths = [
      fit.drift.added.map(({ path }) => path),
      fit.drift.replaced.map(({ after }) => after.path),
      fit.drift.removed.map(({ path }) => path),
    ];
    assert.deepEqual(paths, [['noarch/d.conda'], ['noarch/a.conda'], ['noarch/b.tar.bz2']]);
    assert.deepEqual(fit.lacking, ['noarch/a.conda', 'noarch/b.tar.bz2']);
  });
});

describe('fitOf, where drift is accepted', () => {
  const accepting = (one: Case): Facts => ({ ...factsFor(one), acceptDrift: true });
  const cases: readonly [what: string, facts: Facts, outcome: string][] = [
    ['a file more', accepting({ local: { ...BASE, 'noarch/d.conda': 'd' } }), 'drifted'],
    ['a shipped one was edited', accepting({ local: { ...BASE, 'noarch/repodata.json': 'x' } }), 'drifted'],
    ['one is gone that is not shipped', accepting({ local: WITHOUT_B }), 'drifted, refused'],
    [
      'one is gone that is not shipped, but lies there untracked',
      {
        ...accepting({ local: WITHOUT_B }),
        untracked: (path) => (path === 'noarch/b.tar.bz2' ? entryOf(path, 'b') : undefined),
      },
      'drifted',
    ],
    [
      'one is gone that is not shipped, and another lies there untracked',
      { ...accepting({ local: WITHOUT_B }), untracked: (path) => entryOf(path, 'other') },
      'drifted, refused',
    ],
    ['another repository', accepting({ local: OTHER }), 'foreign, refused'],
    ['nothing', accepting({ local: {} }), 'empty, refused'],
    [
      'without a reference',
      accepting({ local: { ...BASE, x: 'x' }, withoutReference: true }),
      'drifted, refused',
    ],
  ];
  for (const [what, facts, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(outcome(facts), expected));
  }
});

/** States A to E of a site, each a file more than the one before, but for the last two: D is A again. */
const STATES: Readonly<Record<string, Contents>> = {
  '0': {},
  A: { 'noarch/repodata.json': 'A', 'noarch/a.conda': 'a' },
  B: { 'noarch/repodata.json': 'B', 'noarch/a.conda': 'a', 'noarch/b.conda': 'b' },
  C: { 'noarch/repodata.json': 'C', 'noarch/a.conda': 'a', 'noarch/b.conda': 'b', 'noarch/c.conda': 'c' },
};
const digest = (state: string): string => stateOfContents(STATES[state]!).digest;
const at = (second: number): string => `2024-01-02T03:04:${String(second).padStart(2, '0')}Z`;
const site = (sequence: number, way: string, more: Partial<Known> = {}): Known =>
  edge(sequence, digest(way[0]!), digest(way[1]!), { created: at(sequence), ...more });

const U1 = site(1, '0A');
const U2 = site(2, 'AB');
const U3 = site(3, 'BC');
/** From A to C in one: built after U2 and U3 were lost. */
const U4 = site(4, 'AC');

interface Moment {
  /** The state that the copy is in. */
  readonly in: string;
  readonly offered: Known;
  /** What the offered update knows; all that has a lower number by default. */
  readonly lineage?: readonly Known[];
  readonly ledger?: Facts['ledger'];
  readonly permissions?: Partial<Facts>;
}

const ALL = [U1, U2, U3, U4];

function moment({ in: state, offered, lineage, ledger = EMPTY_LEDGER, permissions }: Moment): Facts {
  const [from, to] = ['0', 'A', 'B', 'C'].reduce<[string, string]>(
    ([base, target], name) => [
      digest(name) === offered.base ? name : base,
      digest(name) === offered.target ? name : target,
    ],
    ['', ''],
  );
  const facts = factsOf({
    reference: referenceOf(stateOfContents(STATES[from]!), NO_GLOBS),
    target: STATES[to]!,
    local: STATES[state]!,
    known: offered,
    lineage: lineage ?? ALL.filter(({ sequence }) => sequence < offered.sequence),
  });
  const digests = permissions?.local ? [permissions.local.digest] : facts.digests;
  return { ...facts, ledger, ...permissions, digests };
}

/** The ledger of a copy that imported these in order, each with the lineage of all before it. */
const after = (...updates: readonly Known[]): Facts['ledger'] =>
  updates.reduce(
    (ledger, update) =>
      imported(
        ledger,
        update,
        ALL.filter((one) => one.sequence < update.sequence),
      ),
    EMPTY_LEDGER,
  );

const missingOf = (fit: Fit): unknown =>
  fit.outcome === 'behind' || fit.outcome === 'empty' ? fit.missing?.map(({ sequence }) => sequence) : fit;

describe('fitOf, in the lineage of a site', () => {
  /** A mirror that was put back: A, B, and A again. */
  const V3 = site(3, 'BA');
  const V4 = site(4, 'AB');
  const back = [U1, U2, V3].reduce(
    (ledger, update, n) => imported(ledger, update, [U1, U2, V3].slice(0, n)),
    EMPTY_LEDGER,
  );
  const cases: readonly [what: string, moment: Moment, outcome: string][] = [
    ['the next one', { in: 'B', offered: U3, ledger: after(U1, U2) }, 'apply'],
    ['the same again', { in: 'B', offered: U2, ledger: after(U1, U2) }, 'already-applied'],
    ['an earlier one', { in: 'C', offered: U2, ledger: after(U1, U2, U3) }, 'superseded, refused'],
    ['the first one', { in: 'C', offered: U1, ledger: after(U1, U2, U3) }, 'superseded, refused'],
    [
      'an earlier one that was skipped, so that only the lineage of a later one names it',
      { in: 'C', offered: U2, lineage: [], ledger: after(U1, U4) },
      'superseded, refused',
    ],
    [
      'one that was lost, after the cumulative one',
      { in: 'C', offered: U3, ledger: after(U1, U4) },
      'already-applied',
    ],
    ['one is missing', { in: 'A', offered: U3, ledger: after(U1) }, 'behind, refused'],
    ['one is missing, and nothing was ever noted here', { in: 'A', offered: U3 }, 'behind, refused'],
    ['the cumulative one', { in: 'A', offered: U4, ledger: after(U1) }, 'apply'],
    [
      'the cumulative one, where one of it is imported',
      { in: 'B', offered: U4, ledger: after(U1, U2) },
      'skip-ahead',
    ],
    ['A, B, A in the mirror: the third', { in: 'B', offered: V3, ledger: after(U1, U2) }, 'apply'],
    [
      'A, B, A in the mirror: the second again, whose base is what is here',
      { in: 'A', offered: U2, ledger: back },
      'superseded, refused',
    ],
    [
      'A, B, A in the mirror: the first again, whose target is what is here',
      { in: 'A', offered: U1, ledger: back },
      'already-applied',
    ],
    [
      'A, B, A, B in the mirror: the fourth',
      { in: 'A', offered: V4, lineage: [U1, U2, V3], ledger: back },
      'apply',
    ],
    ['undone, and imported again', { in: 'A', offered: U2, ledger: undone(after(U1, U2), U2) }, 'apply'],
    [
      'undone, and the next one',
      { in: 'A', offered: U3, ledger: undone(after(U1, U2), U2) },
      'behind, refused',
    ],
    [
      'undone, and an update that was made of that',
      {
        ...{ in: 'A', offered: site(5, 'AC'), lineage: ALL },
        ledger: undone(after(U1, U2), U2),
      },
      'apply',
    ],
    [
      'the last one, though the copy was put back by hand to its base',
      { in: 'B', offered: U3, ledger: after(U1, U2, U3) },
      'apply',
    ],
    [
      'an earlier one, though the copy was put back by hand to its base',
      { in: 'A', offered: U2, ledger: after(U1, U2, U3) },
      'superseded, refused',
    ],
    [
      'an earlier one, on a copy that drifted, though drift is accepted',
      {
        ...{ in: 'C', offered: U2, ledger: after(U1, U2, U3) },
        permissions: { acceptDrift: true, local: stateOfContents({ ...STATES['C'], 'noarch/x.json': 'x' }) },
      },
      'superseded, refused',
    ],
    [
      'an earlier one, with --again, that the copy can go back to',
      { in: 'C', offered: site(2, 'AB'), ledger: after(U1, U2, U3), permissions: { again: true } },
      'superseded',
    ],
    [
      'an earlier one, with --again, on a copy that drifted',
      {
        ...{ in: 'C', offered: U2, ledger: after(U1, U2, U3) },
        permissions: { again: true, local: stateOfContents({ ...STATES['C'], 'noarch/x.json': 'x' }) },
      },
      'drifted, refused',
    ],
    [
      'one of an exporter whose ledger was begun anew: its number is lower, its date later',
      {
        ...{ in: 'C', offered: site(1, 'CB', { created: at(30) }), lineage: [] },
        ledger: after(U1, U2, U3),
      },
      'apply',
    ],
    [
      'one that nothing connects, of an earlier date',
      { in: 'C', offered: site(9, 'CB', { created: at(0) }), lineage: [], ledger: after(U1, U2, U3) },
      'superseded, refused',
    ],
    [
      'undone and imported again, of an exporter whose ledger was begun anew',
      {
        ...{ in: 'C', offered: site(1, 'CB', { created: at(30) }), lineage: [] },
        ledger: undone(
          imported(after(U1, U2, U3), site(1, 'CB', { created: at(30) }), []),
          site(1, 'CB', { created: at(30) }),
        ),
      },
      'apply',
    ],
    [
      'an earlier one, though the clock of the exporter went back in between',
      {
        ...{ in: 'C', offered: site(2, 'AB', { created: at(50) }), lineage: [U1] },
        ledger: imported(after(U1), U4, [U1, site(2, 'AB', { created: at(50) }), U3]),
      },
      'superseded, refused',
    ],
  ];
  for (const [what, one, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(outcome(moment(one)), expected));
  }

  it('what is old and has the target says nothing of the present', () => {
    const fit = fitOf(moment({ in: 'A', offered: U1, ledger: back }));
    assert.ok(fit.outcome === 'already-applied' && fit.isOld);
    const same = fitOf(moment({ in: 'B', offered: U2, ledger: after(U1, U2) }));
    assert.ok(same.outcome === 'already-applied' && !same.isOld);
  });

  it('behind: names the way, the shortest one, without what was withdrawn', () => {
    const D = { ...STATES['C'], 'noarch/d.conda': 'd' };
    const U5 = edge(5, digest('C'), stateOfContents(D).digest, { created: at(5) });
    const facts = (lineage: readonly Known[], ledger = after(U1)): Facts => ({
      ...factsOf({
        reference: referenceOf(stateOfContents(STATES['C']!), NO_GLOBS),
        ...{ target: D, local: STATES['A']!, known: U5, lineage },
      }),
      ledger,
    });
    assert.deepEqual(missingOf(fitOf(facts([U1, U2, U3]))), [2, 3]);
    assert.deepEqual(missingOf(fitOf(facts(ALL))), [4]);
    const withdrawn = { ...U4, withdrawn: true } as const;
    assert.deepEqual(missingOf(fitOf(facts([U1, U2, U3, withdrawn]))), [2, 3]);
    const heard = imported(after(U1), site(9, '0A', { created: at(0) }), [U2, U3, withdrawn]);
    assert.deepEqual(missingOf(fitOf(facts(ALL, heard))), [2, 3], 'the copy heard of it');
    assert.equal(missingOf(fitOf(facts([U1, { ...U2, withdrawn: true }, U3]))), undefined);
    assert.deepEqual(missingOf(fitOf({ ...facts(ALL), local: stateOfContents({}) })), [1, 4]);
  });

  it('knows the state of the copy by the digest under its former globs', () => {
    const local = stateOfContents({ ...STATES['A'], 'noarch/extra.json': 'now tracked' });
    const facts = { ...moment({ in: 'A', offered: U3, ledger: after(U1) }), local };
    assert.equal(outcome({ ...facts, digests: [local.digest] }), 'drifted, refused');
    const wiser = fitOf({ ...facts, digests: [local.digest, digest('A')] });
    assert.equal(wiser.outcome, 'behind');
    assert.deepEqual(missingOf(wiser), [2]);
  });
});

describe('fitOf, between sites', () => {
  const own = (sequence: number, way: string): Known =>
    edge(sequence, digest(way[0]!), digest(way[1]!), { created: at(sequence), site: 'b' });
  const ledger = imported(EMPTY_LEDGER, own(1, '0A'), []);
  const cases: readonly [what: string, moment: Moment, outcome: string][] = [
    ['of another site, and it would fit', { in: 'A', offered: U2, ledger }, 'other-site, refused'],
    [
      'of another site, as it was said',
      { in: 'A', offered: U2, ledger, permissions: { site: 'default' } },
      'apply',
    ],
    ['of another site, and nothing is known of this', { in: 'A', offered: U2 }, 'apply'],
    [
      'of another site than was said, and nothing else is known',
      { in: 'A', offered: U2, permissions: { site: 'b' } },
      'other-site, refused',
    ],
    ['of another site, and it would not fit', { in: 'A', offered: U3, ledger }, 'other-site, refused'],
    ['of another site, and nothing is to be done', { in: 'B', offered: U2, ledger }, 'already-applied'],
  ];
  for (const [what, one, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(outcome(moment(one)), expected));
  }

  it('nothing is noted of an update of another site', () => {
    const fit = fitOf(moment({ in: 'B', offered: U2, ledger }));
    assert.ok(fit.outcome === 'already-applied' && fit.isOld);
    assert.equal(fit.ownSite, 'b');
    assert.deepEqual(NO_PERMISSIONS, { again: false, acceptDrift: false, site: undefined });
  });
});
