import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { viewSite } from '../../exporter/ledger.js';
import type { ConfirmedEvent, LedgerEvent } from '../../exporter/ledger-events.js';
import { globsInForce, inFlight, laterOnes, lineageOf } from '../../exporter/site-updates.js';
import { baseOf, type KnownState, type SiteView, targetOf } from '../../exporter/site-view.js';
import { documentValidator } from '../../shared/schema.js';
import { hashOf } from '../support/arbitrary.js';
import {
  AT,
  base,
  confirmed,
  idOf,
  inherited,
  outcome,
  planned,
  published,
  SERIES,
  SITE,
  step,
} from '../support/ledger-events.js';
import { refuses } from '../support/refusal.js';

const receipt = (counter: number, series = SERIES) => ({
  ...{ series, counter, established: 'claimed' as const, written: AT },
});

/** `a2`: the state a after update 2; a scope that is not all in brackets. */
function name(state: KnownState | undefined): string {
  if (state === undefined) return 'none';
  const letter = ['', 'a', 'b', 'c', 'd', 'x'].find((one) => hashOf(one) === state.digest);
  const scope = state.known?.scope ?? 'unknown';
  return `${letter === '' ? 'empty' : (letter ?? '?')}${state.sequence}${scope === 'all' ? '' : `(${scope})`}`;
}

/** `assumed confirmed #sequence [updates] pending`; an update that is withdrawn, imported or undone is `1!`, `1+`, `1-`. */
function show({ assumed, confirmed, sequence, updates, pending }: SiteView): string {
  const list = updates.map((one) => {
    const mark = { import: '+', undo: '-', none: '' }[one.confirmed ?? 'none'];
    return `${one.sequence}${mark}${one.withdrawn ? '!' : ''}`;
  });
  const sure = confirmed === undefined ? '' : ` =${name(confirmed.state)}`;
  return `${name(assumed)}${sure} #${sequence} [${list.join()}]${pending === undefined ? '' : ` ${pending.sequence}`}`;
}

const [one, two, three] = [step(1, '', 'a'), step(2, 'a', 'b'), step(3, 'b', 'c')];
const chain = [base(''), ...published(one), ...published(two), ...published(three)];

describe('viewSite', () => {
  const cases: readonly [what: string, events: readonly LedgerEvent[], view: string][] = [
    ['nothing', [], 'none #0 []'],
    ['a first base', [base('')], 'empty0 #0 []'],
    ['a first base from an update of another ledger', [base('a', { how: 'from', sequence: 7 })], 'a7 #7 []'],
    ['a partial first base', [base('a', { how: 'in-sync', scope: 'artifacts' })], 'a0(artifacts) #0 []'],
    ['planned', [base(''), planned(one)], 'empty0 #1 [] 1'],
    ['published', [base(''), ...published(one)], 'a1 #1 [1]'],
    ['published twice', [base(''), ...published(one), ...published(two)], 'b2 #2 [1,2]'],
    ['dropped', [base(''), planned(one), outcome('dropped', one)], 'empty0 #1 []'],
    [
      'dropped, then published',
      [base(''), planned(one), outcome('dropped', one), ...published(step(2, '', 'a'))],
      'a2 #2 [2]',
    ],
    ['withdrawn', [base(''), ...published(one), outcome('withdrawn', one)], 'empty0 #1 [1!]'],
    ['withdrawn, the last', [...chain, outcome('withdrawn', three)], 'b2 #3 [1,2,3!]'],
    ['withdrawn, not the last', [...chain, outcome('withdrawn', two)], 'c3 #3 [1,2!,3]'],
    [
      'withdrawn, one after the other',
      [...chain, outcome('withdrawn', three), outcome('withdrawn', two), outcome('withdrawn', one)],
      'empty0 #3 [1!,2!,3!]',
    ],
    [
      'withdrawn, and published anew',
      [base(''), ...published(one), outcome('withdrawn', one), ...published(step(2, '', 'b'))],
      'b2 #2 [1!,2]',
    ],
    [
      'withdrawn, back to a partial base',
      [
        base('a', { scope: 'tar.bz2' }),
        ...published(step(1, 'a', 'b'), { baseScope: 'tar.bz2' }),
        outcome('withdrawn', step(1, 'a', 'b')),
      ],
      'a0(tar.bz2) #1 [1!]',
    ],
    [
      'withdrawn, back to a base that a reference told of',
      [...chain, ...published(step(4, 'x', 'd')), outcome('withdrawn', step(4, 'x', 'd'))],
      'x3 #4 [1,2,3,4!]',
    ],
    [
      'withdrawn after that, the assumed state not being its target',
      [
        ...[...chain, ...published(step(4, 'x', 'd'))],
        ...[outcome('withdrawn', step(4, 'x', 'd')), outcome('withdrawn', three)],
      ],
      'x3 #4 [1,2,3!,4!]',
    ],
    [
      'withdrawn, its base being older than what was confirmed since',
      [...chain, confirmed(two), ...published(step(4, 'a', 'd')), outcome('withdrawn', step(4, 'a', 'd'))],
      'b2 =b2 #4 [1,2+,3,4!]',
    ],
    ['another site', [base('', { site: 'other' }), ...published(step(5, '', 'a', 'other'))], 'none #0 []'],
    ['inherited', [inherited(one), inherited(two, true), base('a', { sequence: 2 })], 'a2 #2 [1,2!]'],
    ['confirmed', [...chain, confirmed(three)], 'c3 =c3 #3 [1,2,3+]'],
    ['confirmed, later ones in flight', [...chain, confirmed(one)], 'c3 =a1 #3 [1+,2,3]'],
    ['confirmed, one after the other', [...chain, confirmed(one), confirmed(two)], 'c3 =b2 #3 [1+,2+,3]'],
    [
      'confirmed although it was withdrawn',
      [...chain, outcome('withdrawn', three), confirmed(three)],
      'c3 =c3 #3 [1,2,3+]',
    ],
    ['undone', [...chain, confirmed(three), confirmed(three, 'b')], 'b2 =b2 #3 [1,2,3-]'],
    ['undone before the import was confirmed', [...chain, confirmed(three, 'b')], 'b2 =b2 #3 [1,2,3-]'],
    ['undone, a later one in flight', [...chain, confirmed(two), confirmed(two, 'a')], 'a1 =a1 #3 [1,2-,3]'],
    [
      'undone, to the state before a cumulative update',
      [...chain, ...published(step(4, 'a', 'd')), confirmed(step(4, 'a', 'd'), 'b')],
      'b2 =b2 #4 [1,2,3,4-]',
    ],
    [
      'undone and imported again',
      [...chain, confirmed(three), confirmed(three, 'b'), confirmed(three)],
      'c3 =c3 #3 [1,2,3+]',
    ],
    [
      'undone, and another one published from there',
      [...chain, confirmed(three, 'b'), ...published(step(4, 'b', 'd'))],
      'd4 =b2 #4 [1,2,3-,4]',
    ],
    [
      'undone back to the base that a reference told of',
      [...chain, ...published(step(4, 'x', 'd')), confirmed(step(4, 'x', 'd'), 'x')],
      'x3 =x3 #4 [1,2,3,4-]',
    ],
    [
      'undone although it was withdrawn',
      [...chain, outcome('withdrawn', three), confirmed(three, 'b')],
      'b2 =b2 #3 [1,2,3-!]',
    ],
    ['gone back by an import', [...chain, confirmed(three), confirmed(one)], 'a1 =a1 #3 [1+,2,3+]'],
    [
      'a circle: the latest update that led to a state counts',
      [
        base(''),
        ...published(one),
        ...published(two),
        ...published(step(3, 'b', 'a')),
        confirmed(step(3, 'b', 'a')),
      ],
      'a3 =a3 #3 [1,2,3+]',
    ],
  ];
  for (const [what, events, view] of cases) {
    it(`${what}: ${view}`, () => assert.equal(show(viewSite(events, SITE)), view));
  }

  it('knows the highest counter that a receipt had, and the series that ended', () => {
    const heard = (...events: LedgerEvent[]): string => {
      const { receipts } = viewSite([...chain, ...events], SITE);
      if (receipts === undefined) return 'none';
      assert.equal(receipts.written, AT);
      const { series, counter, ended } = receipts;
      return [...ended, `${series}:${counter}`].map((text) => text.replaceAll(SERIES, 's')).join(' ');
    };
    const [four, three, other] = [receipt(4), receipt(3), receipt(1, 'b'.repeat(16))].map((one) =>
      confirmed(two, undefined, one),
    ) as [ConfirmedEvent, ConfirmedEvent, ConfirmedEvent];
    assert.equal(heard(), 'none');
    assert.equal(heard(confirmed(one)), 'none');
    assert.equal(heard(four), 's:4');
    assert.equal(heard(four, confirmed(two)), 's:4');
    assert.equal(heard(four, three), 's:4');
    assert.equal(heard(four, other), `s ${'b'.repeat(16)}:1`);
  });

  it('knows under which globs and scope a state is known', () => {
    const globs = { ignore: ['x'], include: ['y'] };
    const changes = { baseScope: 'artifacts', baseIgnore: ['b'], baseInclude: ['i'], ...globs } as const;
    const view = viewSite([base(''), ...published(one, changes)], SITE);
    const [update] = view.updates;
    assert.ok(update);
    assert.deepEqual(targetOf(update).known, { scope: 'all', globs });
    const before = { scope: 'artifacts', globs: { ignore: ['b'], include: ['i'] } };
    assert.deepEqual(baseOf(view, update).known, before);
    const heir = viewSite([inherited(one), base('a', { sequence: 1 })], SITE);
    assert.equal(heir.updates[0] && targetOf(heir.updates[0]).known, undefined);
  });
});

describe('globsInForce', () => {
  it('are those of the last update that stands, or those that came with the first base', () => {
    const inForce = (...events: LedgerEvent[]) => globsInForce(viewSite(events, SITE));
    const first = { ignore: ['first'], include: [] };
    const second = { ignore: [], include: ['second'] };
    const begin = base('', { ...first, baseIgnore: ['known'] });
    assert.equal(inForce(), undefined);
    assert.deepEqual(inForce(begin), first);
    assert.deepEqual(inForce(begin, planned(one, second)), first);
    assert.deepEqual(inForce(begin, ...published(one, second)), second);
    assert.deepEqual(inForce(begin, ...published(one, second), outcome('withdrawn', one)), first);
    const more = [begin, ...published(one, second), ...published(two, first)];
    assert.deepEqual(inForce(...more), first);
    assert.deepEqual(inForce(...more, outcome('withdrawn', two)), second);
    assert.deepEqual(inForce(inherited(one), base('a', { sequence: 1, ...second })), second);
  });
});

describe('the updates of a site', () => {
  const numbers = (updates: readonly { readonly sequence: number }[]): string =>
    updates.map(({ sequence }) => sequence).join(' ');

  it('lineage: what was published, withdrawn or not, and nothing that was dropped or is planned', () => {
    const shown = (...events: LedgerEvent[]): string =>
      lineageOf(viewSite(events, SITE))
        .map(({ sequence, withdrawn }) => `${sequence}${withdrawn ? '!' : ''}`)
        .join(' ');
    const four = step(4, 'c', 'd');
    assert.equal(shown(...chain), '1 2 3');
    assert.equal(shown(...chain, outcome('withdrawn', two)), '1 2! 3');
    assert.equal(shown(...chain, planned(four)), '1 2 3');
    assert.equal(shown(...chain, planned(four), outcome('dropped', four)), '1 2 3');
    assert.equal(
      shown(inherited(one), inherited(two, true), base('a'), ...published(step(8, 'a', 'c'))),
      '1 2! 8',
    );
    assert.deepEqual(lineageOf(viewSite([...chain, confirmed(two)], SITE))[1], {
      ...{ id: idOf(two), sequence: 2, base: hashOf('a'), target: hashOf('b'), created: AT },
    });
    assert.equal(lineageOf(viewSite([inherited(one), base('a')], SITE))[0]?.created, '2023-01-02T03:04:05Z');
  });

  it('in flight: what was published after the confirmed state, and neither withdrawn nor undone', () => {
    const flying = (...events: LedgerEvent[]): string => numbers(inFlight(viewSite(events, SITE)));
    assert.equal(flying(...chain), '1 2 3');
    assert.equal(flying(...chain, confirmed(two)), '3');
    assert.equal(flying(...chain, confirmed(three)), '');
    assert.equal(flying(...chain, outcome('withdrawn', three)), '1 2');
    assert.equal(flying(...chain, confirmed(two), confirmed(two, 'a')), '3');
    assert.equal(flying(inherited(one), inherited(two), base('b', { sequence: 2 })), '');
    assert.equal(flying(inherited(one), base('a', { sequence: 1 }), ...published(two)), '2');
  });

  it('later ones: those that build on an update, directly or over others', () => {
    const later = (sequence: number, ...events: LedgerEvent[]): string => {
      const view = viewSite(events, SITE);
      const update = view.updates.find((candidate) => candidate.sequence === sequence);
      assert.ok(update);
      return numbers(laterOnes(view, update));
    };
    assert.equal(later(1, ...chain), '2 3');
    assert.equal(later(3, ...chain), '');
    assert.equal(later(1, ...chain, outcome('withdrawn', three)), '2');
    const fork = [...chain, ...published(step(4, 'a', 'd')), ...published(step(5, 'd', 'x'))];
    assert.equal(later(2, ...fork), '3');
    assert.equal(later(1, ...fork), '2 3 4 5');
    assert.equal(later(3, ...chain, ...published(step(4, 'x', 'd'))), '');
    const circle = [base(''), ...published(one), ...published(two), ...published(step(3, 'b', 'a'))];
    assert.equal(later(1, ...circle, ...published(step(4, 'a', 'c'))), '2 3 4');
    assert.equal(later(3, ...circle, ...published(step(4, 'a', 'c'))), '4');
    assert.equal(later(1, ...chain.slice(0, 3), ...published(step(2, 'a', 'a'))), '2');
  });
});

describe('a stored field of the ledger is a checked field:', () => {
  const good: readonly LedgerEvent[] = [
    base('a'),
    planned(one),
    ...(['published', 'dropped', 'withdrawn'] as const).map((event) => outcome(event, one)),
    inherited(one, true),
    confirmed(one, undefined, receipt(3)),
  ];
  const wrong: Readonly<Record<string, unknown>> = {
    ...{ event: 'other', site: '../x', digest: 'x', scope: 'some', how: 'magic', sequence: -1, ignore: 'x' },
    ...{ include: [''], at: 'now', id: 'x', base: hashOf('').toUpperCase(), baseScope: 'none', target: 3 },
    ...{ baseIgnore: {}, baseInclude: [1], manifest: '', created: '2024', withdrawn: false, kind: 'gift' },
    ...{ by: 'word', series: 'x', counter: 0, established: 'guessed', written: '' },
  };
  /** May be missing; of a confirmation all four are there or none. */
  const optional = ['withdrawn'];
  for (const event of good) {
    it(event.event, async () => {
      const validate = await documentValidator<LedgerEvent>('ledger', 'integrity');
      assert.deepEqual(validate(event, 'ledger'), event);
      for (const key of Object.keys(event)) {
        refuses(() => validate({ ...event, [key]: wrong[key] }, 'ledger'), 'integrity', /^ledger: /);
        if (optional.includes(key)) continue;
        const rest = Object.fromEntries(Object.entries(event).filter(([field]) => field !== key));
        refuses(() => validate(rest, 'ledger'), 'integrity', /^ledger: /);
      }
      refuses(() => validate({ ...event, more: 1 }, 'ledger'), 'integrity', /^ledger: /);
    });
  }

  it('a confirmation by code has nothing of a receipt', async () => {
    const validate = await documentValidator<LedgerEvent>('ledger', 'integrity');
    assert.deepEqual(validate(confirmed(one), 'ledger'), confirmed(one));
  });
});
