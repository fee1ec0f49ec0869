/**
 * What it costs that a lineage has no bound: bytes in the manifest, and milliseconds to check and replay the ledger of
 * the exporter and to find the way over all updates. Run: node dist/test/bench/lineage.js
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import { viewSite } from '../../exporter/ledger.js';
import { ledgerProblem } from '../../exporter/ledger-problems.js';
import { lineageOf } from '../../exporter/site-updates.js';
import { pathBetween } from '../../shared/lineage.js';
import { hashOf } from '../support/arbitrary.js';
import { base, confirmed, published, SITE, step } from '../support/ledger-events.js';

/** Ten years, weekly and daily. */
for (const count of [520, 3650]) {
  const updates = Array.from({ length: count }, (_, n) => step(n + 1, String(n), String(n + 1)));
  const events = [base('0'), ...updates.flatMap((update) => [...published(update), confirmed(update)])];
  const [, check] = timed(() => {
    assert.equal(ledgerProblem(events), undefined);
  });
  const [view, replay] = timed(() => viewSite(events, SITE));
  const lineage = lineageOf(view);
  const bytes = lineage.reduce((sum, entry) => sum + JSON.stringify(entry).length + 2, 0);
  const [way, path] = timed(() => pathBetween(lineage, hashOf('0'), hashOf(String(count))));
  assert.equal(way?.length, count);
  process.stdout.write(
    `${count} updates: ${bytes} bytes in the manifest; ledger: check ${check} ms, replay ${replay} ms; way ${path} ms\n`,
  );
}

function timed<T>(work: () => T): [result: T, milliseconds: number] {
  const begun = performance.now();
  const result = work();
  return [result, Math.round(performance.now() - begun)];
}
