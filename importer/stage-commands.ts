import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import { addTrustOptions, type TrustFlags } from '../shared/trust-options.js';

export interface StageFlags extends CommonOptions, TrustFlags {
  readonly discard?: boolean;
}

/** Declares `stage`. */
export function addStage(program: Command): void {
  const declared = addTrustOptions(
    addCommonOptions(
      program
        .command('stage')
        .description(
          'collect the volumes of an update one by one, for apply --staged; without volumes: list them',
        )
        .argument('<repository>', 'directory of the copy; made when only its parent is there')
        .argument(
          '[volume...]',
          'volumes, manifests, or directories that hold them; with --discard: numbers of updates',
        )
        .option('--discard', 'delete what was collected, of all updates or of those that are named'),
    ),
  );
  addExamples(
    declared,
    {
      line: 'conda-diff-import stage copy dvd/',
      does: 'the volumes in this directory; then put in the next disc',
    },
    { line: 'conda-diff-import stage copy --discard 2', does: 'deletes what was collected of update 2' },
  ).action(async (repository: string, volumes: readonly string[], flags: StageFlags) =>
    (await import('./run-stage.js')).runStage(repository, volumes, flags),
  );
}
