import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removePartials } from '../shared/atomic-file.js';
import { isEmptyDiff } from '../shared/diff.js';
import { HashCache } from '../shared/hash-cache.js';
import { requireSettled } from '../shared/interrupted.js';
import { withLock } from '../shared/lock.js';
import type { Manifest } from '../shared/manifest.js';
import { referenceOf } from '../shared/reference.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { compare, type CompareOptions, type Comparison } from './compare.js';
import { draftManifest, outcomeEvent, plannedEvent } from './draft.js';
import { clearOutput, requireFree, settlePending, updateToReplace } from './earlier-updates.js';
import { type PlannedEvent, viewSite } from './ledger.js';
import { makeOutputDirectory, resolveOutput } from './output.js';
import type { OutputNames } from './plan.js';
import { captureDirectory, type ManifestDraft, publish } from './publish.js';
import { appendToLedger, openStore, saveReference, siteOf } from './store.js';

export const DEFAULT_SITE = 'default';

export interface ExportOptions extends CompareOptions {
  /** As `-o`. */
  readonly output: string;
  readonly dryRun: boolean;
  readonly overwrite: boolean;
  readonly note: (line: string) => void;
  readonly detail: (line: string) => void;
}

export type ExportOutcome =
  | {
      readonly outcome: 'no-difference';
      readonly comparison: Comparison;
      readonly last: PlannedEvent | undefined;
    }
  | { readonly outcome: 'dry-run'; readonly comparison: Comparison; readonly draft: ManifestDraft }
  | {
      readonly outcome: 'published';
      readonly comparison: Comparison;
      readonly manifest: Manifest;
      readonly names: OutputNames;
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
    for (const directory of [own, options.stateDirectory, join(options.stateDirectory, 'references')])
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
  const site = siteOf(await openStore(options.stateDirectory), options.site);
  const comparison = await compare(options, site, await HashCache.open(options.repository));
  if (isEmptyDiff(comparison.diff))
    return { outcome: 'no-difference', comparison, last: site.updates.at(-1) };
  return {
    outcome: 'dry-run',
    comparison,
    draft: draftManifest(options.site, site.sequence + 1, comparison, site.lineage),
  };
}

async function exportLocked(options: ExportOptions, captured: string): Promise<ExportOutcome> {
  const { repository, stateDirectory, overwrite, signal, detail } = options;
  requireSettled(repository, 'source');
  const store = await settlePending(await openStore(stateDirectory), options.site, options.note);
  const sequence = siteOf(store, options.site).sequence + 1;
  const names = resolveOutput(options.output, repository, options.site, sequence);
  const replacing = overwrite ? updateToReplace(siteOf(store, options.site), names) : undefined;
  const withdrawal = replacing === undefined ? [] : [outcomeEvent('withdrawn', replacing)];
  const site = viewSite([...store.log.events, ...withdrawal], options.site);

  const cache = await HashCache.open(repository);
  const comparison = await compare(options, site, cache, captured);
  const { survey, base, globs, diff } = comparison;
  cache.keepOnly((path) => survey.state.find(path) >= 0);
  await cache.save();
  if (isEmptyDiff(diff)) return { outcome: 'no-difference', comparison, last: site.updates.at(-1) };
  const draft = draftManifest(options.site, sequence, comparison, site.lineage);

  if (!overwrite) requireFree(site, names);
  const cleared = await clearOutput(store, replacing, names);
  await makeOutputDirectory(names);
  await saveReference(stateDirectory, base);
  await saveReference(stateDirectory, referenceOf(survey.state, globs));
  const planned = await appendToLedger(cleared, [plannedEvent(draft, names)]);
  try {
    const manifest = await publish(names, draft, base, {
      source: survey.source,
      signal,
      detail,
      seen: (path, fingerprint, sha256) => {
        if (survey.kindOf(path) === 'artifact') cache.record(path, fingerprint, sha256);
      },
    });
    await appendToLedger(planned, [outcomeEvent('published', draft)]);
    await cache.save();
    return { outcome: 'published', comparison, manifest, names };
  } catch (error) {
    await settlePending(planned, options.site, options.note).catch(() => {
      options.note('What is left of the update is cleared away by the next run');
    });
    throw error;
  }
}
