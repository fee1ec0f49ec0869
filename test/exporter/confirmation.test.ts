import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Judgement, judgeCode, judgeReceipt } from '../../exporter/confirmation.js';
import { viewSite } from '../../exporter/ledger.js';
import type { LedgerEvent } from '../../exporter/ledger-events.js';
import { siteNames } from '../../exporter/sites.js';
import { confirmationCode } from '../../shared/confirmation-code.js';
import type { Receipt } from '../../shared/receipt.js';
import { hashOf } from '../support/arbitrary.js';
import {
  AT,
  base,
  confirmed,
  idOf,
  published,
  SERIES,
  SITE,
  type Step,
  step,
} from '../support/ledger-events.js';

const [one, two, three] = [step(1, '', 'a'), step(2, 'a', 'b'), step(3, 'b', 'c')];
const lab = step(1, '', 'a', 'lab');
const chain = [
  ...[base(''), ...published(one), ...published(two), ...published(three)],
  ...[base('', { site: 'lab' }), ...published(lab)],
];
const counted = (counter: number, series = SERIES, written = AT) => ({
  ...{ series, counter, established: 'claimed' as const, written },
});

function viewsOf(events: readonly LedgerEvent[]) {
  return new Map(siteNames(events).map((name) => [name, viewSite(events, name)]));
}

function shown(judgement: Judgement): string {
  if (judgement.outcome === 'foreign' && 'sequence' in judgement)
    return `foreign ${judgement.sequence} after ${judgement.last}`;
  if (judgement.outcome === 'foreign') return `foreign ${judgement.site ?? ''}`.trim();
  if (judgement.outcome === 'already-confirmed') return `already${judgement.isNoted ? '' : ', noted'}`;
  return judgement.outcome === 'confirmed' ? judgement.statement.kind : judgement.outcome;
}

/** The receipt or code of an import, or of an undo that led to a state. */
function code(events: readonly LedgerEvent[], update: Step, undoneTo?: string): string {
  const text = confirmationCode(idOf(update), hashOf(undoneTo ?? update.to));
  return shown(judgeCode(text, SITE, viewsOf([...chain, ...events])));
}

function receipt(
  events: readonly LedgerEvent[],
  counter: number,
  update: Step,
  undoneTo?: string,
  { series = SERIES, at = AT } = {},
): string {
  const { sequence, site = SITE } = update;
  const digest = hashOf(undoneTo ?? update.to);
  const document: Receipt = {
    ...{ series, counter, kind: undoneTo === undefined ? 'import' : 'undo', at, established: 'claimed' },
    ...{ update: { id: idOf(update), site, sequence }, state: { digest, count: 1, bytes: 1 }, code: '' },
  };
  return shown(judgeReceipt(document, SITE, viewsOf([...chain, ...events])));
}

describe('judgeCode', () => {
  const cases: readonly [what: string, found: string, expected: string][] = [
    ['the first', code([], one), 'import'],
    ['one over others', code([], three), 'import'],
    ['a later one', code([confirmed(one)], three), 'import'],
    ['the same again', code([confirmed(two)], two), 'already'],
    ['an earlier one', code([confirmed(two)], one), 'old'],
    ['an undo', code([confirmed(two)], two, 'a'), 'undo'],
    ['an undo to another state than the base', code([confirmed(three)], three, 'a'), 'undo'],
    ['an undo of what was not confirmed', code([confirmed(two)], three, 'b'), 'undo'],
    ['the same undo again', code([confirmed(two), confirmed(two, 'a')], two, 'a'), 'already'],
    ['the import again after an undo', code([confirmed(two), confirmed(two, 'a')], two), 'import'],
    ['the state that the undo led to', code([confirmed(two), confirmed(two, 'a')], one), 'already'],
    ['an undo of an earlier one', code([confirmed(three)], two, 'a'), 'old'],
    ['of another site', code([], lab), 'foreign lab'],
    ['of another repository', code([], step(1, '', 'z')), 'foreign'],
    ['of a state that was never seen', code([], one, 'z'), 'foreign'],
  ];
  for (const [what, found, expected] of cases)
    it(`${what}: ${expected}`, () => assert.equal(found, expected));
});

describe('judgeReceipt', () => {
  const after3 = [confirmed(three, undefined, counted(4))];
  const [other, later, earlier] = ['b'.repeat(16), '2024-01-02T03:04:06Z', '2024-01-02T03:04:04Z'];
  const anew = [...after3, confirmed(three, undefined, counted(1, other, later))];
  const cases: readonly [what: string, found: string, expected: string][] = [
    ['the first', receipt([], 1, one), 'import'],
    ['the same file again', receipt(after3, 4, three), 'already'],
    ['the same statement with a later counter', receipt(after3, 5, three), 'already, noted'],
    ['an earlier counter', receipt(after3, 3, two), 'old'],
    [
      'an earlier counter of a later update',
      receipt([confirmed(one, undefined, counted(4))], 2, three),
      'old',
    ],
    ['the same counter with another statement', receipt(after3, 4, two), 'old'],
    ['an import that went back', receipt(after3, 5, one), 'import'],
    ['an undo', receipt(after3, 5, three, 'b'), 'undo'],
    [
      'an old import after the undo',
      receipt([...after3, confirmed(three, 'b', counted(5))], 4, three),
      'old',
    ],
    ['of a ledger that was begun anew', receipt(after3, 1, three, 'b', { series: other, at: later }), 'undo'],
    ['in the same second', receipt(after3, 1, three, 'b', { series: other }), 'undo'],
    ['of another ledger, and earlier', receipt(after3, 9, three, 'b', { series: other, at: earlier }), 'old'],
    ['the next of the ledger that was begun anew', receipt(anew, 2, three, 'b', { series: other }), 'undo'],
    ['the same counter in the series before', receipt(anew, 1, three, undefined), 'old'],
    ['a later one of the series before', receipt(anew, 9, two, undefined, { at: later }), 'old'],
    ['after a code', receipt([confirmed(three)], 1, three), 'already, noted'],
    ['an undo to a state that was never seen', receipt([], 1, one, 'z'), 'unknown-state'],
    ['of another site', receipt([], 1, lab), 'foreign lab'],
    ['of a site that is not known', receipt([], 1, step(1, '', 'a', 'field')), 'foreign'],
    ['of an update that is not known', receipt([], 1, step(2, 'c', 'z')), 'foreign'],
    ['of an update after the last', receipt([], 1, step(4, 'c', 'z')), 'foreign 4 after 3'],
  ];
  for (const [what, found, expected] of cases)
    it(`${what}: ${expected}`, () => assert.equal(found, expected));

  it('an import that does not lead to the state that it states is of an unknown state', () => {
    const wrong: Receipt = {
      ...{ series: SERIES, counter: 1, kind: 'import', at: AT, established: 'claimed', code: '' },
      update: { id: idOf(one), site: SITE, sequence: 1 },
      state: { digest: hashOf('b'), count: 1, bytes: 1 },
    };
    assert.equal(judgeReceipt(wrong, SITE, viewsOf(chain)).outcome, 'unknown-state');
  });
});
