import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeStatus, statusLines } from '../../exporter/describe-status.js';
import { viewSite } from '../../exporter/ledger.js';
import type { LedgerEvent } from '../../exporter/ledger-events.js';
import type { Moved } from '../../exporter/status.js';
import { shortDigest } from '../../shared/state.js';
import { hashOf } from '../support/arbitrary.js';
import {
  AT,
  base,
  confirmed,
  idOf,
  outcome,
  published,
  SERIES,
  SITE,
  step,
} from '../support/ledger-events.js';

const [one, two, three] = [step(1, '', 'a'), step(2, 'a', 'b'), step(3, 'b', 'c')] as const;
const CHAIN: readonly LedgerEvent[] = [base(''), ...[one, two, three].flatMap((update) => published(update))];
const short = (state: string): string => shortDigest(hashOf(state));
const receipt = { series: SERIES, counter: 7, established: 'hashed', written: AT } as const;
const MOVED: Moved = { added: 1, replaced: 2, removed: 3, bytes: 4000 };
const STILL: Moved = { added: 0, replaced: 0, removed: 0, bytes: 0 };

const statusOf = (events: readonly LedgerEvent[], assumed?: Moved, since?: Moved) => ({
  ...{ site: SITE, view: viewSite(events, SITE), sinceAssumed: assumed, sinceConfirmed: since },
});
const onTheWay = (...updates: readonly (typeof one)[]): string[] => [
  `  On their way: ${updates.length === 0 ? 'no updates' : `${updates.length} update${updates.length > 1 ? 's' : ''}`}`,
  ...updates.map(
    (update) =>
      `    update ${update.sequence} (${shortDigest(idOf(update))}) of ${AT}, to state ${short(update.to)}`,
  ),
];

describe('the status of a site', () => {
  const moved = '    The mirror has moved on: 1 added, 2 replaced, 3 removed; an update would carry 4.0 kB';
  const cases: readonly [what: string, status: ReturnType<typeof statusOf>, lines: readonly string[]][] = [
    ['no base yet', statusOf([]), ['  Confirmed: nothing yet', '  Assumed: nothing', ...onTheWay()]],
    [
      'a first base, from which the mirror moved on',
      statusOf([base('')], MOVED),
      [
        '  Confirmed: nothing yet',
        `  Assumed: state ${short('')} (as it was set with init)`,
        moved,
        ...onTheWay(),
      ],
    ],
    [
      'nothing is confirmed: all are on their way',
      statusOf(CHAIN, STILL),
      [
        '  Confirmed: nothing yet',
        `  Assumed: state ${short('c')} (assumed delivered, not confirmed)`,
        '    The mirror has moved on: not at all',
        ...onTheWay(one, two, three),
      ],
    ],
    [
      'one is confirmed by a receipt, another withdrawn',
      statusOf([...CHAIN, confirmed(one, undefined, receipt), outcome('withdrawn', three)], STILL, MOVED),
      [
        `  Confirmed: state ${short('a')} (by receipt 7, hashed, ${AT})`,
        moved,
        `  Assumed: state ${short('b')} (assumed delivered, not confirmed)`,
        '    The mirror has moved on: not at all',
        ...onTheWay(two),
      ],
    ],
    [
      'the last is confirmed by its code: the mirror is told once',
      statusOf([...CHAIN, confirmed(three)], MOVED, MOVED),
      [
        `  Confirmed: state ${short('c')} (by code, ${AT})`,
        moved,
        `  Assumed: state ${short('c')} (confirmed)`,
        ...onTheWay(),
      ],
    ],
    [
      'the last was undone, and its reference is gone',
      statusOf([...CHAIN, confirmed(three), confirmed(three, 'b')]),
      [
        `  Confirmed: state ${short('b')} (after an undo, by code, ${AT})`,
        '    The mirror has moved on: not known, its reference is not kept any more',
        `  Assumed: state ${short('b')} (confirmed)`,
        ...onTheWay(),
      ],
    ],
  ];
  for (const [what, status, lines] of cases)
    it(what, () => assert.deepEqual(statusLines(status), [`Site '${SITE}'`, ...lines]));

  it('is the same as a document', () => {
    assert.deepEqual(describeStatus(statusOf([])), {
      site: SITE,
      confirmed: null,
      assumed: null,
      inFlight: [],
    });
    const status = statusOf([...CHAIN, confirmed(two, undefined, receipt)], STILL, undefined);
    assert.deepEqual(describeStatus(status), {
      site: SITE,
      confirmed: { digest: hashOf('b'), kind: 'import', by: 'receipt', at: AT, mirror: null },
      assumed: { digest: hashOf('c'), mirror: STILL },
      inFlight: [{ id: idOf(three), sequence: 3, created: AT }],
    });
  });
});
