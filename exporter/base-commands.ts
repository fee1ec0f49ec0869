import type { Command } from 'commander';
import { collect } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import { addTrustOptions, type TrustFlags } from '../shared/trust-options.js';
import { addExportOptions, type CompareFlags } from './options.js';

export interface InitFlags extends CompareFlags, TrustFlags {
  readonly empty?: boolean;
  readonly inSync?: boolean;
  readonly from?: string;
  readonly receipt?: string;
}

/** Declares `init`. */
export function addInit(program: Command): void {
  const declared = addExportOptions(
    program
      .command('init')
      .description('say once what the other side has now; with --site, make a site')
      .argument('[repository]', 'directory of the mirror')
      .option('--empty', 'it has nothing yet')
      .option('--in-sync', 'it has the same artifacts as this side now')
      .option('--from <file>', 'it has what this reference, manifest or Python reference says')
      .option('--receipt <file>', 'the receipt that goes with --from: numbers go on above its update')
      .option('--ignore <glob>', 'leave paths out of the state; repeatable', collect)
      .option('--include <glob>', 'track further files; repeatable', collect),
  );
  addTrustOptions(declared, 'a receipt');
  addExamples(
    declared,
    {
      line: 'conda-diff-export init mirror --empty',
      does: 'the copy has nothing yet, so the first update carries everything',
    },
    {
      line: 'conda-diff-export init mirror --site lab --from reference.json',
      does: 'a further copy, which has what its reference says',
    },
  ).action(async (repository: string | undefined, flags: InitFlags) =>
    (await import('./run-init.js')).runInit(repository, flags),
  );
}
