import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { viewSite } from '../../exporter/ledger.js';
import type { LedgerEvent } from '../../exporter/ledger-events.js';
import { findUpdate, updatesToWithdraw } from '../../exporter/withdrawal.js';
import {
  base,
  confirmed,
  idOf,
  inherited,
  outcome,
  published,
  SITE,
  step,
} from '../support/ledger-events.js';
import { refuses } from '../support/refusal.js';

const PLACE = { repository: '/mirror', site: SITE };
const [one, two, three, fork] = [
  step(1, '', 'a'),
  step(2, 'a', 'b'),
  step(3, 'b', 'c'),
  step(4, 'a', 'd'),
] as const;
const CHAIN: readonly LedgerEvent[] = [base(''), ...[one, two, three].flatMap((update) => published(update))];
const FORKED = [...CHAIN, ...published(fork)];

const find = (text: string, events = CHAIN): number =>
  findUpdate(text, viewSite(events, SITE), PLACE).sequence;

describe('findUpdate', () => {
  const id = idOf(two);
  const found: readonly [what: string, text: string][] = [
    ['its number', '2'],
    ['its id', id],
    ['the beginning of its id', id.slice(0, 12)],
    ['seven digits', id.slice(0, 7)],
    ['capitals', id.slice(0, 12).toUpperCase()],
  ];
  for (const [what, text] of found) it(`by ${what}`, () => assert.equal(find(text), 2));

  const unknown = ['4', '0', id.slice(0, 6), `${id}0`, 'b'.repeat(12), '', '2.', 'update 2', '1e0'];
  for (const text of unknown) {
    it(`'${text}' is of none, and all are listed`, () => {
      const said =
        /^Site 'default' of \/mirror has no update [^]*\nupdate 1 of .*\nupdate 2 of .*\nupdate 3 of /;
      refuses(() => find(text), 'usage', said);
    });
  }

  it('a number is never the beginning of an id', () => {
    const digits = /^[0-9]+/.exec(id)?.[0] ?? '9';
    if (Number(digits) > 3) refuses(() => find(digits.slice(0, 6)), 'usage');
  });

  it('several ids with one beginning are named', () => {
    const { updates } = viewSite(CHAIN, SITE);
    const [first, second] = updates.map((update, n) => ({
      ...update,
      id: `abcdefa${String(n)}${update.id.slice(8)}`,
    }));
    const view = { ...viewSite(CHAIN, SITE), updates: [first!, second!] };
    refuses(
      () => findUpdate('abcdefa', view, PLACE),
      'usage',
      /^Several updates have an id that begins with abcdefa\nupdate 1 .*\nupdate 2 [^]*at least 7 digits/,
    );
    assert.equal(findUpdate('abcdefa1', view, PLACE).sequence, 2);
  });
});

describe('updatesToWithdraw', () => {
  const withdraw = (events: readonly LedgerEvent[], sequence: number, withLater = false): string => {
    const view = viewSite(events, SITE);
    const update = view.updates.find((known) => known.sequence === sequence)!;
    return updatesToWithdraw(view, update, withLater, PLACE)
      .map((known) => known.sequence)
      .join();
  };
  const cases: readonly [what: string, found: () => string, expected: string][] = [
    ['the last one', () => withdraw(CHAIN, 3), '3'],
    ['one and those that build on it, the last first', () => withdraw(CHAIN, 2, true), '3,2'],
    ['all', () => withdraw(CHAIN, 1, true), '3,2,1'],
    ['the last of another way', () => withdraw(FORKED, 3), '3'],
    ['a fork', () => withdraw(FORKED, 4), '4'],
    ['both ways', () => withdraw(FORKED, 1, true), '4,3,2,1'],
    [
      'one of which the later is withdrawn already',
      () => withdraw([...CHAIN, outcome('withdrawn', three)], 2),
      '2',
    ],
    ['after a confirmation of the one before', () => withdraw([...CHAIN, confirmed(one)], 2, true), '3,2'],
    ['one that was undone', () => withdraw([...CHAIN, confirmed(three), confirmed(three, 'b')], 3), '3'],
    ['one of an earlier ledger', () => withdraw([inherited(one), inherited(two), base('b')], 2), '2'],
  ];
  for (const [what, found, expected] of cases)
    it(`${what}: ${expected}`, () => assert.equal(found(), expected));

  it('not without those that build on it, which are listed', () => {
    const said =
      /^Later updates build on update 1\nupdate 2 of .*\nupdate 3 of [^]* {2}conda-diff-export withdraw \/mirror 1 --with-later$/;
    refuses(() => withdraw(CHAIN, 1), 'usage', said);
  });

  for (const [what, sequence, withLater] of [
    ['itself', 2, false],
    ['itself, though later ones are to go, too', 2, true],
    ['a later one', 1, true],
  ] as const) {
    it(`not what arrived: ${what}`, () => {
      const said =
        /^Update 2 arrived: site 'default' confirmed it\n[^]*undo <repository>[^]*confirm \/mirror/;
      refuses(() => withdraw([...CHAIN, confirmed(two)], sequence, withLater), 'usage', said);
    });
  }

  it('names the site where it is not the default one', () => {
    const events = [
      base('', { site: 'lab' }),
      ...published(step(1, '', 'a', 'lab')),
      ...published(step(2, 'a', 'b', 'lab')),
    ];
    const view = viewSite(events, 'lab');
    const place = { repository: '/mirror', site: 'lab' };
    refuses(
      () => updatesToWithdraw(view, view.updates[0]!, false, place),
      'usage',
      /withdraw \/mirror 1 --site lab --with-later$/,
    );
  });
});
