import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addCommonOptions, collect, createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatCount } from '../shared/figures.js';
import { shortDigest } from '../shared/state.js';
import { DEFAULT_SITE } from './export.js';
import { init } from './init.js';
import { type CompareFlags, givenGlobs, workplace } from './options.js';

interface InitFlags extends CompareFlags {
  readonly empty?: boolean;
  readonly inSync?: boolean;
  readonly from?: string;
}

/** Declares `init`. */
export function addInit(program: Command): void {
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
}
