import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lastReceipt, receiptOf, standingOf, withEvent } from '../../importer/copy-history.js';
import {
  type CopyEvent,
  type CopyLedger,
  decodeCopyLedger,
  EMPTY_LEDGER,
  encodeCopyLedger,
} from '../../importer/copy-ledger.js';
import { confirmationCode } from '../../shared/confirmation-code.js';
import { encodeLineDocument, type JsonObject } from '../../shared/line-document.js';
import type { LineageEntry } from '../../shared/lineage.js';
import { updateId } from '../../shared/manifest.js';
import { documentValidator } from '../../shared/schema.js';
import { hashOf } from '../support/arbitrary.js';
import { rejects } from '../support/refusal.js';

const AT = '2024-01-02T03:04:05Z';

/** The update from state n - 1 to state n of the site. */
function edge(sequence: number, site = 'default', more: Partial<LineageEntry> = {}): LineageEntry {
  const [base, target] = [hashOf(`state ${sequence - 1}`), hashOf(`state ${sequence}`)];
  return { id: updateId(site, sequence, base, target), sequence, base, target, created: AT, ...more };
}

interface Deed {
  readonly kind?: 'import' | 'undo';
  readonly sequence: number;
  readonly again?: boolean;
  readonly attempt?: string;
  readonly lineage?: readonly LineageEntry[];
  readonly used?: number;
}

function after(ledger: CopyLedger, deed: Deed): CopyLedger {
  const { kind = 'import', sequence, again = false, lineage = [edge(sequence)] } = deed;
  const { id, base, target } = edge(sequence);
  const [from, to] = kind === 'import' ? [base, target] : [target, base];
  const attempt = deed.attempt ?? hashOf(`attempt ${ledger.events.length}`).slice(0, 16);
  const event = {
    ...{ kind, attempt, again, from, state: { digest: to, count: 1, bytes: 2 } },
    ...{ update: { id, site: 'default', sequence }, established: 'claimed' as const, at: AT },
  };
  return withEvent(ledger, event, lineage, deed.used).ledger;
}

const ledgerOf = (...deeds: readonly Deed[]): CopyLedger => deeds.reduce(after, EMPTY_LEDGER);

describe('withEvent', () => {
  it('counts, and joins the lineages: what was ever heard of stays', () => {
    const ledger = ledgerOf(
      { sequence: 2, lineage: [edge(1), edge(2)] },
      { sequence: 4, lineage: [edge(3), edge(4)] },
    );
    assert.deepEqual(
      ledger.events.map(({ counter }) => counter),
      [1, 2],
    );
    assert.deepEqual(
      ledger.updates,
      [1, 2, 3, 4].map((n) => ({ site: 'default', ...edge(n) })),
    );
  });

  it('notes no attempt twice', () => {
    const ledger = ledgerOf({ sequence: 1, attempt: '0'.repeat(16) });
    assert.equal(after(ledger, { sequence: 1, attempt: '0'.repeat(16) }), ledger);
  });

  it('takes an update for withdrawn once one lineage said so', () => {
    const withdrawn = edge(1, 'default', { withdrawn: true });
    const ledger = ledgerOf(
      { sequence: 2, lineage: [edge(1), edge(2)] },
      { sequence: 3, lineage: [withdrawn, edge(3)] },
      { sequence: 4, lineage: [edge(1), edge(4)] },
    );
    assert.deepEqual(ledger.updates[0], { site: 'default', ...withdrawn });
  });

  it('never gives a counter again that a receipt on disk has, though the ledger was lost', () => {
    const ledger = ledgerOf({ sequence: 1, used: 7 }, { sequence: 2, used: 7 });
    assert.deepEqual(
      ledger.events.map(({ counter }) => counter),
      [8, 9],
    );
  });
});

describe('standingOf', () => {
  const cases: readonly [what: string, deeds: readonly Deed[], standing: readonly number[]][] = [
    ['nothing', [], []],
    ['imports, in their order', [{ sequence: 1 }, { sequence: 2 }], [1, 2]],
    ['an import that was undone', [{ sequence: 1 }, { sequence: 2 }, { kind: 'undo', sequence: 2 }], [1]],
    [
      'undone and imported again',
      [{ sequence: 1 }, { sequence: 2 }, { kind: 'undo', sequence: 2 }, { sequence: 2 }],
      [1, 2],
    ],
    ['the same twice', [{ sequence: 1 }, { sequence: 2 }, { sequence: 1 }], [2, 1]],
    ['--again', [{ sequence: 1 }, { sequence: 2 }, { sequence: 3 }, { sequence: 2, again: true }], [2]],
    [
      '--again, undone',
      [{ sequence: 1 }, { sequence: 2 }, { sequence: 1, again: true }, { kind: 'undo', sequence: 1 }],
      [1, 2],
    ],
    [
      'the undo of an import that did not pass its re-check',
      [{ sequence: 1 }, { kind: 'undo', sequence: 2 }],
      [1],
    ],
    ['an undo that is all that is known', [{ kind: 'undo', sequence: 2 }], []],
  ];
  for (const [what, deeds, standing] of cases) {
    it(what, () => {
      const found = standingOf(ledgerOf(...deeds)).map(({ sequence }) => sequence);
      assert.deepEqual(found, standing);
    });
  }
});

it('the receipt of an event says what the event says', () => {
  const ledger = ledgerOf({ sequence: 1 }, { kind: 'undo', sequence: 1 });
  const [first, event] = ledger.events as [CopyEvent, CopyEvent];
  const series = first.attempt;
  const { kind, update, state, established, counter, at } = event;
  const code = confirmationCode(edge(1).id, edge(1).base);
  assert.deepEqual(receiptOf(ledger, event), { series, kind, update, state, established, counter, at, code });
  assert.equal(receiptOf(ledger, first).series, series);
  assert.deepEqual(lastReceipt(ledger), receiptOf(ledger, event));
  assert.equal(lastReceipt(EMPTY_LEDGER), undefined);
});

describe('copy-ledger.json', () => {
  const withdrawn = edge(1, 'default', { withdrawn: true });
  const ledger = ledgerOf(
    { sequence: 2, lineage: [withdrawn, edge(2)] },
    { kind: 'undo', sequence: 2 },
    { sequence: 2, again: true },
  );
  const bytesOf = (one: CopyLedger): Buffer => Buffer.concat([...encodeCopyLedger(one)]);

  it('is read as it was written, and has the published form', async () => {
    for (const one of [EMPTY_LEDGER, ledger])
      assert.deepEqual(await decodeCopyLedger([bytesOf(one)], 'x'), one);
    const document: unknown = JSON.parse(bytesOf(ledger).toString());
    (await documentValidator('copy-ledger', 'malformed'))(document, 'x');
  });

  it('is refused when it is cut off or a byte is another', async () => {
    const good = bytesOf(ledger);
    for (let at = 0; at < good.length; at += 3) {
      const flipped = Buffer.from(good);
      flipped[at]! ^= 1;
      for (const damaged of [flipped, good.subarray(0, at)])
        await rejects(decodeCopyLedger([damaged], 'x'), ['malformed', 'integrity']);
    }
  });

  type Line = Record<string, unknown>;
  type Document = Line & { events: Line[]; updates: Line[] };
  type Edit = (document: Document) => void;
  const event =
    (changes: Line): Edit =>
    ({ events }) =>
      void Object.assign(events[0]!, changes);
  const within =
    (key: string, changes: Line): Edit =>
    ({ events }) =>
      void (events[0]![key] = { ...(events[0]![key] as Line), ...changes });
  const update =
    (changes: Line): Edit =>
    ({ updates }) =>
      void Object.assign(updates[0]!, changes);
  const other = hashOf('other');

  /** The ledger with something altered and its checksum made right. */
  function altered(edit: Edit): Buffer {
    const document = JSON.parse(bytesOf(ledger).toString()) as Document;
    edit(document);
    const { events, updates, ...rest } = document;
    const header = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'checksum'));
    const sections = [
      { name: 'events', entries: events as JsonObject[] },
      { name: 'updates', entries: updates as JsonObject[] },
    ];
    return Buffer.concat([...encodeLineDocument(header, sections)]);
  }

  const cases: readonly [field: string, edit: Edit, text: RegExp][] = [
    ['format', (document) => void (document['format'] = 'x'), /not a conda-diff-copy-ledger document/],
    ['version', (document) => void (document['version'] = 2), /has version 2/],
    ['an unknown field', (document) => void (document['extra'] = 1), /additional properties: 'extra'/],
    ['kind', event({ kind: 'apply' }), /'kind' must be equal to one of/],
    ['attempt', event({ attempt: '..' }), /'attempt' must match pattern/],
    ['attempt, twice', ({ events }) => void (events[0]!['attempt'] = events[1]!['attempt']), /stands twice/],
    ['update.id', within('update', { id: other }), /is not among the updates/],
    ['update.site', within('update', { site: 'another' }), /is not among the updates/],
    ['update.sequence', within('update', { sequence: 9 }), /is not among the updates/],
    ['from', event({ from: 'x' }), /'from' must match pattern/],
    ['state.digest', within('state', { digest: 'x' }), /'state.digest' must match pattern/],
    ['state.count', within('state', { count: -1 }), /'state.count' must be >= 0/],
    ['state.bytes', within('state', { bytes: 1.5 }), /'state.bytes' must be integer/],
    ['again', event({ again: 'no' }), /'again' must be boolean/],
    ['counter', event({ counter: 0 }), /'counter' must be >= 1/],
    ['counter', event({ counter: 2 }), /event 2 must not stand after event 2/],
    ['established', event({ established: 'x' }), /'established' must be equal to one of/],
    ['at', event({ at: 'yesterday' }), /'at' must match pattern/],
    ['an unknown field', event({ extra: 1 }), /additional properties: 'extra'/],
    ['events, in another order', ({ events }) => void events.reverse(), /must not stand after/],
    ['update, site', update({ site: 'another' }), /expected id/],
    ['update, site', update({ site: '../x' }), /'site' must match pattern/],
    ['update, id', update({ id: other }), /expected id/],
    ['update, sequence', update({ sequence: 7 }), /expected id/],
    ['update, base', update({ base: other }), /expected id/],
    ['update, target', update({ target: other }), /expected id/],
    ['update, created', update({ created: 'x' }), /'created' must match pattern/],
    ['update, withdrawn', update({ withdrawn: false }), /'withdrawn' must be equal to constant/],
    ['update, an unknown field', update({ extra: 1 }), /additional properties: 'extra'/],
    ['update, twice', ({ updates }) => void updates.push(updates[0]!), /stands twice/],
    ['updates, one gone', ({ updates }) => void updates.pop(), /is not among the updates/],
  ];
  for (const [field, edit, text] of cases) {
    it(`a stored field is a checked field, ${field}: ${text.source}`, async () => {
      await rejects(decodeCopyLedger([altered(edit)], 'copy-ledger.json'), 'malformed', text);
    });
  }
});
