import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { timestamp } from '../shared/clock.js';
import { lineageWithSelf } from '../shared/manifest.js';
import type { Receipt } from '../shared/receipt.js';
import { encodeReference, referenceOf, totalsOf } from '../shared/reference.js';
import { makeStateDirectory, type Workbench, writeDocument } from './commit.js';
import type { Notebook } from './complete.js';
import { lastEvent, lastReceipt } from './copy-history.js';
import { keepReceipt, noteEvent, readCopyLedger } from './note-event.js';
import { isUnverified, readRetired } from './own-files.js';
import type { Prepared } from './prepare.js';
import { encodeRetired } from './retired.js';

/**
 * The state is the target already: what an interrupted or hand-made end left out is made up for, in the order in
 * which the end of a commit is noted.
 *
 * @returns the receipt of the present state, which is a new one only if there was none; of an old update nothing is
 *   noted
 * @throws CondaDiffError io; malformed or integrity, when a document of ours is damaged
 */
export async function noteApplied(
  bench: Workbench,
  notebook: Notebook,
  prepared: Prepared,
): Promise<Receipt | undefined> {
  const { stateDirectory } = notebook;
  const { manifest, target, isOld } = prepared;
  if (isOld) {
    return lastReceipt(await readCopyLedger(stateDirectory));
  }
  await makeStateDirectory(bench, stateDirectory);
  const file = join(stateDirectory, 'reference.json');
  await writeDocument(bench, file, encodeReference(referenceOf(target, manifest.globs)));
  const receipt = await receiptFor(bench, stateDirectory, prepared);
  await retireLeftovers(bench, prepared);
  if (isUnverified(bench.layout)) await bench.disk.remove(bench.layout.unverified);
  await notebook.cache.save();
  return receipt;
}

async function receiptFor(
  bench: Workbench,
  stateDirectory: string,
  { manifest, target, established }: Prepared,
): Promise<Receipt> {
  const { id, site, sequence } = manifest;
  const ledger = await readCopyLedger(stateDirectory);
  const last = lastEvent(ledger);
  const isNoted = last?.kind === 'import' && last.update.id === id && last.state.digest === target.digest;
  if (isNoted) return keepReceipt(bench, stateDirectory, { ledger, event: last });
  const event = {
    kind: 'import' as const,
    attempt: randomBytes(8).toString('hex'),
    update: { id, site, sequence },
    ...{ from: target.digest, state: totalsOf(target), again: false, established, at: timestamp() },
  };
  return noteEvent(bench, stateDirectory, event, lineageWithSelf(manifest));
}

async function retireLeftovers(bench: Workbench, { leftovers }: Prepared): Promise<void> {
  const { layout } = bench;
  const known = await readRetired(layout);
  const paths = new Set(known.map(({ path }) => path));
  const mark = { attempt: randomBytes(8).toString('hex'), at: timestamp() };
  const found = leftovers.filter(({ path }) => !paths.has(path)).map((entry) => ({ ...entry, ...mark }));
  if (found.length > 0) await writeDocument(bench, layout.retired, encodeRetired([...known, ...found]));
}
