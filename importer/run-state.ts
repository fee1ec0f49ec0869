import { resolve } from 'node:path';
import { type CommonOptions, createShell } from '../shared/cli-shell.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { NO_GLOBS } from '../shared/globs.js';
import { HashCache } from '../shared/hash-cache.js';
import { remarks, requireReadable, writeReference } from '../shared/present-state.js';
import { readState, type Survey } from '../shared/read-state.js';
import { referenceOf } from '../shared/reference.js';
import { shortDigest } from '../shared/state.js';
import { hashedBy, howFar, judge, type VerifyFlags } from '../shared/verify.js';
import { describeStatus, statusLines } from './describe.js';
import { readStatus } from './housekeeping.js';
import { requireSettled } from '../shared/interrupted.js';
import { lastReference } from './last-reference.js';
import { byTicket } from './online-command.js';
import { benchAt, existingPlace } from './place.js';
import type { ReferenceFlags } from './state-commands.js';

/** `reference`: writes the present state of the copy down. */
export async function runReference(repository: string | undefined, flags: ReferenceFlags): Promise<void> {
  const shell = createShell(flags);
  const place = await existingPlace(repository, flags);
  requireSettled(place.repository, 'fit');
  const globs = (await lastReference(place))?.globs ?? NO_GLOBS;
  const cache = await HashCache.open(place.repository);
  const survey = await readState(place.repository, {
    ...{ globs, cache, links: place.links, signal: shell.signal, progress: shell.progress },
    ...(flags.deep && { mustHash: 'all' }),
  });
  requireReadable(survey);
  await writeReference(place, flags.output, referenceOf(survey.state, globs));
  remarks(survey).forEach(shell.note);
  damageLines(survey).forEach(shell.note);
  const { digest, count, bytes } = survey.state;
  shell.report({ command: 'reference', output: resolve(flags.output), digest, count, bytes }, [
    `Wrote: ${flags.output}`,
    `State ${shortDigest(digest)} (${formatCount(count, 'file')}, ${formatBytes(bytes)})`,
  ]);
}

/** `verify`: checks every file of the copy. */
export async function runVerify(
  repository: string | undefined,
  flags: CommonOptions & VerifyFlags,
): Promise<void> {
  const shell = createShell(flags);
  const place = await existingPlace(repository, flags);
  requireSettled(place.repository, 'fit');
  const reference = await lastReference(place);
  const cache = await HashCache.open(place.repository);
  const survey = await readState(place.repository, {
    globs: reference?.globs ?? NO_GLOBS,
    ...{ cache, links: place.links },
    ...hashedBy(flags),
    ...{ signal: shell.signal, progress: shell.progress },
  }).finally(() => cache.save()); // what was hashed need not be hashed again, also where it was interrupted
  remarks(survey).forEach(shell.note);
  const { files, bytes, digest } = judge(survey, reference?.state, byTicket(place.repository).join('\n'));
  const unchanged = flags.quick ? 0 : survey.trusted;
  shell.report({ command: 'verify', files, bytes, digest, unchanged, reference: reference !== undefined }, [
    `All ${formatCount(files, 'file')} (${formatBytes(bytes)}) are right${howFar(flags, unchanged)}`,
    reference === undefined
      ? 'Nothing was imported here yet, so only artifacts were checked, against their records'
      : `State ${shortDigest(digest)}, as the last import left it`,
  ]);
}

/** `status`: prints what the copy holds. */
export async function runStatus(repository: string | undefined, flags: CommonOptions): Promise<void> {
  const shell = createShell(flags);
  const { bench, notebook, place } = await benchAt(repository, flags, shell);
  const status = await readStatus(bench, notebook);
  shell.data({ command: 'status', ...describeStatus(status) }, statusLines(status, place.repository));
}

function damageLines({ mismatched }: Survey): string[] {
  if (mismatched.length === 0) return [];
  return [
    `Files that are not what their records say, written down as they are: ${mismatched.length}`,
    ...mismatched.map(({ path, expected, found }) => `  ${path}: expected ${expected}, found ${found}`),
  ];
}
