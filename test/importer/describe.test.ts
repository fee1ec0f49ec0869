import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommitAction } from '../../importer/commit-plan.js';
import { describeImport, importLines, planLines } from '../../importer/describe.js';
import type { ImportOutcome } from '../../importer/import.js';
import { temporaryDirectory } from '../support/channel.js';
import { makeUpdate } from '../support/update.js';

const PLAN: readonly CommitAction[] = [
  { action: 'publish', step: 1, path: 'noarch/b.conda', kind: 'artifact', replacing: false, mtime: 0 },
  { action: 'publish', step: 4, path: 'noarch/repodata.json', kind: 'index', replacing: true, mtime: 0 },
  { action: 'remove', step: 6, path: 'noarch/a.conda' },
];

async function outcomeOf(folder: string, changes: Partial<ImportOutcome> = {}): Promise<ImportOutcome> {
  const before = { 'noarch/repodata.json': '1', 'noarch/a.conda': 'a' };
  const after = { 'noarch/repodata.json': '22', 'noarch/b.conda': 'bbb' };
  const { manifest, target } = await makeUpdate(folder, before, after, { absent: ['noarch/m.conda'] });
  return { outcome: 'apply', manifest, target, plan: PLAN, ...changes };
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
      '6 remove noarch/a.conda',
    ]);
    assert.deepEqual(planLines({ ...outcome, outcome: 'already-applied', plan: [] }), [
      'Update 3 is applied already; nothing would be done',
    ]);
  });

  it('is told as one document', async (t) => {
    const outcome = await outcomeOf(await temporaryDirectory(t));
    const { id, base, target } = outcome.manifest;
    assert.deepEqual(describeImport(outcome), {
      outcome: 'apply',
      update: { id, site: 'default', sequence: 3 },
      ...{ base, target, files: 2, bytes: 5, removed: 1, absent: ['noarch/m.conda'] },
    });
  });
});
