#!/usr/bin/env node
import process from 'node:process';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addCommonOptions, collect, createProgram, createShell, runProgram } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { type Globs, NO_GLOBS } from '../shared/globs.js';
import { HashCache } from '../shared/hash-cache.js';
import { compareUtf8 } from '../shared/paths.js';
import { remarks, requireReadable, writeReference } from '../shared/present-state.js';
import { readState } from '../shared/read-state.js';
import { referenceOf } from '../shared/reference.js';
import { shortDigest } from '../shared/state.js';
import { judge } from '../shared/verify.js';
import { compare, type CompareOptions } from './compare.js';
import { describeOutcome, outcomeLines } from './describe.js';
import { DEFAULT_SITE, exportUpdate } from './export.js';
import { init } from './init.js';
import {
  type CompareFlags,
  givenGlobs,
  parsePercentage,
  policyOf,
  type Workplace,
  workplace,
} from './options.js';
import { openStore, siteOf } from './store.js';

interface CreateFlags extends CompareFlags {
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly overwrite?: boolean;
}

interface InitFlags extends CompareFlags {
  readonly empty?: boolean;
  readonly inSync?: boolean;
  readonly from?: string;
}

const program = createProgram(
  'conda-diff-export',
  'Make updates of a mirrored conda repository for its air-gapped copy',
);

addCompareOptions(
  program
    .command('create', { isDefault: true })
    .description('write an update: update.tar, its manifest and its base reference')
    .argument('[repository]', 'directory of the mirror')
    .option('-o, --output <file|dir/>', 'where the update is written (default: update.tar)'),
)
  .option('--dry-run', 'print what the update would carry, write nothing')
  .option('--overwrite', 'withdraw an unconfirmed update at the output and take its place')
  .action(async (repository: string | undefined, flags: CreateFlags) => {
    const shell = createShell(flags);
    const place = await workplace(repository, flags);
    const outcome = await exportUpdate({
      ...compareOptions(place, flags, shell.signal),
      output: flags.output ?? place.config.output ?? 'update.tar',
      dryRun: flags.dryRun ?? false,
      overwrite: flags.overwrite ?? false,
      note: shell.note,
      detail: shell.detail,
    });
    remarks(outcome.comparison.survey).forEach(shell.note);
    shell.report(describeOutcome(outcome), outcomeLines(outcome, place.repository));
  });

addCommonOptions(
  program
    .command('init')
    .description('say once what the other side has now')
    .argument('[repository]', 'directory of the mirror')
    .option('--empty', 'it has nothing yet')
    .option('--in-sync', 'it has the same artifacts as this side now')
    .option('--from <file>', 'it has what this reference, manifest or Python reference says')
    .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
    .option('--include <glob>', 'track further files; repeatable', collect),
).action(async (repository: string | undefined, flags: InitFlags) => {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const how = flags.empty ? 'empty' : flags.inSync ? 'in-sync' : 'from';
  if ([flags.empty, flags.inSync, flags.from !== undefined].filter(Boolean).length !== 1) {
    throw new CondaDiffError('usage', 'Give exactly one of --empty, --in-sync and --from <file>');
  }
  const { reference, unknown } = await init({
    repository: place.repository,
    stateDirectory: place.stateDirectory,
    site: DEFAULT_SITE,
    how,
    ...(flags.from !== undefined && { from: resolve(flags.from) }),
    globs: givenGlobs(flags, place.config),
    signal: shell.signal,
  });
  const { digest, count } = reference.state;
  if (unknown > 0)
    shell.note(`Records of the reference without a sha256: ${unknown}; their files will be shipped`);
  shell.report({ command: 'init', how, digest, count, scope: reference.scope, unknown }, [
    `The other side is taken to have ${count === 0 ? 'nothing' : `${formatCount(count, 'file')} (state ${shortDigest(digest)})`}`,
    `Next: conda-diff-export create ${place.repository}`,
  ]);
});

addCompareOptions(
  program
    .command('show')
    .description('print the paths that an update would carry, and those that it would remove')
    .argument('[repository]', 'directory of the mirror'),
).action(async (repository: string | undefined, flags: CompareFlags) => {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const site = siteOf(await openStore(place.stateDirectory), DEFAULT_SITE);
  const cache = await HashCache.open(place.repository);
  const { diff } = await compare(compareOptions(place, flags, shell.signal), site, cache);
  const added = diff.added.map(({ path }) => path);
  const replaced = diff.replaced.map(({ after }) => after.path);
  const removed = diff.removed.map(({ path }) => path);
  shell.data({ command: 'show', added, replaced, removed }, [
    ...[...added, ...replaced].sort(compareUtf8),
    ...removed.map((path) => `removed: ${path}`),
  ]);
});

addCommonOptions(
  program
    .command('reference')
    .description('write the present state as a reference; changes nothing else')
    .argument('[repository]', 'directory of the mirror')
    .option('-o, --output <file>', 'where it is written', 'reference.json')
    .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
    .option('--include <glob>', 'track further files; repeatable', collect),
).action(async (repository: string | undefined, flags: CompareFlags & { readonly output: string }) => {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const globs = await siteGlobs(place, flags);
  const survey = await readState(place.repository, {
    globs,
    cache: await HashCache.open(place.repository),
    signal: shell.signal,
  });
  requireReadable(survey);
  await writeReference(place.repository, flags.output, referenceOf(survey.state, globs));
  remarks(survey).forEach(shell.note);
  const { digest, count, bytes } = survey.state;
  shell.report({ command: 'reference', output: resolve(flags.output), digest, count, bytes }, [
    `Wrote: ${flags.output}`,
    `State ${shortDigest(digest)} (${formatCount(count, 'file')}, ${formatBytes(bytes)})`,
  ]);
});

addCommonOptions(
  program
    .command('verify')
    .description('check every artifact against its record')
    .argument('[repository]', 'directory of the mirror')
    .option('--quick', 'only presence and size')
    .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
    .option('--include <glob>', 'track further files; repeatable', collect),
).action(async (repository: string | undefined, flags: CompareFlags & { readonly quick?: boolean }) => {
  const shell = createShell(flags);
  const place = await workplace(repository, flags);
  const globs = await siteGlobs(place, flags);
  const cache = await HashCache.open(place.repository);
  const mustHash = (): boolean => !flags.quick;
  const survey = await readState(place.repository, { globs, cache, mustHash, signal: shell.signal });
  remarks(survey).forEach(shell.note);
  const { files, bytes, digest } = judge(survey, undefined);
  await cache.save();
  shell.report({ command: 'verify', files, bytes, digest }, [
    `All ${formatCount(files, 'file')} (${formatBytes(bytes)}) are right${flags.quick ? ' in presence and size' : ''}`,
    `State ${shortDigest(digest)}`,
  ]);
});

function addCompareOptions(command: Command): Command {
  return addCommonOptions(
    command
      .option(
        '--base <base>',
        'start from: assumed, empty, or a reference, manifest or Python reference file',
      )
      .option('--allow-incomplete', 'export although records have no file; state these as absent')
      .option('--allow-removals', 'export although indexes vanished, became empty or lost many artifacts')
      .option(
        '--max-removals <percent>',
        "share of a subdir's artifacts that may be removed at once (default: 25 %)",
        parsePercentage,
      )
      .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
      .option('--no-ignore', 'forget the globs that were ignored so far')
      .option('--include <glob>', 'track further files; repeatable', collect)
      .option('--no-include', 'forget the globs that were included so far'),
  );
}

function compareOptions(place: Workplace, flags: CompareFlags, signal: AbortSignal): CompareOptions {
  return {
    repository: place.repository,
    stateDirectory: place.stateDirectory,
    site: DEFAULT_SITE,
    base: flags.base ?? place.config.base ?? 'assumed',
    globs: givenGlobs(flags, place.config),
    policy: policyOf(flags),
    signal,
  };
}

/** The globs of the site, as its last update had them, under those that were given now. */
async function siteGlobs(place: Workplace, flags: CompareFlags): Promise<Globs> {
  const site = siteOf(await openStore(place.stateDirectory), DEFAULT_SITE);
  return { ...(site.globs ?? NO_GLOBS), ...givenGlobs(flags, place.config) };
}

await runProgram(program, process.argv);
