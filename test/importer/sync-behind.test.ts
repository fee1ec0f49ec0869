import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewFile } from '../../importer/disk.js';
import { SyncBehind } from '../../importer/sync-behind.js';
import { memoryDirectory } from '../support/memory-directory.js';
import { apply } from '../support/importing.js';
import { rejects } from '../support/refusal.js';
import { StepDisk } from './crash/step-disk.js';
import { makeUpdates, onCopy } from './crash/updates.js';

/** Files whose fsync ends when it is told to. */
class Files {
  readonly syncing: {
    readonly n: number;
    readonly resolve: () => void;
    readonly reject: (e: Error) => void;
  }[] = [];
  readonly closed: number[] = [];

  file(n: number): NewFile {
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      write: nothing,
      setOwnership: nothing,
      setTime: nothing,
      sync: () => new Promise((resolve, reject) => this.syncing.push({ n, resolve, reject })),
      close: () => {
        this.closed.push(n);
        return Promise.resolve();
      },
    };
  }

  async end(error?: Error): Promise<void> {
    const { resolve, reject } = this.syncing.shift()!;
    if (error === undefined) resolve();
    else reject(error);
    await turn();
  }
}

const turn = (): Promise<void> => new Promise(setImmediate);

describe('SyncBehind', () => {
  it('syncs some files while others are written, and waits where there are too many', async () => {
    const files = new Files();
    const syncs = new SyncBehind();
    const taken: number[] = [];
    const writing = (async () => {
      for (let n = 0; n < 5; n++) {
        await syncs.take(files.file(n), `file ${n}`);
        taken.push(n);
      }
    })();
    await turn();
    assert.deepEqual(taken, [0, 1]);
    assert.deepEqual(
      files.syncing.map(({ n }) => n),
      [0, 1, 2],
    );
    await files.end();
    await files.end();
    assert.deepEqual(
      [taken, files.closed],
      [
        [0, 1, 2, 3],
        [0, 1],
      ],
    );
    await files.end();
    await writing;
    const ended = syncs.end();
    while (files.syncing.length > 0) await files.end();
    await ended;
    assert.deepEqual(files.closed, [0, 1, 2, 3, 4]);
  });

  it('ends only when all are durable', async () => {
    const files = new Files();
    const syncs = new SyncBehind();
    await syncs.take(files.file(0), 'file 0');
    let isEnded = false;
    const ended = syncs.end().then(() => {
      isEnded = true;
    });
    await turn();
    assert.equal(isEnded, false);
    await files.end();
    await ended;
  });

  it('stops at the next file when one could not be synced, which is named, and closes all of them', async () => {
    const files = new Files();
    const syncs = new SyncBehind();
    await syncs.take(files.file(0), 'noarch/a-1-0.conda to the stage');
    await syncs.take(files.file(1), 'noarch/b-1-0.conda to the stage');
    await files.end(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' }));
    await rejects(
      syncs.take(files.file(2), 'file 2'),
      'io',
      /Cannot write noarch\/a-1-0\.conda to the stage.*EIO/s,
    );
    const settled = syncs.settle();
    await files.end();
    await settled;
    assert.deepEqual(files.closed.sort(), [0, 1, 2]);
    await rejects(syncs.end(), 'io', /noarch\/a-1-0\.conda/);
  });
});

describe('an import that fails while files are being synced', () => {
  it('waits for them before it clears the stage, and leaves none open', async (t) => {
    const folder = await memoryDirectory(t);
    const { copy, update } = await makeUpdates(folder);
    let created = 0;
    let syncing = 0;
    let cleared = false;
    const disk: StepDisk = new StepDisk(async (step, act) => {
      if (step.call === 'create' && step.path.includes('/stage/') && ++created === 3)
        throw Object.assign(new Error('EIO: i/o error, open'), { code: 'EIO', syscall: 'open' });
      if (step.call === 'remove' && step.path.includes('/stage/')) {
        cleared = true;
        assert.deepEqual([syncing, disk.open], [0, 0]);
      }
      if (step.call !== 'sync-file') return act();
      syncing++;
      await sleep(100);
      syncing--;
      return act();
    });
    await onCopy(copy, join(folder, 'copy'), async (repository) => {
      await rejects(apply(repository, update.v2, { disk }), 'io', /Cannot write .* to the stage.*EIO/s);
      assert.equal(cleared, true);
      assert.ok(!readdirSync(join(repository, '.conda-diff')).includes('stage'));
    });
  });
});
