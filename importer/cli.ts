#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import {
  addCommonOptions,
  type CommonOptions,
  createProgram,
  createShell,
  runProgram,
} from '../shared/cli-shell.js';
import { readConfig } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { NO_GLOBS } from '../shared/globs.js';
import { HashCache } from '../shared/hash-cache.js';
import { remarks, requireReadable, writeReference } from '../shared/present-state.js';
import { readReference } from '../shared/read-document.js';
import { readState } from '../shared/read-state.js';
import { type Reference, referenceOf } from '../shared/reference.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { shortDigest } from '../shared/state.js';
import { judge } from '../shared/verify.js';
import { describeImport, importLines, planLines } from './describe.js';
import { checkUpdate, importUpdate, realRepository } from './import.js';

interface Place {
  /** Absolute real path. */
  readonly repository: string;
  readonly stateDirectory: string;
}

const program = createProgram(
  'conda-diff-import',
  'Apply updates to the air-gapped copy of a conda repository',
);

addCommonOptions(
  program
    .command('apply', { isDefault: true })
    .description('verify an update, apply it, and write the reference of the new state')
    .argument('<update>', 'the update.tar, its manifest, or the directory that holds them')
    .argument('[repository]', 'directory of the copy; made when only its parent is there')
    .option('--dry-run', 'print what would be done, change nothing'),
).action(
  async (
    update: string,
    repository: string | undefined,
    flags: CommonOptions & { readonly dryRun?: boolean },
  ) => {
    const shell = createShell(flags);
    const options = { ...(await placeOf(repository, flags)), update: resolve(update), signal: shell.signal };
    if (flags.dryRun) {
      const outcome = await checkUpdate(options, false);
      shell.report(
        { command: 'apply', dryRun: true, ...describeImport(outcome), plan: outcome.plan },
        planLines(outcome),
      );
      return;
    }
    const outcome = await importUpdate(options);
    shell.report(
      { command: 'apply', dryRun: false, ...describeImport(outcome) },
      importLines(outcome, options.repository),
    );
  },
);

addCommonOptions(
  program
    .command('check')
    .description('verify everything that apply would verify, change nothing')
    .argument('<update>', 'the update.tar, its manifest, or the directory that holds them')
    .argument('[repository]', 'directory of the copy'),
).action(async (update: string, repository: string | undefined, flags: CommonOptions) => {
  const shell = createShell(flags);
  const options = { ...(await placeOf(repository, flags)), update: resolve(update), signal: shell.signal };
  const outcome = await checkUpdate(options, true);
  const { manifest } = outcome;
  const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
  const finding = outcome.outcome === 'apply' ? 'fits and can be applied' : 'is applied already';
  shell.report({ command: 'check', ...describeImport(outcome) }, [
    `Update ${String(manifest.sequence)} is whole (${formatCount(manifest.files.length, 'file')}, ${formatBytes(bytes)}) and ${finding}`,
  ]);
});

addCommonOptions(
  program
    .command('reference')
    .description('write the present state as a reference; changes nothing else')
    .argument('[repository]', 'directory of the copy')
    .option('-o, --output <file>', 'where it is written', 'reference.json'),
).action(async (repository: string | undefined, flags: CommonOptions & { readonly output: string }) => {
  const shell = createShell(flags);
  const place = await existingPlace(repository, flags);
  const globs = (await lastReference(place))?.globs ?? NO_GLOBS;
  const cache = await HashCache.open(place.repository);
  const survey = await readState(place.repository, { globs, cache, signal: shell.signal });
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
    .description('check every file against its record and the last import')
    .argument('[repository]', 'directory of the copy')
    .option('--quick', 'only presence and size'),
).action(async (repository: string | undefined, flags: CommonOptions & { readonly quick?: boolean }) => {
  const shell = createShell(flags);
  const place = await existingPlace(repository, flags);
  const reference = await lastReference(place);
  const cache = await HashCache.open(place.repository);
  const survey = await readState(place.repository, {
    globs: reference?.globs ?? NO_GLOBS,
    cache,
    mustHash: () => !flags.quick,
    signal: shell.signal,
  });
  remarks(survey).forEach(shell.note);
  const { files, bytes, digest } = judge(survey, reference?.state);
  await cache.saveIfThere();
  shell.report({ command: 'verify', files, bytes, digest, reference: reference !== undefined }, [
    `All ${formatCount(files, 'file')} (${formatBytes(bytes)}) are right${flags.quick ? ' in presence and size' : ''}`,
    reference === undefined
      ? 'Nothing was imported here yet, so only artifacts were checked, against their records'
      : `State ${shortDigest(digest)}, as the last import left it`,
  ]);
});

async function placeOf(argument: string | undefined, flags: CommonOptions): Promise<Place> {
  const config = await readConfig(flags.config);
  const given = argument ?? config.repository;
  if (given === undefined) {
    throw new CondaDiffError('usage', 'No repository was given', {
      hint: "Name the directory of the copy, or set 'repository' in the file that --config names",
    });
  }
  const repository = realRepository(resolve(given));
  const option = flags.stateDir === undefined ? config.stateDir : resolve(flags.stateDir);
  return { repository, stateDirectory: option ?? join(repository, STATE_DIRECTORY) };
}

async function existingPlace(argument: string | undefined, flags: CommonOptions): Promise<Place> {
  const place = await placeOf(argument, flags);
  if (existsSync(place.repository)) return place;
  throw new CondaDiffError('usage', `No such directory: ${place.repository}`);
}

/** What the last import left, if there was one. */
async function lastReference({ stateDirectory }: Place): Promise<Reference | undefined> {
  const file = join(stateDirectory, 'reference.json');
  return existsSync(file) ? readReference(file) : undefined;
}

await runProgram(program, process.argv);
