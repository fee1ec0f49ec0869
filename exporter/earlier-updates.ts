import { existsSync } from 'node:fs';
import { CondaDiffError } from '../shared/errors.js';
import { readManifest } from '../shared/read-document.js';
import { outcomeEvent } from './draft.js';
import type { Place } from './find-state.js';
import { inFlight, laterOnes } from './site-updates.js';
import { type KnownUpdate, type SiteView } from './site-view.js';
import type { PlannedEvent } from './ledger-events.js';
import { existingOutputs, removeOutputs } from './output.js';
import { siteFlag, siteNames } from './sites.js';
import { namesOfManifest, type OutputNames } from './output-names.js';
import { appendToLedger, siteOf, type Store } from './store.js';
import { shellWord } from '../shared/shell-word.js';

/** A site, and where what is remembered of it lies. */
interface OwnPlace extends Place {
  readonly stateDirectory: string;
}

/**
 * Ends what interrupted runs left, of all sites: an update that is complete is adopted, any other is dropped and
 * cleared away; of a withdrawn one the files go.
 */
export async function settlePending(store: Store, note: (line: string) => void): Promise<Store> {
  if (store.log.torn) note('The last line of the ledger was torn by a crash and is left out');
  if (store.log.headless) note('The ledger has no head: whether its last lines are there cannot be told');
  let settled = store;
  for (const name of siteNames(store.log.events)) {
    const { pending, updates } = siteOf(settled, name);
    for (const { withdrawn, planned } of updates) {
      if (withdrawn && planned && isLastAt(updates, planned)) await clearWithdrawn(planned);
    }
    if (pending !== undefined) settled = await settle(settled, pending, note);
  }
  return settled;
}

async function settle(store: Store, pending: PlannedEvent, note: (line: string) => void): Promise<Store> {
  if (await isComplete(pending)) {
    note(`Update ${String(pending.sequence)} was completed by an interrupted run: ${pending.manifest}`);
    return appendToLedger(store, [outcomeEvent('published', pending)]);
  }
  await removeOutputs(namesOfManifest(pending.manifest));
  return appendToLedger(store, [outcomeEvent('dropped', pending)]);
}

/** Whether no later update was written to the same place. */
function isLastAt(updates: readonly KnownUpdate[], { manifest, id }: PlannedEvent): boolean {
  return updates.findLast(({ planned }) => planned?.manifest === manifest)?.id === id;
}

/** Removes the files of a withdrawn update, unless another one has taken their place. */
export async function clearWithdrawn(planned: PlannedEvent): Promise<void> {
  if (await isComplete(planned)) await removeOutputs(namesOfManifest(planned.manifest));
}

async function isComplete({ manifest, id }: PlannedEvent): Promise<boolean> {
  return existsSync(manifest) && (await readManifest(manifest)).id === id;
}

/**
 * The published update that `--overwrite` withdraws and takes the place of; one that need not arrive any more, because
 * it or a later state is confirmed, is not withdrawn.
 *
 * @throws CondaDiffError usage, when later ones build on it
 */
export function updateToReplace(site: SiteView, names: OutputNames): PlannedEvent | undefined {
  const there = openUpdateAt(site, names);
  const later = there === undefined ? [] : laterOnes(site, there);
  if (there === undefined || later.length === 0) return there?.planned;
  throw new CondaDiffError('usage', `${describe(there)} is not the last one: later ones build on it`, {
    details: later.map(({ sequence, created }) => `update ${String(sequence)} of ${created}`),
    hint: 'Export to another place (-o outbox/ never collides)',
  });
}

/** The update in flight that stands where the next one would be written. */
function openUpdateAt(site: SiteView, names: OutputNames): KnownUpdate | undefined {
  return existsSync(names.manifest) ? updateAt(inFlight(site), names) : undefined;
}

function updateAt(updates: readonly KnownUpdate[], { manifest }: OutputNames): KnownUpdate | undefined {
  return updates.findLast(({ planned, withdrawn }) => withdrawn !== true && planned?.manifest === manifest);
}

function describe({ sequence, planned }: KnownUpdate): string {
  return `Update ${String(sequence)} at ${planned?.manifest ?? 'an unknown place'}`;
}

/**
 * Refuses to write where an update that may still arrive, or other files, stand. One that arrived gives way.
 *
 * @throws CondaDiffError usage; io
 */
export async function requireFree(site: SiteView, names: OutputNames, place: OwnPlace): Promise<void> {
  const update = openUpdateAt(site, names);
  if (update !== undefined) {
    throw new CondaDiffError('usage', `${describe(update)} is not confirmed`, {
      hint: [
        'If it arrived, confirm it: conda-diff-export confirm <repository> <receipt.json or code>',
        'If it is on its way, export to another place (-o outbox/ never collides)',
        'If it will never be delivered, add --overwrite: it is withdrawn and this update takes its place',
      ].join('\n'),
    });
  }
  const there = existingOutputs(names);
  if (there.length === 0 || updateAt(site.updates, names) !== undefined) return;
  if (existsSync(names.manifest)) await requireOlder(names.manifest, place);
  throw new CondaDiffError('usage', 'There are files where the update would be written', {
    details: there,
    hint: 'Export to another place (-o outbox/ never collides), or add --overwrite to replace them',
  });
}

/**
 * An update of the site that the ledger does not know tells of a ledger that was put back, or of another mirror whose
 * updates go to the same place.
 */
async function requireOlder(manifest: string, { repository, site, stateDirectory }: OwnPlace): Promise<void> {
  const found = await readManifest(manifest).catch((error: unknown) => {
    if (error instanceof CondaDiffError && error.code !== 'io') return undefined; // any file, of whatever kind
    throw error;
  });
  if (found?.site !== site) return;
  throw new CondaDiffError(
    'usage',
    `The ledger does not know update ${String(found.sequence)} of site '${site}' in ${manifest}`,
    {
      details: [`it was made at ${found.created}, from ${found.base.digest} to ${found.target.digest}`],
      hint: [
        `If the ledger of ${repository} is an older one from a backup, begin it anew with the last manifest:`,
        `  mv ${stateDirectory} ${stateDirectory}.old`,
        `  conda-diff-export init ${shellWord(repository)} --from <last manifest>${siteFlag(site)}`,
        'If the update is of another mirror, export to another place',
      ].join('\n'),
    },
  );
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
