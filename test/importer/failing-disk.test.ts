import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { realDisk } from '../../importer/disk.js';
import { syncPath } from '../../shared/atomic-file.js';
import { hashTree } from '../support/index-reader.js';
import { assertSettled, crossingOfFile, packages, separateCopy } from '../support/crossing.js';
import { apply, recover, undo } from '../support/importing.js';
import { rejects } from '../support/refusal.js';
import { type Step, StepDisk } from './crash/step-disk.js';
import { StoppingDisk } from './crash/stopping-disk.js';

const noarch = packages(20, 24);
const crossing = crossingOfFile(
  [
    { 'linux-64': packages(0, 6), noarch },
    { 'linux-64': [...packages(1, 5), ...packages(5, 6, 'replaced '), ...packages(10, 14)], noarch },
  ],
  { zst: true, shards: 'shards' },
);

/** A disk of which one step fails, the first that is like this. */
function failingAt(isLike: (step: Step) => boolean): StepDisk {
  let hasFailed = false;
  return new StepDisk((step, act) => {
    if (hasFailed || !isLike(step)) return act();
    hasFailed = true;
    throw Object.assign(new Error(`EIO: i/o error, ${step.call} '${step.path}'`), {
      ...{ code: 'EIO', errno: -5, syscall: 'fsync', path: step.path },
    });
  });
}

describe('A disk that fails once, before the journal', () => {
  for (const [what, isLike] of [
    ['the sync of a staged file', ({ call, path }) => call === 'sync-file' && path.includes('/stage/')],
    ['the sync of a kept file', ({ call, path }) => call === 'sync-file' && path.includes('/undo/')],
    ['the sync of the stage', ({ call, path }) => call === 'sync-directory' && path.endsWith('/stage')],
    ['the sync of what is kept', ({ call, path }) => call === 'sync-directory' && /\/undo\/\w+$/.test(path)],
  ] satisfies [string, (step: Step) => boolean][]) {
    it(`in ${what}: import and undo fail, nothing changed, and nothing of ours is left`, async (t) => {
      const files = await crossing;
      const [copy, update] = [await separateCopy(files, t), files.updates[0] ?? ''];
      await rejects(apply(copy, update, { disk: failingAt(isLike) }), 'io', /EIO/);
      assertSettled(copy, files, [0]);
      await apply(copy, update);
      await rejects(undo(copy, failingAt(isLike)), 'io', /EIO/);
      assertSettled(copy, files, [1]);
      await undo(copy);
      assertSettled(copy, files, [0]);
    });
  }

  it('is told of: what cannot be synced is an error', async () => {
    // fsync(2): EINVAL for what has nothing to sync
    await rejects(syncPath('/dev/null'), 'io', /Cannot sync \/dev\/null: EINVAL/);
    await rejects(realDisk.syncDirectory('/dev/null'), 'io', /Cannot sync/);
  });
});

describe('An import that is taken back', () => {
  it('is undone in reverse order, change by change, within the burst and before it', async (t) => {
    const files = await crossing;
    const [whole, copy] = [await separateCopy(files, t), await separateCopy(files, t)];
    const update = files.updates[0] ?? '';
    const isChange = (root: string) => (step: Step) =>
      step.call === 'rename' && !relative(root, step.path).startsWith('.');
    const all = new StoppingDisk(Number.POSITIVE_INFINITY);
    await apply(whole, update, { disk: all });
    const last = all.taken.findLastIndex((step) => isChange(whole)(step));
    const stopped = new StoppingDisk(last);
    await assert.rejects(apply(copy, update, { disk: stopped }));
    const done = stopped.taken.filter(isChange(copy)).map(({ path }) => path);
    assert.ok(done.length > 8, done.join('\n'));
    rmSync(join(copy, '.conda-diff', 'stage'), { recursive: true });
    assert.notDeepEqual(hashTree(copy), files.trees[0]);
    const back = new StoppingDisk(Number.POSITIVE_INFINITY);
    assert.equal((await recover(copy, back))?.did, 'taken-back');
    const undone = back.taken.filter(
      ({ call, path }) => (call === 'rename' || call === 'remove') && !relative(copy, path).startsWith('.'),
    );
    assert.deepEqual(
      undone.map(({ path }) => path),
      [...done].reverse(),
    );
    assertSettled(copy, files, [0]);
  });
});
