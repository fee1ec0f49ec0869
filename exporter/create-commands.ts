import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect, createShell } from '../shared/cli-shell.js';
import type { Config } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import { HashCache } from '../shared/hash-cache.js';
import { compareUtf8 } from '../shared/paths.js';
import { remarks } from '../shared/present-state.js';
import { compare, type CompareOptions } from './compare.js';
import { describeOutcome, outcomeLines } from './describe.js';
import { exportUpdate } from './export.js';
import {
  addExportOptions,
  type CompareFlags,
  givenGlobs,
  parsePercentage,
  policyOf,
  type Workplace,
  workplace,
} from './options.js';
import { requireReviewable, type ReviewFlags, writeReviews } from './review.js';
import { requireSite, siteNames } from './sites.js';
import { addSignKey, signKeys, type SignFlags } from './key-commands.js';
import { openStore } from './store.js';
import { parseVolumeSize } from './volume-size.js';

interface CreateFlags extends CompareFlags, ReviewFlags, SignFlags {
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly overwrite?: boolean;
  /** Bytes. */
  readonly volumeSize?: number;
}

/** Declares `create`. */
export function addCreate(program: Command): void {
  addSignKey(
    addCompareOptions(
      program
        .command('create', { isDefault: true })
        .description('write an update: update.tar, its manifest and its base reference')
        .argument('[repository]', 'directory of the mirror')
        .option('-o, --output <file|dir/>', 'where the update is written (default: update.tar)'),
    ),
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
    )
    .action(async (repository: string | undefined, flags: CreateFlags) => {
      const shell = createShell(flags);
      const place = await workplace(repository, flags);
      const output = flags.output ?? place.config.output ?? 'update.tar';
      requireReviewable(flags, output, place.repository);
      const volumeSize = volumeSizeOf(flags, place.config);
      const outcome = await exportUpdate({
        ...compareOptions(place, flags, shell.signal),
        output,
        dryRun: flags.dryRun ?? false,
        overwrite: flags.overwrite ?? false,
        ...(volumeSize !== undefined && { volumeSize }),
        signKeys: await signKeys(flags, place.config, place.repository, shell.note),
        note: shell.note,
        detail: shell.detail,
        progress: shell.progress,
      });
      remarks(outcome.comparison.survey).forEach(shell.note);
      const reviews =
        outcome.outcome === 'published'
          ? await writeReviews(flags, outcome.names, place.repository, shell.signal)
          : [];
      shell.report(describeOutcome(outcome), [
        ...outcomeLines(outcome, place.repository),
        ...reviews.map((file) => `Wrote: ${file}`),
      ]);
    });
}

function parseSize(text: string): number {
  const bytes = parseVolumeSize(text);
  if (bytes === undefined) throw new InvalidArgumentError(SIZES);
  return bytes;
}

const SIZES = 'It is a number of bytes, or decimal: 700M is 700,000,000 bytes, 4.3G is 4,300,000,000.';

/** Most bytes of a volume: the flag wins over the configuration. */
function volumeSizeOf({ volumeSize }: CreateFlags, config: Config): number | undefined {
  if (volumeSize !== undefined || config.volumeSize === undefined) return volumeSize;
  const bytes = parseVolumeSize(config.volumeSize);
  if (bytes !== undefined) return bytes;
  throw new CondaDiffError('usage', `'${config.volumeSize}' is not a volume size`, { hint: SIZES });
}

/** Declares `show`. */
export function addShow(program: Command): void {
  addCompareOptions(
    program
      .command('show')
      .description('print the paths that an update would carry, and those that it would remove')
      .argument('[repository]', 'directory of the mirror'),
  ).action(async (repository: string | undefined, flags: CompareFlags) => {
    const shell = createShell(flags);
    const place = await workplace(repository, flags);
    const { events } = (await openStore(place.stateDirectory)).log;
    requireSite(siteNames(events), place.site, place.repository);
    const cache = await HashCache.open(place.repository);
    const { diff } = await compare(compareOptions(place, flags, shell.signal), events, cache);
    const added = diff.added.map(({ path }) => path);
    const replaced = diff.replaced.map(({ after }) => after.path);
    const removed = diff.removed.map(({ path }) => path);
    shell.data({ command: 'show', added, replaced, removed }, [
      ...[...added, ...replaced].sort(compareUtf8),
      ...removed.map((path) => `removed: ${path}`),
    ]);
  });
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

function compareOptions(place: Workplace, flags: CompareFlags, signal: AbortSignal): CompareOptions {
  return {
    repository: place.repository,
    stateDirectory: place.stateDirectory,
    site: place.site,
    base: flags.base ?? place.config.base ?? 'assumed',
    globs: givenGlobs(flags, place.config),
    policy: policyOf(flags),
    signal,
  };
}
