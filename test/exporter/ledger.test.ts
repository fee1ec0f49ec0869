import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LedgerEvent, SiteView } from '../../exporter/ledger.js';
import { viewSite } from '../../exporter/ledger.js';
import { documentValidator } from '../../shared/schema.js';
import { hashOf } from '../support/arbitrary.js';
import { refuses } from '../support/refusal.js';

const AT = '2024-01-02T03:04:05Z';
const site = 'default';

const base = (
  state: string,
  changes: Partial<Extract<LedgerEvent, { event: 'base' }>> = {},
): LedgerEvent => ({
  ...{
    event: 'base',
    site,
    digest: hashOf(state),
    scope: 'all',
    how: 'empty',
    sequence: 0,
    ignore: [],
    include: [],
    at: AT,
  },
  ...changes,
});
const planned = (
  sequence: number,
  from: string,
  to: string,
  changes: Partial<Extract<LedgerEvent, { event: 'planned' }>> = {},
): LedgerEvent => ({
  ...{
    event: 'planned',
    site,
    id: hashOf(String(sequence)),
    sequence,
    base: hashOf(from),
    baseScope: 'all',
    target: hashOf(to),
  },
  ...{ ignore: [], include: [], manifest: `/out/${String(sequence)}.manifest.json`, at: AT },
  ...changes,
});
const outcome = (event: 'published' | 'dropped' | 'withdrawn', sequence: number): LedgerEvent => ({
  event,
  site,
  id: hashOf(String(sequence)),
  at: AT,
});
const published = (sequence: number, from: string, to: string, changes = {}): LedgerEvent[] => [
  planned(sequence, from, to, changes),
  outcome('published', sequence),
];

/** `assumed #sequence [published] pending`. */
function show({ assumed, sequence, updates, pending }: SiteView): string {
  const state = ['', 'a', 'b', 'c', 'd'].find((name) => hashOf(name) === assumed?.digest);
  const name =
    assumed === undefined
      ? 'none'
      : `${state === '' ? 'empty' : (state ?? '?')}${assumed.scope === 'all' ? '' : `(${assumed.scope})`}`;
  const list = updates.map((update) => update.sequence).join();
  return `${name} #${String(sequence)} [${list}]${pending === undefined ? '' : ` ${String(pending.sequence)}`}`;
}

describe('viewSite', () => {
  const cases: readonly [what: string, events: readonly LedgerEvent[], view: string][] = [
    ['nothing', [], 'none #0 []'],
    ['a first base', [base('')], 'empty #0 []'],
    ['a first base from an update of another exporter', [base('a', { how: 'from', sequence: 7 })], 'a #7 []'],
    ['a partial first base', [base('a', { how: 'in-sync', scope: 'artifacts' })], 'a(artifacts) #0 []'],
    ['planned', [base(''), planned(1, '', 'a')], 'empty #1 [] 1'],
    ['published', [base(''), ...published(1, '', 'a')], 'a #1 [1]'],
    ['published twice', [base(''), ...published(1, '', 'a'), ...published(2, 'a', 'b')], 'b #2 [1,2]'],
    ['dropped', [base(''), planned(1, '', 'a'), outcome('dropped', 1)], 'empty #1 []'],
    [
      'dropped, then published',
      [base(''), planned(1, '', 'a'), outcome('dropped', 1), ...published(2, '', 'a')],
      'a #2 [2]',
    ],
    [
      'another one dropped than planned',
      [base(''), planned(2, '', 'a'), outcome('dropped', 1)],
      'empty #2 [] 2',
    ],
    [
      'another one published than planned',
      [base(''), planned(2, '', 'a'), outcome('published', 1)],
      'empty #2 [] 2',
    ],
    ['published without a plan', [base(''), outcome('published', 1)], 'empty #0 []'],
    ['withdrawn', [base(''), ...published(1, '', 'a'), outcome('withdrawn', 1)], 'empty #1 []'],
    [
      'withdrawn, the last',
      [base(''), ...published(1, '', 'a'), ...published(2, 'a', 'b'), outcome('withdrawn', 2)],
      'a #2 [1]',
    ],
    [
      'withdrawn, not the last',
      [base(''), ...published(1, '', 'a'), ...published(2, 'a', 'b'), outcome('withdrawn', 1)],
      'b #2 [2]',
    ],
    ['withdrawn, one unknown', [base(''), ...published(1, '', 'a'), outcome('withdrawn', 9)], 'a #1 [1]'],
    [
      'withdrawn, both',
      [
        base(''),
        ...published(1, '', 'a'),
        ...published(2, 'a', 'b'),
        outcome('withdrawn', 2),
        outcome('withdrawn', 1),
      ],
      'empty #2 []',
    ],
    [
      'withdrawn, and published anew',
      [base(''), ...published(1, '', 'a'), outcome('withdrawn', 1), ...published(2, '', 'b')],
      'b #2 [2]',
    ],
    [
      'withdrawn, back to a partial base',
      [
        base('a', { scope: 'tar.bz2' }),
        ...published(1, 'a', 'b', { baseScope: 'tar.bz2' }),
        outcome('withdrawn', 1),
      ],
      'a(tar.bz2) #1 []',
    ],
    [
      'an update from another base',
      [base(''), ...published(1, '', 'a'), ...published(2, 'c', 'd'), outcome('withdrawn', 2)],
      'c #2 [1]',
    ],
    ['another site', [base('', { site: 'other' }), { ...planned(5, '', 'a'), site: 'other' }], 'none #0 []'],
  ];
  for (const [what, events, view] of cases) {
    it(`${what}: ${view}`, () => assert.equal(show(viewSite(events, site)), view));
  }

  it('has the globs of the last update that stands, or of the first base', () => {
    const first = { ignore: ['first'], include: [] };
    const second = { ignore: [], include: ['second'] };
    const events = [base('', first), ...published(1, '', 'a', second)];
    assert.equal(viewSite([], site).globs, undefined);
    assert.deepEqual(viewSite(events.slice(0, 1), site).globs, first);
    assert.deepEqual(viewSite(events.slice(0, 2), site).globs, first);
    assert.deepEqual(viewSite(events, site).globs, second);
    assert.deepEqual(viewSite([...events, outcome('withdrawn', 1)], site).globs, first);
    const more = [...events, ...published(2, 'a', 'b', first), outcome('withdrawn', 2)];
    assert.deepEqual(viewSite(more, site).globs, second);
  });
});

describe('the lineage of a site', () => {
  const shown = (events: readonly LedgerEvent[]): string =>
    viewSite(events, site)
      .lineage.map(({ sequence, withdrawn }) => `${String(sequence)}${withdrawn ? '!' : ''}`)
      .join(' ');
  const inherited = (sequence: number, from: string, to: string, withdrawn?: true): LedgerEvent => ({
    ...{ event: 'inherited', site, id: hashOf(String(sequence)), sequence, base: hashOf(from) },
    ...{ target: hashOf(to), created: '2023-01-02T03:04:05Z', ...(withdrawn && { withdrawn }), at: AT },
  });

  it('has what was published, withdrawn or not, and nothing that was dropped or is planned', () => {
    const two = [base(''), ...published(1, '', 'a'), ...published(2, 'a', 'b')];
    assert.equal(shown(two), '1 2');
    assert.equal(shown([...two, outcome('withdrawn', 2)]), '1 2!');
    assert.equal(shown([...two, outcome('withdrawn', 1)]), '1! 2');
    assert.equal(shown([...two, planned(3, 'b', 'c')]), '1 2');
    assert.equal(shown([...two, planned(3, 'b', 'c'), outcome('dropped', 3)]), '1 2');
    assert.deepEqual(viewSite(two, site).lineage[1], {
      ...{ id: hashOf('2'), sequence: 2, base: hashOf('a'), target: hashOf('b'), created: AT },
    });
  });

  it('has what an earlier ledger knew; numbers go on above it', () => {
    const events = [inherited(3, '', 'a'), inherited(7, 'a', 'b', true), base('a', { how: 'from' })];
    assert.equal(shown(events), '3 7!');
    assert.equal(show(viewSite(events, site)), 'a #7 []');
    assert.equal(shown([...events, ...published(8, 'a', 'c')]), '3 7! 8');
    assert.equal(viewSite(events, site).lineage[0]?.created, '2023-01-02T03:04:05Z');
  });
});

describe('a stored field of the ledger is a checked field:', () => {
  const good: readonly LedgerEvent[] = [
    base('a'),
    planned(1, '', 'a'),
    ...(['published', 'dropped', 'withdrawn'] as const).map((event) => outcome(event, 1)),
    {
      ...{ event: 'inherited', site, id: hashOf('1'), sequence: 1, base: hashOf(''), target: hashOf('a') },
      ...{ created: AT, withdrawn: true, at: AT },
    },
  ];
  const optional = ['withdrawn'];
  const wrong: Readonly<Record<string, unknown>> = {
    event: 'other',
    site: '../x',
    digest: 'x',
    scope: 'some',
    how: 'magic',
    sequence: -1,
    ignore: 'x',
    include: [''],
    at: 'now',
    id: 'x',
    base: hashOf('').toUpperCase(),
    baseScope: 'none',
    target: 3,
    manifest: '',
    created: '2024',
    withdrawn: false,
  };
  for (const event of good) {
    it(event.event, async () => {
      const validate = await documentValidator<LedgerEvent>('ledger', 'integrity');
      assert.deepEqual(validate(event, 'ledger'), event);
      for (const key of Object.keys(event)) {
        refuses(() => validate({ ...event, [key]: wrong[key] }, 'ledger'), 'integrity', /^ledger: /);
        if (optional.includes(key)) continue;
        const rest = Object.fromEntries(Object.entries(event).filter(([name]) => name !== key));
        refuses(() => validate(rest, 'ledger'), 'integrity', /^ledger: /);
      }
      refuses(() => validate({ ...event, more: 1 }, 'ledger'), 'integrity', /^ledger: /);
    });
  }
});
