import { existsSync } from 'node:fs';
import { CondaDiffError } from '../shared/errors.js';
import { readManifest } from '../shared/read-document.js';
import { outcomeEvent } from './draft.js';
import type { PlannedEvent, SiteView } from './ledger.js';
import { existingOutputs, removeOutputs } from './output.js';
import { type OutputNames, outputNames } from './plan.js';
import { appendToLedger, siteOf, type Store } from './store.js';

/** Adopts an update that an interrupted run completed, or drops it and clears away what it left. */
export async function settlePending(
  store: Store,
  site: string,
  note: (line: string) => void,
): Promise<Store> {
  if (store.log.torn) note('The last line of the ledger was torn by a crash and is left out');
  const { pending } = siteOf(store, site);
  if (pending === undefined) return store;
  if (await isComplete(pending)) {
    note(`Update ${String(pending.sequence)} was completed by an interrupted run: ${pending.manifest}`);
    return appendToLedger(store, [outcomeEvent('published', pending)]);
  }
  await removeOutputs(namesOf(pending));
  return appendToLedger(store, [outcomeEvent('dropped', pending)]);
}

async function isComplete(pending: PlannedEvent): Promise<boolean> {
  if (!existsSync(pending.manifest)) return false;
  const manifest = await readManifest(pending.manifest);
  return manifest.id === pending.id;
}

function namesOf({ manifest }: PlannedEvent): OutputNames {
  return outputNames(`${manifest.slice(0, -'.manifest.json'.length)}.tar`);
}

/**
 * The published update that `--overwrite` takes the place of.
 *
 * @throws CondaDiffError usage, when later ones build on it
 */
export function updateToReplace(site: SiteView, names: OutputNames): PlannedEvent | undefined {
  const there = updateAt(site, names);
  if (there === undefined || there.id === site.updates.at(-1)?.id) return there;
  throw new CondaDiffError('usage', `${describe(there)} is not the last one: later ones build on it`, {
    hint: 'Export to another place (-o outbox/ never collides)',
  });
}

/** The published update that stands where the next one would be written. */
function updateAt({ updates }: SiteView, names: OutputNames): PlannedEvent | undefined {
  return updates.findLast(({ manifest }) => manifest === names.manifest && existsSync(manifest));
}

function describe({ sequence, manifest }: PlannedEvent): string {
  return `Update ${String(sequence)} at ${manifest}`;
}

/**
 * Refuses to write where an update or other files stand.
 *
 * @throws CondaDiffError usage
 */
export function requireFree(site: SiteView, names: OutputNames): void {
  const update = updateAt(site, names);
  if (update !== undefined) {
    throw new CondaDiffError('usage', `${describe(update)} is not confirmed`, {
      hint: [
        'Move it to the other side and export to another place (-o outbox/ never collides), or',
        'if it will never be delivered, add --overwrite: it is withdrawn and this update takes its place',
      ].join('\n'),
    });
  }
  const there = existingOutputs(names);
  if (there.length === 0) return;
  throw new CondaDiffError('usage', 'There are files where the update would be written', {
    details: there,
    hint: 'Export to another place (-o outbox/ never collides), or add --overwrite to replace them',
  });
}

/**
 * Clears the place that the next update is written to. An update that stood there is withdrawn: the
 * assumed state is its base again. The ledger says so first; a crash before its files are gone leaves them in the way.
 */
export async function clearOutput(
  store: Store,
  replacing: PlannedEvent | undefined,
  names: OutputNames,
): Promise<Store> {
  const cleared =
    replacing === undefined ? store : await appendToLedger(store, [outcomeEvent('withdrawn', replacing)]);
  await removeOutputs(names);
  return cleared;
}
