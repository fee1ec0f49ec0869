import { resolve } from 'node:path';
import { createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatCount } from '../shared/figures.js';
import { shellWord } from '../shared/shell-word.js';
import { shortDigest } from '../shared/state.js';
import { init, type InitResult } from './init.js';
import { receiptTrust } from './receipt-trust.js';
import { givenGlobs, type Workplace, workplace } from './workplace.js';
import { siteFlag, waysToBegin } from './sites.js';
import type { InitFlags } from './base-commands.js';

/** `init`: says once what the other side has. */
export async function runInit(repository: string | undefined, flags: InitFlags): Promise<void> {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const how = howToBegin(flags, place);
  const trust = await receiptTrust(flags.receipt, place, flags, place.config);
  const result = await init({
    repository: place.repository,
    stateDirectory: place.stateDirectory,
    site: place.site,
    isNamed: (flags.site ?? place.config.site) !== undefined,
    how,
    trust,
    ...(flags.from !== undefined && { from: resolve(flags.from) }),
    ...(flags.receipt !== undefined && { receipt: resolve(flags.receipt) }),
    globs: givenGlobs(flags, place.config),
    signal: shell.signal,
    progress: shell.progress,
  });
  const { reference, unknown, inherited, sequence } = result;
  if (unknown > 0)
    shell.note(`Records of the reference without a sha256: ${unknown}; their files will be shipped`);
  const { digest, count } = reference.state;
  shell.report(
    {
      ...{ command: 'init', site: place.site, how, digest, count, scope: reference.scope, unknown },
      ...{ inherited, sequence },
    },
    initLines(result, `${shellWord(place.repository)}${siteFlag(place.site)}`),
  );
}

function howToBegin(
  { empty, inSync, from, receipt }: InitFlags,
  { repository, site }: Workplace,
): 'empty' | 'in-sync' | 'from' {
  if ([empty, inSync, from !== undefined].filter(Boolean).length !== 1) {
    throw new CondaDiffError('usage', 'Give exactly one of --empty, --in-sync and --from <file>', {
      hint: waysToBegin(repository, site).join('\n'),
    });
  }
  if (receipt !== undefined && from === undefined) {
    throw new CondaDiffError('usage', 'A receipt names a state, and --from <reference.json> gives it', {
      hint: 'Have both carried over from the copy: conda-diff-import reference <repository> -o reference.json',
    });
  }
  return empty ? 'empty' : inSync ? 'in-sync' : 'from';
}

function initLines({ reference, inherited, sequence }: InitResult, where: string): string[] {
  const { digest, count } = reference.state;
  return [
    `The other side is taken to have ${count === 0 ? 'nothing' : `${formatCount(count, 'file')} (state ${shortDigest(digest)})`}`,
    ...(inherited > 0 ? [`The history of ${formatCount(inherited, 'update')} was taken over`] : []),
    ...(sequence > 0 ? [`The next update is number ${String(sequence + 1)}`] : []),
    `Next: conda-diff-export create ${where}`,
  ];
}
