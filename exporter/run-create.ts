import { createShell, type Shell } from '../shared/cli-shell.js';
import type { Config } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import { HashCache } from '../shared/hash-cache.js';
import { compareUtf8 } from '../shared/paths.js';
import { remarks } from '../shared/present-state.js';
import { compare, type CompareOptions } from './compare.js';
import { describeOutcome, outcomeLines } from './describe.js';
import { exportUpdate } from './export.js';
import type { CompareFlags } from './options.js';
import { givenGlobs, policyOf, type Workplace, workplace } from './workplace.js';
import { requireReviewable, writeReviews } from './review.js';
import { requireSite, siteNames } from './sites.js';
import { signKeys } from '../shared/sign-keys.js';
import { openStore } from './store.js';
import { parseVolumeSize } from './volume-size.js';
import { type CreateFlags, SIZES } from './create-commands.js';

/** `create`: writes an update, and what is to stand beside it. */
export async function runCreate(repository: string | undefined, flags: CreateFlags): Promise<void> {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const output = flags.output ?? place.config.output ?? 'update.tar';
  requireReviewable(flags, output, place);
  const volumeSize = volumeSizeOf(flags, place.config);
  const keys = await signKeys(flags, place.config, place, shell.note);
  const outcome = await exportUpdate({
    ...compareOptions(place, flags, shell),
    output,
    dryRun: flags.dryRun ?? false,
    overwrite: flags.overwrite ?? false,
    ...(volumeSize !== undefined && { volumeSize }),
    keepReferences: place.config.keepReferences,
    signKeys: keys,
    note: shell.note,
    detail: shell.detail,
    progress: shell.progress,
  });
  remarks(outcome.comparison.survey).forEach(shell.note);
  const reviews =
    outcome.outcome === 'published'
      ? await writeReviews(flags, outcome.names, {
          repository: place.repository,
          links: place.links,
          signKeys: keys,
          signal: shell.signal,
        })
      : [];
  shell.report(describeOutcome(outcome), [
    ...outcomeLines(outcome, place.repository),
    ...reviews.map((file) => `Wrote: ${file}`),
  ]);
}

/** `show`: prints the paths that an update would carry. */
export async function runShow(repository: string | undefined, flags: CompareFlags): Promise<void> {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const { events } = (await openStore(place.stateDirectory)).log;
  requireSite(siteNames(events), place.site, place.repository);
  const cache = await HashCache.open(place.repository);
  const { diff } = await compare(compareOptions(place, flags, shell), events, cache);
  const added = diff.added.map(({ path }) => path);
  const replaced = diff.replaced.map(({ after }) => after.path);
  const removed = diff.removed.map(({ path }) => path);
  shell.data({ command: 'show', added, replaced, removed }, [
    ...[...added, ...replaced].sort(compareUtf8),
    ...removed.map((path) => `removed: ${path}`),
  ]);
}

/** Most bytes of a volume: the flag wins over the configuration. */
function volumeSizeOf({ volumeSize }: CreateFlags, config: Config): number | undefined {
  if (volumeSize !== undefined || config.volumeSize === undefined) return volumeSize;
  const bytes = parseVolumeSize(config.volumeSize);
  if (bytes !== undefined) return bytes;
  throw new CondaDiffError('usage', `'${config.volumeSize}' is not a volume size`, { hint: SIZES });
}

function compareOptions(place: Workplace, flags: CompareFlags, { signal, progress }: Shell): CompareOptions {
  return {
    repository: place.repository,
    links: place.links,
    stateDirectory: place.stateDirectory,
    site: place.site,
    base: flags.base ?? place.config.base ?? 'assumed',
    globs: givenGlobs(flags, place.config),
    policy: policyOf(flags),
    signal,
    progress,
  };
}
