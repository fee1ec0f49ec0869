import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LedgerEvent } from '../../exporter/ledger-events.js';
import { ledgerProblem } from '../../exporter/ledger-problems.js';
import { hashOf } from '../support/arbitrary.js';
import { base, confirmed, inherited, outcome, planned, published, step } from '../support/ledger-events.js';

const [one, two] = [step(1, '', 'a'), step(2, 'a', 'b')];
const begun = [base(''), ...published(one)];

describe('ledgerProblem', () => {
  const right: readonly [what: string, events: readonly LedgerEvent[]][] = [
    ['nothing', []],
    ['an update after a base', begun],
    ['an update without a first base', published(one)],
    [
      'a dropped update, and another',
      [base(''), planned(one), outcome('dropped', one), ...published(step(2, '', 'a'))],
    ],
    ['a base after an update that was dropped', [planned(one), outcome('dropped', one), base('')]],
    [
      'history that is inherited, and goes on',
      [inherited(one), base('a', { sequence: 1 }), ...published(two)],
    ],
    [
      'history that is inherited after an update that was dropped',
      [
        planned(step(7, '', 'b')),
        outcome('dropped', step(7, '', 'b')),
        inherited(one),
        base('a', { sequence: 1 }),
      ],
    ],
    ['withdrawn, and confirmed all the same', [...begun, outcome('withdrawn', one), confirmed(one)]],
    ['undone to the first base', [...begun, confirmed(one, '')]],
    [
      'two sites that do the same, one within the other',
      [
        ...[base(''), base('', { site: 'lab' }), planned(one), planned(step(1, '', 'a', 'lab'))],
        ...[outcome('published', step(1, '', 'a', 'lab')), outcome('published', one)],
      ],
    ],
  ];
  for (const [what, events] of right)
    it(`none: ${what}`, () => assert.equal(ledgerProblem(events), undefined));

  const wrong: readonly [events: readonly LedgerEvent[], at: number, problem: RegExp][] = [
    [[base(''), base('a')], 1, /the first base is set twice/],
    [[...begun, base('')], 3, /the first base is set twice/],
    [[...published(one), base('')], 2, /the first base is set twice/],
    [[base(''), inherited(one)], 1, /inherited after the first base/],
    [[inherited(two), inherited(one)], 1, /update 1 stands after update 2/],
    [[inherited(one), inherited(one)], 1, /update 1 stands after update 1/],
    [[{ ...inherited(one), target: hashOf('b') }], 0, /id: expected [0-9a-f]{64}, found/],
    [[base(''), planned(one), planned(two)], 2, /update 1 has not ended/],
    [[...begun, planned(step(1, 'a', 'b'))], 3, /update 1 stands after update 1/],
    [[base('', { sequence: 5 }), planned(step(5, '', 'a'))], 1, /update 5 stands after update 5/],
    [[base(''), planned(one, { sequence: 2 })], 1, /id: expected/],
    [[base(''), planned(one, { base: hashOf('b') })], 1, /id: expected/],
    [[base(''), { ...planned(one), site: 'lab' }], 1, /id: expected/],
    [[base(''), outcome('published', one)], 1, /no update [0-9a-f]{64} is planned/],
    [[base(''), planned(two), outcome('published', one)], 2, /no update [0-9a-f]{64} is planned/],
    [[base(''), planned(two), outcome('dropped', one)], 2, /no update [0-9a-f]{64} is planned/],
    [[...begun, outcome('dropped', one)], 3, /no update [0-9a-f]{64} is planned/],
    [[...begun, outcome('withdrawn', two)], 3, /there is no update [0-9a-f]{64}/],
    [[base(''), planned(one), outcome('withdrawn', one)], 2, /there is no update [0-9a-f]{64}/],
    [[...begun, outcome('withdrawn', one), outcome('withdrawn', one)], 4, /update 1 is withdrawn twice/],
    [[...begun, confirmed(two)], 3, /there is no update [0-9a-f]{64}/],
    [[...begun, { ...confirmed(one), digest: hashOf('b') }], 3, /it does not lead to [0-9a-f]{64}/],
    [[...begun, confirmed(one, 'x')], 3, /there is no state [0-9a-f]{64}/],
  ];
  for (const [events, at, problem] of wrong) {
    it(`${events.map(({ event }) => event).join(', ')}: ${problem.source}`, () => {
      const found = ledgerProblem(events);
      assert.equal(found?.at, at);
      assert.match(found.problem, problem);
    });
  }
});
