import { resolve } from 'node:path';
import { createShell } from '../shared/cli-shell.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { type Globs, NO_GLOBS } from '../shared/globs.js';
import { HashCache } from '../shared/hash-cache.js';
import { remarks, requireReadable, writeReference } from '../shared/present-state.js';
import { readState } from '../shared/read-state.js';
import { referenceOf } from '../shared/reference.js';
import { shellWord } from '../shared/shell-word.js';
import { shortDigest } from '../shared/state.js';
import { hashedBy, howFar, judge, type VerifyFlags } from '../shared/verify.js';
import { globsInForce } from './site-updates.js';
import type { CompareFlags } from './options.js';
import { givenGlobs, type Workplace, workplace } from './workplace.js';
import { DEFAULT_SITE, requireSite, siteNames } from './sites.js';
import { openStore, siteOf } from './store.js';

/** `reference`: writes the present state of the mirror down. */
export async function runReference(
  repository: string | undefined,
  flags: CompareFlags & { readonly output: string },
): Promise<void> {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const globs = await siteGlobs(place, flags);
  const survey = await readState(place.repository, {
    ...{ globs, links: place.links, signal: shell.signal, progress: shell.progress },
    cache: await HashCache.open(place.repository),
  });
  requireReadable(survey);
  await writeReference(place, flags.output, referenceOf(survey.state, globs));
  remarks(survey).forEach(shell.note);
  const { digest, count, bytes } = survey.state;
  shell.report({ command: 'reference', output: resolve(flags.output), digest, count, bytes }, [
    `Wrote: ${flags.output}`,
    `State ${shortDigest(digest)} (${formatCount(count, 'file')}, ${formatBytes(bytes)})`,
  ]);
}

/** `verify`: checks every artifact of the mirror. */
export async function runVerify(
  repository: string | undefined,
  flags: CompareFlags & VerifyFlags,
): Promise<void> {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const globs = await siteGlobs(place, flags);
  const cache = await HashCache.open(place.repository);
  const survey = await readState(place.repository, {
    ...{ globs, cache, links: place.links },
    ...hashedBy(flags),
    ...{ signal: shell.signal, progress: shell.progress },
  }).finally(() => cache.save()); // what was hashed need not be hashed again, also where it was interrupted
  remarks(survey).forEach(shell.note);
  const { files, bytes, digest } = judge(survey, undefined, repairedBy(place.repository));
  const unchanged = flags.quick ? 0 : survey.trusted;
  shell.report({ command: 'verify', files, bytes, digest, unchanged }, [
    `All ${formatCount(files, 'file')} (${formatBytes(bytes)}) are right${howFar(flags, unchanged)}`,
    `State ${shortDigest(digest)}`,
  ]);
}

/** The globs that are in force for the site, under those that were given now. */
async function siteGlobs(
  { repository, stateDirectory, site, config }: Workplace,
  flags: CompareFlags,
): Promise<Globs> {
  const store = await openStore(stateDirectory);
  if (site !== DEFAULT_SITE) requireSite(siteNames(store.log.events), site, repository);
  return { ...(globsInForce(siteOf(store, site)) ?? NO_GLOBS), ...givenGlobs(flags, config) };
}

/** What to do about files that are not what their records say, or are missing. */
function repairedBy(repository: string): string {
  return [
    'Let the mirror download them again, and look once more:',
    `  conda-diff-export verify ${shellWord(repository)}`,
  ].join('\n');
}
