import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { corruptions } from '../../fuzz/corruptions.js';
import { fuzz } from '../../fuzz/loop.js';
import { signAll } from '../../fuzz/subject.js';
import { makeSite } from '../../support/hostile-site.js';
import { memoryDirectory } from '../../support/memory-directory.js';
import { seedFromEnvironment } from '../../support/random.js';

/** `npm run test:fuzz` has the long forms. */
const ITERATIONS = 1000;
const CORRUPTIONS = 1000;

it('An update that was altered anyhow is refused, or has the effect of the original', async (t) => {
  const seed = seedFromEnvironment();
  t.diagnostic(`seed ${seed} (CONDA_DIFF_SEED)`);
  const report = await fuzz({ seed, folder: await memoryDirectory(t), iterations: ITERATIONS });
  t.diagnostic(JSON.stringify(report));
  const { integrity = 0, malformed = 0 } = report.verdicts;
  assert.ok(integrity > 100 && malformed > 100, 'the alterations do not reach what there is to check');
});

it('A single altered byte of an update is detected, wherever it is', async (t) => {
  const seed = seedFromEnvironment();
  t.diagnostic(`seed ${seed} (CONDA_DIFF_SEED)`);
  const folder = await memoryDirectory(t);
  const site = await makeSite(folder, 20e6);
  const trust = signAll([site.update]);
  const report = await corruptions({ site, trust }, { seed, count: CORRUPTIONS, applied: 4 });
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.updateBytes > 20e6, join(site.update));
});
