import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect } from '../shared/cli-shell.js';
import { addExamples } from '../shared/examples.js';
import { addExportOptions, type CompareFlags, parsePercentage } from './options.js';
import type { ReviewFlags } from './review.js';
import { addSignKey, type SignFlags } from '../shared/sign-options.js';
import { parseVolumeSize } from './volume-size.js';

export interface CreateFlags extends CompareFlags, ReviewFlags, SignFlags {
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly overwrite?: boolean;
  /** Bytes. */
  readonly volumeSize?: number;
}

/** Declares `create`. */
export function addCreate(program: Command): void {
  const declared = addSignKey(
    addCompareOptions(
      program
        .command('create', { isDefault: true })
        .description(
          'write an update: update.tar, its manifest and its base reference (create may be left out)',
        )
        .argument('[repository]', 'directory of the mirror')
        .option('-o, --output <file|dir/>', 'where the update is written (default: update.tar)'),
    ),
    'the manifest',
  )
    .option('--dry-run', 'print what the update would carry, write nothing')
    .option(
      '--volume-size <size>',
      'divide the archive into volumes of at most this size: bytes, or decimal like 700M or 4.3G',
      parseSize,
    )
    .option('--overwrite', 'withdraw an unconfirmed update at the output and take its place')
    .option('--report', 'write a review report beside the update: update.report.html')
    .addOption(
      new Option('--sbom <format>', 'write an SBOM beside the update: update.cdx.json').choices([
        'cyclonedx',
      ]),
    );
  addExamples(
    declared,
    {
      line: 'conda-diff-export create mirror -o outbox/',
      does: 'the next update, in a directory of its own below outbox',
    },
    {
      line: 'conda-diff-export create mirror -o outbox/ --base confirmed --volume-size 4.3G',
      does: 'one update in place of all that were lost since the last confirmed one, for DVDs',
    },
  ).action(async (repository: string | undefined, flags: CreateFlags) =>
    (await import('./run-create.js')).runCreate(repository, flags),
  );
}

function parseSize(text: string): number {
  const bytes = parseVolumeSize(text);
  if (bytes === undefined) throw new InvalidArgumentError(SIZES);
  return bytes;
}

export const SIZES = 'It is a number of bytes, or decimal: 700M is 700,000,000 bytes, 4.3G is 4,300,000,000.';

/** Declares `show`. */
export function addShow(program: Command): void {
  const declared = addCompareOptions(
    program
      .command('show')
      .description('print the paths that an update would carry, and those that it would remove')
      .argument('[repository]', 'directory of the mirror'),
  );
  addExamples(
    declared,
    { line: 'conda-diff-export show mirror', does: 'what the next update would carry and remove' },
    {
      line: 'conda-diff-export show mirror --base confirmed',
      does: 'what it would be from the state that was last confirmed',
    },
  ).action(async (repository: string | undefined, flags: CompareFlags) =>
    (await import('./run-create.js')).runShow(repository, flags),
  );
}

function addCompareOptions(command: Command): Command {
  return addExportOptions(
    command
      .option(
        '--base <base>',
        'start from: assumed, confirmed, empty, a state digest, the number of an update, or a reference, manifest or Python reference file',
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
