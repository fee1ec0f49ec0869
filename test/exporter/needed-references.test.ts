import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LedgerEvent } from '../../exporter/ledger-events.js';
import { neededReferences } from '../../exporter/needed-references.js';
import { hashOf } from '../support/arbitrary.js';
import { base, confirmed, outcome, planned, published, step } from '../support/ledger-events.js';

/** `s0` is the first base, `s<n>` what update n leads to from the one before. */
const update = (n: number, site?: string) => step(n, `s${n - 1}`, `s${n}`, site);
const updates = (count: number, site?: string): LedgerEvent[] => [
  base('s0', site === undefined ? {} : { site }),
  ...Array.from({ length: count }, (_, i) => published(update(i + 1, site))).flat(),
];

function needed(...events: LedgerEvent[]): string {
  const digests = neededReferences(events);
  const names = [...Array.from({ length: 41 }, (_, i) => `s${i}`), 'x', 'y'];
  const found = names.filter((name) => digests.has(hashOf(name)));
  assert.equal(digests.size, found.length, 'a state that is none of these');
  return found.join(' ');
}

const range = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `s${from + i}`).join(' ');

describe('neededReferences', () => {
  it('are the first base and the states of the last ten updates where nothing is confirmed', () => {
    assert.equal(needed(), '');
    assert.equal(needed(base('s0')), 's0');
    assert.equal(needed(...updates(9)), range(0, 9));
    assert.equal(needed(...updates(10)), range(0, 10));
    assert.equal(needed(...updates(12)), range(2, 12));
    assert.equal(needed(...updates(40)), range(30, 40));
  });

  it('are also the confirmed state and all after it, however many', () => {
    assert.equal(needed(...updates(40), confirmed(update(12))), range(12, 40));
    assert.equal(needed(...updates(40), confirmed(update(39))), range(30, 40));
    assert.equal(needed(...updates(40), confirmed(update(39)), confirmed(update(39), 's38')), range(30, 40));
  });

  it('are the confirmed and the assumed state however old they are', () => {
    const back = [...updates(30), confirmed(update(30)), confirmed(update(3))];
    assert.equal(needed(...back), range(3, 30));
    const forks = Array.from({ length: 10 }, (_, i) => published(step(31 + i, 'x', `s${31 + i}`))).flat();
    assert.equal(needed(...updates(30), confirmed(update(30)), ...forks), `s30 ${range(31, 40)} x`);
  });

  it('are those of withdrawn updates too, because they may have arrived, and of one that is planned', () => {
    assert.equal(needed(...updates(12), outcome('withdrawn', update(12))), range(2, 12));
    assert.equal(needed(...updates(12), planned(step(13, 'x', 'y'))), `${range(2, 12)} x y`);
  });

  it('are those that any site needs', () => {
    const lab = updates(20, 'lab');
    assert.equal(needed(...updates(40), ...lab), `${range(10, 20)} ${range(30, 40)}`);
    assert.equal(needed(...lab, confirmed(update(5, 'lab')), ...updates(12)), range(2, 20));
  });
});
