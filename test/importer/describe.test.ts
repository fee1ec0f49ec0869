import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CommitAction, goneOf, publishOf } from '../../importer/commit-plan.js';
import {
  burstLine,
  describeImport,
  describeStatus,
  importLines,
  planLines,
  statusLines,
} from '../../importer/describe.js';
import type { Status } from '../../importer/housekeeping.js';
import type { ImportOutcome } from '../../importer/import.js';
import type { Journal } from '../../importer/journal.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { confirmationCode } from '../../shared/confirmation-code.js';
import type { Receipt } from '../../shared/receipt.js';
import { makeUpdate, originOf } from '../support/update.js';

const PLAN: readonly CommitAction[] = [
  publishOf({ ...entryOf('noarch/b.conda', 'bbb'), kind: 'artifact' }, undefined),
  publishOf(
    { ...entryOf('noarch/repodata.json', '22'), kind: 'index' },
    entryOf('noarch/repodata.json', '1'),
  ),
  goneOf(entryOf('noarch/a.conda', 'a'), 'artifact', { removeNow: false }),
];

async function outcomeOf(folder: string, changes: Partial<ImportOutcome> = {}): Promise<ImportOutcome> {
  const before = { 'noarch/repodata.json': '1', 'noarch/a.conda': 'a' };
  const after = { 'noarch/repodata.json': '22', 'noarch/b.conda': 'bbb' };
  const { manifest, target } = await makeUpdate(folder, before, after, { absent: ['noarch/m.conda'] });
  const signatures = { trusted: [], others: [] };
  return { outcome: 'apply', manifest, signatures, target, plan: PLAN, ...changes };
}

describe('an import', () => {
  it('is told in lines, with the digest in the short form of both sides', async (t) => {
    const outcome = await outcomeOf(await temporaryDirectory(t));
    const state = `State ${outcome.target.digest.slice(0, 12)} (2 files, 5 B)`;
    assert.deepEqual(importLines(outcome, '/copy'), [
      'Update 3 is applied to /copy: 1 added, 1 replaced, 1 removed',
      state,
      '1 artifact named by the indexes did not cross: the mirror does not have them',
    ]);
    assert.deepEqual(importLines({ ...outcome, outcome: 'already-applied', plan: [] }, '/copy'), [
      'Update 3 is applied already',
      state,
    ]);
  });

  it('is told before it is done: every operation, in order', async (t) => {
    const outcome = await outcomeOf(await temporaryDirectory(t));
    assert.deepEqual(planLines(outcome).slice(1), [
      '1 publish noarch/b.conda',
      '4 publish noarch/repodata.json',
      '6 retire noarch/a.conda',
    ]);
    assert.deepEqual(planLines({ ...outcome, outcome: 'already-applied', plan: [] }), [
      'Update 3 is applied already; nothing would be done',
    ]);
  });

  it('is told as one document', async (t) => {
    const outcome = await outcomeOf(await temporaryDirectory(t));
    const { id, base: from, target } = outcome.manifest;
    const base = { digest: from.digest, count: from.count, bytes: from.bytes, scope: 'all' };
    assert.deepEqual(describeImport(outcome), {
      outcome: 'apply',
      update: { id, site: 'default', sequence: 3 },
      ...{ base, target, files: 2, bytes: 5, removed: 1, absent: ['noarch/m.conda'] },
    });
    assert.deepEqual(describeImport({ ...outcome, burstMilliseconds: 1.5 }), {
      ...describeImport(outcome),
      burstMilliseconds: 1.5,
    });
  });
});

describe('the status of a copy', () => {
  const totals = { digest: hashOf('now'), count: 3, bytes: 2048 };
  const journal: Journal = {
    ...{ attempt: '0123456789abcdef', kind: 'import', globs: NO_GLOBS, keepsUndo: true },
    ...originOf(3),
    ...{ from: totals, to: totals, at: '2024-01-02T03:04:05Z', directories: [], actions: [] },
  };
  const status: Status = {
    ...{
      interrupted: undefined,
      holder: undefined,
      state: totals,
      lastImport: journal,
      undoBytes: 1024,
      verified: true,
    },
    ...{ retired: { files: 2, bytes: 512 }, staged: [], receipt: undefined },
  };
  const state = `State ${totals.digest.slice(0, 12)} (3 files, 2.0 kB)`;
  const last = "Last import: update 3 of site 'default', 2024-01-02T03:04:05Z";
  const retired = 'Retired: 2 files, 512 B';

  it('tells the state, the last import, and what undo and retired files hold', () => {
    assert.deepEqual(statusLines(status, '/copy'), [state, last, 'Undo holds 1.0 kB', retired]);
    assert.deepEqual(describeStatus(status), {
      ...{
        state: totals,
        receipt: null,
        interrupted: null,
        running: null,
        retired: { files: 2, bytes: 512 },
        staged: [],
      },
      lastImport: { update: journal.update, at: journal.at, to: totals, verified: true },
      undo: { possible: true, bytes: 1024 },
    });
  });

  it('tells the last receipt, of which site it is, and its code', () => {
    const { update } = originOf(3);
    const [state, at, code] = [totals, '2024-01-02T03:04:05Z', confirmationCode(update.id, totals.digest)];
    const series = '0123456789abcdef';
    const receipt: Receipt = {
      series,
      counter: 5,
      kind: 'undo',
      update,
      state,
      established: 'hashed',
      at,
      code,
    };
    const lines = statusLines({ ...status, receipt }, '/copy');
    const short = totals.digest.slice(0, 12);
    assert.deepEqual(lines.slice(-3, -1), [
      `Receipt 5: undo of update 3 of site 'default', ${at}, state ${short} hashed`,
      `Confirmation code: ${code}`,
    ]);
    assert.deepEqual(describeStatus({ ...status, receipt }), { ...describeStatus(status), receipt });
  });

  it('tells that there was no import, that it cannot be undone, or that the copy was changed since', () => {
    const none = 'Nothing was imported yet, or the last import was undone';
    assert.deepEqual(statusLines({ ...status, lastImport: undefined }, '/copy'), [state, none, retired]);
    const kept = { ...status, lastImport: { ...journal, keepsUndo: false } };
    const lines = [state, last, 'Undo is not possible: imported with --no-undo', retired];
    assert.deepEqual(statusLines(kept, '/copy'), lines);
    const to = { ...totals, digest: hashOf('then') };
    const changed = statusLines({ ...status, lastImport: { ...journal, to } }, '/copy');
    assert.equal(changed[1], `${last}; the copy was changed since`);
  });

  it('tells that the last import did not pass its re-check, and the way back', () => {
    const unverified = { ...status, verified: false };
    const said = 'The last import did not pass its re-check; take it back with: conda-diff-import undo /copy';
    assert.deepEqual(statusLines(unverified, '/copy'), [state, last, 'Undo holds 1.0 kB', said, retired]);
    const { lastImport } = describeStatus(unverified) as { lastImport: Record<string, unknown> };
    assert.equal(lastImport['verified'], false);
  });

  it('tells no state of an interrupted import, but how to end it', () => {
    const interrupted = { ...status, interrupted: journal, state: undefined };
    assert.deepEqual(statusLines(interrupted, '/copy').slice(0, 2), [
      'Interrupted import of update 3: there is no state to tell',
      'End it with: conda-diff-import recover /copy',
    ]);
    const document = describeStatus(interrupted) as Record<string, unknown>;
    assert.deepEqual(
      [document['state'], document['interrupted'], document['undo']],
      [null, { kind: 'import', update: journal.update }, { possible: false, bytes: 1024 }],
    );
  });

  it('tells how long the burst took', () => {
    assert.equal(burstLine(1.26), 'The burst took 1.3 ms');
  });
});
