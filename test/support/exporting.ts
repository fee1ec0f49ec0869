import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { policyOf } from '../../exporter/workplace.js';
import { exportUpdate } from '../../exporter/export.js';
import { init } from '../../exporter/init.js';
import { DEFAULT_SITE } from '../../exporter/sites.js';
import { HashCache } from '../../shared/hash-cache.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { writeReference } from '../../shared/present-state.js';
import { NO_PROGRESS } from '../../shared/progress.js';
import { readState } from '../../shared/read-state.js';
import { referenceOf } from '../../shared/reference.js';

/**
 * What tests of the importer need of the exporter, without a process for each step. Tests of the exporter start the
 * commands.
 */

const NEVER = new AbortController().signal;

/** Where a mirror keeps its ledger, unless a test says otherwise. */
function placeOf(mirror: string, stateDirectory: string | undefined) {
  const repository = realpathSync(mirror);
  const own = stateDirectory ?? join(repository, '.conda-diff');
  return { repository, stateDirectory: own, site: DEFAULT_SITE, globs: {}, signal: NEVER };
}

/**
 * `conda-diff-export init`
 *
 * @param from a reference or a manifest; without it the other side has nothing
 */
export async function setFirstBase(mirror: string, from?: string, stateDirectory?: string): Promise<void> {
  const how = from === undefined ? ({ how: 'empty' } as const) : ({ how: 'from', from } as const);
  await init({ ...placeOf(mirror, stateDirectory), isNamed: false, ...how });
}

/** `conda-diff-export create --allow-removals --allow-incomplete` */
export async function createUpdate(mirror: string, output: string, stateDirectory?: string): Promise<void> {
  const { outcome } = await exportUpdate({
    ...placeOf(mirror, stateDirectory),
    ...{
      base: 'assumed',
      policy: policyOf({ allowRemovals: true, allowIncomplete: true }),
      output,
      dryRun: false,
      overwrite: false,
    },
    ...{ note: () => undefined, detail: () => undefined, progress: NO_PROGRESS },
  });
  if (outcome !== 'published') throw new Error(`No update was made: ${outcome}`);
}

/** `conda-diff-export reference` */
export async function writeReferenceOf(repository: string, file: string): Promise<void> {
  const cache = await HashCache.open(repository);
  const { state } = await readState(repository, { globs: NO_GLOBS, cache, signal: NEVER });
  await writeReference({ repository }, file, referenceOf(state, NO_GLOBS));
}
