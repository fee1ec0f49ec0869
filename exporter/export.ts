import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removePartials } from '../shared/atomic-file.js';
import { HashCache } from '../shared/hash-cache.js';
import { requireSettled } from '../shared/interrupted.js';
import { withLock } from '../shared/lock.js';
import type { Manifest } from '../shared/manifest.js';
import type { Progress } from '../shared/progress.js';
import { referenceOf } from '../shared/reference.js';
import { boundsOf } from '../shared/real-path.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import type { Key } from '../shared/signature.js';
import type { WrittenSignature } from '../shared/write-signatures.js';
import { compare, type CompareOptions, type Comparison } from './compare.js';
import { draftManifest, outcomeEvent, plannedEvent } from './draft.js';
import { clearOutput, requireFree, settlePending, updateToReplace } from './earlier-updates.js';
import { viewSite } from './ledger.js';
import { requireSignable } from './signable.js';
import { lineageOf } from './site-updates.js';
import { type SiteView } from './site-view.js';
import { makeOutputDirectory, resolveOutput } from './output.js';
import type { OutputNames } from './output-names.js';
import { planVolumes } from './plan-volumes.js';
import { captureDirectory, type ManifestDraft, publish, statusOfSources } from './publish.js';
import { pruneReferences, referencesDirectory, saveReference } from './references.js';
import { requireSite, siteNames } from './sites.js';
import { appendToLedger, openStore, siteOf } from './store.js';

export interface ExportOptions extends CompareOptions {
  /** As `-o`. */
  readonly output: string;
  readonly dryRun: boolean;
  readonly overwrite: boolean;
  /** Private keys that sign the manifest; none by default. */
  readonly signKeys?: readonly Key[];
  /** Most bytes of a volume; one volume of any size by default. */
  readonly volumeSize?: number;
  /** Of how many last updates the references are kept. */
  readonly keepReferences?: number | undefined;
  readonly note: (line: string) => void;
  readonly detail: (line: string) => void;
  readonly progress: Progress;
}

export type ExportOutcome =
  | {
      readonly outcome: 'no-difference';
      readonly comparison: Comparison;
      readonly site: SiteView;
    }
  | {
      readonly outcome: 'dry-run';
      readonly comparison: Comparison;
      readonly draft: ManifestDraft;
      readonly volumes: number;
    }
  | {
      readonly outcome: 'published';
      readonly comparison: Comparison;
      readonly manifest: Manifest;
      readonly names: OutputNames;
      readonly signatures: readonly WrittenSignature[];
    };

/**
 * Makes the next update of a repository: capture → state → check → diff → plan → write → manifest → ledger.
 *
 * @throws CondaDiffError source, integrity, usage, locked, io; no update is left then
 */
export async function exportUpdate(options: ExportOptions): Promise<ExportOutcome> {
  if (options.dryRun) return previewUpdate(options);
  return withLock(options.repository, 'conda-diff-export create', async () => {
    const own = join(options.repository, STATE_DIRECTORY);
    const captured = captureDirectory(own);
    for (const directory of [own, options.stateDirectory, referencesDirectory(options.stateDirectory)])
      await removePartials(directory);
    await rm(captured, { recursive: true, force: true });
    try {
      return await exportLocked(options, captured);
    } finally {
      await rm(captured, { recursive: true, force: true });
    }
  });
}

/** What {@link exportUpdate} would do; it takes no lock and writes nothing. */
async function previewUpdate(options: ExportOptions): Promise<ExportOutcome> {
  const { repository, stateDirectory, site: name } = options;
  const store = await openStore(stateDirectory);
  const { events } = store.log;
  requireSite(siteNames(events), name, repository);
  const site = siteOf(store, name);
  const comparison = await compare(options, events, await HashCache.open(repository));
  if (comparison.isSame) return { outcome: 'no-difference', comparison, site };
  const { draft, volumes } = planUpdate(options, site, comparison, 'update.tar');
  return { outcome: 'dry-run', comparison, draft, volumes: volumes.length };
}

/**
 * What the next update of a site consists of.
 *
 * @throws CondaDiffError usage, when a volume cannot hold a file, or the manifest would be too long to sign
 */
function planUpdate(
  { site: name, volumeSize, signKeys = [] }: ExportOptions,
  site: SiteView,
  comparison: Comparison,
  archive: string,
) {
  const statusOf = statusOfSources(comparison.survey.source);
  const draft = draftManifest(name, site.sequence + 1, comparison, lineageOf(site), statusOf);
  if (signKeys.length > 0) requireSignable(draft);
  return { statusOf, draft, volumes: planVolumes(draft.id, draft.files, archive, volumeSize) };
}

async function exportLocked(options: ExportOptions, captured: string): Promise<ExportOutcome> {
  const { repository, stateDirectory, overwrite, signal, detail } = options;
  requireSettled(repository, 'source');
  const store = await settlePending(await openStore(stateDirectory), options.note);
  requireSite(siteNames(store.log.events), options.site, repository);
  const sequence = siteOf(store, options.site).sequence + 1;
  const names = resolveOutput(options.output, repository, options.site, sequence);
  const replacing = overwrite ? updateToReplace(siteOf(store, options.site), names) : undefined;
  const withdrawal = replacing === undefined ? [] : [outcomeEvent('withdrawn', replacing)];
  const events = [...store.log.events, ...withdrawal];
  const site = viewSite(events, options.site);

  const cache = await HashCache.open(repository);
  const comparison = await compare(options, events, cache, captured);
  const { survey, base, globs } = comparison;
  cache.keepOnly(survey.state);
  await cache.save();
  if (comparison.isSame) return { outcome: 'no-difference', comparison, site };
  const { statusOf, draft, volumes } = planUpdate(options, site, comparison, names.archive);

  if (!overwrite) await requireFree(site, names, options);
  const cleared = await clearOutput(store, replacing, names);
  await makeOutputDirectory(names);
  await saveReference(stateDirectory, base);
  await saveReference(stateDirectory, referenceOf(survey.state, globs));
  const planned = await appendToLedger(cleared, [plannedEvent(draft, names)]);
  try {
    const { manifest, signatures } = await publish(names, draft, volumes, base, {
      bounds: boundsOf(options),
      source: survey.source,
      statusOf,
      signal,
      detail,
      progress: options.progress,
      signKeys: options.signKeys ?? [],
      seen: (path, fingerprint, sha256) => {
        if (survey.kindOf(path) === 'artifact') cache.record(path, fingerprint, sha256);
      },
    });
    const published = await appendToLedger(planned, [outcomeEvent('published', draft)]);
    await cache.save();
    await pruneReferences(published, options.note, options.keepReferences);
    return { outcome: 'published', comparison, manifest, names, signatures };
  } catch (error) {
    await settlePending(planned, options.note).catch(() => {
      options.note('What is left of the update is cleared away by the next run');
    });
    throw error;
  }
}
