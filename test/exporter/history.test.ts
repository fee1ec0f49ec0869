import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { historyLine, historyOf } from '../../exporter/history.js';
import type { LedgerEvent } from '../../exporter/ledger-events.js';
import { shortDigest } from '../../shared/state.js';
import { hashOf } from '../support/arbitrary.js';
import {
  AT,
  base,
  confirmed,
  inherited,
  outcome,
  planned,
  published,
  step,
} from '../support/ledger-events.js';

const [one, two] = [step(1, '', 'a'), step(2, 'a', 'b')] as const;
const [empty, a, b] = ['', 'a', 'b'].map((state) => shortDigest(hashOf(state))) as [string, string, string];

/** The lines without the time and the site that all of them begin with. */
function told(events: readonly LedgerEvent[], site = 'default'): string[] {
  return historyOf(events).map((entry) => {
    assert.equal(entry.at, AT);
    const line = historyLine(entry);
    const begin = `${AT}  ${entry.site}  `;
    assert.ok(line.startsWith(begin), line);
    return entry.site === site ? line.slice(begin.length) : line;
  });
}

describe('the history of a ledger', () => {
  const cases: readonly [what: string, events: readonly LedgerEvent[], lines: readonly string[]][] = [
    ['nothing', [], []],
    ['the first base', [base('')], [`first base: state ${empty}`]],
    ['a plan and its end are one line', published(one), [`update 1 from state ${empty} to ${a}`]],
    [
      'a plan that is under way',
      [planned(two)],
      [`update 2 from state ${a} to ${b}: its writing was interrupted, or goes on`],
    ],
    ['one that was dropped', [planned(two), outcome('dropped', two)], ['update 2 was not completed']],
    [
      'one that was withdrawn',
      [...published(two), outcome('withdrawn', two)],
      [`update 2 from state ${a} to ${b}`, 'update 2 was withdrawn'],
    ],
    [
      'of an earlier ledger',
      [inherited(one), inherited(two, true)],
      [
        `update 1 from state ${empty} to ${a}, of an earlier ledger`,
        `update 2 from state ${a} to ${b}, of an earlier ledger`,
      ],
    ],
    [
      'an import and its undo',
      [...published(two), confirmed(two), confirmed(two, 'a')],
      [
        `update 2 from state ${a} to ${b}`,
        `confirmed: update 2 was imported, state ${b}`,
        `confirmed: update 2 was undone, state ${a}`,
      ],
    ],
    [
      'a confirmation of one of an earlier ledger',
      [inherited(one), confirmed(one)],
      [
        `update 1 from state ${empty} to ${a}, of an earlier ledger`,
        `confirmed: update 1 was imported, state ${a}`,
      ],
    ],
  ];
  for (const [what, events, lines] of cases) it(what, () => assert.deepEqual(told(events), lines));

  it('tells sites apart that have the same numbers, and puts what is under way last', () => {
    const lab = step(1, '', 'b', 'lab');
    const events = [planned(one), base('', { site: 'lab' }), ...published(lab)];
    const sites = historyOf(events).map(({ site, what, sequence, to }) => [site, what, sequence, to]);
    assert.deepEqual(sites, [
      ['lab', 'base', null, hashOf('')],
      ['lab', 'published', 1, hashOf('b')],
      ['default', 'pending', 1, hashOf('a')],
    ]);
  });

  it('says whether an import or an undo was confirmed, and of which update', () => {
    const [, entry] = historyOf([...published(two), confirmed(two, 'a')]);
    const { what, sequence, from, to, kind } = entry!;
    assert.deepEqual([what, sequence, from, to, kind], ['confirmed', 2, null, hashOf('a'), 'undo']);
  });
});
