import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Amount, Phase, Progress } from '../../shared/progress.js';
import { addTo, watched } from '../../shared/tally.js';

interface Told {
  readonly begun: readonly [Phase, Amount | undefined][];
  readonly steps: readonly Amount[];
  readonly ends: number;
}

/** Notes what it is told. */
function listener(): Progress & { readonly told: Told } {
  const told = { begun: [] as [Phase, Amount | undefined][], steps: [] as Amount[], ends: 0 };
  return {
    told,
    begin: (phase, total) => void told.begun.push([phase, total]),
    advance: (files, bytes) => void told.steps.push({ files, bytes }),
    end: () => {
      told.ends++;
    },
  };
}

describe('watched', () => {
  const total = { files: 3, bytes: 5_000_000_000 };

  it('tells now and then what was added, and the rest at the end', async () => {
    const progress = listener();
    const result = await watched(progress, 'scan', total, async (tally) => {
      addTo(tally, { files: 1, bytes: 3_000_000_000 });
      await sleep(250);
      assert.deepEqual(progress.told.steps, [{ files: 1, bytes: 3_000_000_000 }]);
      addTo(tally, { files: 2, bytes: 0 });
      addTo(tally, { files: 0, bytes: 2_000_000_000 });
      return 'done';
    });
    assert.equal(result, 'done');
    assert.deepEqual(progress.told, {
      begun: [['scan', total]],
      steps: [
        { files: 1, bytes: 3_000_000_000 },
        { files: 2, bytes: 2_000_000_000 },
      ],
      ends: 1,
    });
  });

  it('ends the phase of work that fails', async () => {
    const progress = listener();
    const failing = watched(progress, 'scan', total, () => Promise.reject(new Error('no')));
    await assert.rejects(failing, /no/);
    assert.equal(progress.told.ends, 1);
  });

  it('has no tally where nobody is told', async () => {
    await watched(undefined, 'scan', total, (tally) => {
      assert.equal(tally, undefined);
      addTo(tally, total);
      return Promise.resolve();
    });
  });
});
