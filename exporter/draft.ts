import { timestamp } from '../shared/clock.js';
import type { LineageEntry } from '../shared/lineage.js';
import { type Manifest, updateId } from '../shared/manifest.js';
import { compareUtf8 } from '../shared/paths.js';
import type { Survey } from '../shared/read-state.js';
import { totalsOf } from '../shared/reference.js';
import { GENERATOR } from '../shared/version.js';
import type { Comparison } from './compare.js';
import type { DroppedEvent, PlannedEvent, PublishedEvent, WithdrawnEvent } from './ledger-events.js';
import type { OutputNames } from './output-names.js';
import { type FileStatus, planFiles } from './plan.js';
import type { ManifestDraft } from './publish.js';

/**
 * The manifest of the next update, as far as it is known before anything is written.
 *
 * @param lineage the updates of the site before it
 * @param statusOf what is on disk at each path of the target
 */
export function draftManifest(
  name: string,
  sequence: number,
  { survey, base, globs, diff }: Comparison,
  lineage: readonly LineageEntry[],
  statusOf: (path: string) => FileStatus,
): ManifestDraft {
  const target = totalsOf(survey.state);
  return {
    rules: base.rules,
    globs,
    id: updateId(name, sequence, base.state.digest, target.digest),
    site: name,
    sequence,
    base: { ...totalsOf(base.state), scope: base.scope, ...base.globs },
    target,
    generator: GENERATOR,
    created: timestamp(),
    files: planFiles(diff, survey.kindOf, statusOf),
    removed: diff.removed,
    absent: absentOf(survey),
    lineage,
  };
}

/** What the indexes name and the mirror does not have: records without a file, and names in `removed`. */
function absentOf({ missing, gone }: Survey): Manifest['absent'] {
  const all = [
    ...missing.map((path) => ({ path, named: 'record' as const })),
    ...gone.map((path) => ({ path, named: 'removed' as const })),
  ];
  return all.sort((a, b) => compareUtf8(a.path, b.path));
}

/** What the ledger notes before an update is written. */
export function plannedEvent(draft: ManifestDraft, names: OutputNames): PlannedEvent {
  const { site, id, sequence, base, target, globs, created } = draft;
  return {
    event: 'planned',
    ...{ site, id, sequence, base: base.digest, baseScope: base.scope },
    ...{ baseIgnore: base.ignore, baseInclude: base.include, target: target.digest },
    ...{ ignore: globs.ignore, include: globs.include },
    manifest: names.manifest,
    at: created,
  };
}

/** What the ledger notes of what became of an update. */
export function outcomeEvent(
  event: (PublishedEvent | DroppedEvent | WithdrawnEvent)['event'],
  { site, id }: { readonly site: string; readonly id: string },
): PublishedEvent | DroppedEvent | WithdrawnEvent {
  return { event, site, id, at: timestamp() };
}
