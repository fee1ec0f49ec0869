import { join, resolve } from 'node:path';
import { pinLinks } from '../shared/allowed-links.js';
import type { CommonOptions, Shell } from '../shared/cli-shell.js';
import type { AllowedLink } from '../shared/bounds.js';
import { type Config, readConfig } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import { HashCache } from '../shared/hash-cache.js';
import { requireRepository } from '../shared/mistaken.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import { requireConfigPlace } from '../shared/trusted-place.js';
import type { Workbench } from './commit.js';
import type { Notebook } from './complete.js';
import { requireFreeTargets, requireOwnDirectory } from './held-directory.js';
import { benchFor } from './import.js';
import { realRepository } from './new-copy.js';
import { configuredWait } from './wait.js';

/** What a command of the importer works on. */
export interface Place {
  /** Absolute real path. */
  readonly repository: string;
  readonly links: readonly AllowedLink[];
  readonly stateDirectory: string;
  readonly config: Config;
}

/**
 * Finds the repository, which need not exist yet; flags win over the configuration.
 *
 * @throws CondaDiffError usage
 */
export async function placeOf(argument: string | undefined, flags: CommonOptions): Promise<Place> {
  const config = await readConfig(flags.config);
  const given = argument ?? config.repository;
  if (given === undefined) {
    throw new CondaDiffError('usage', 'No repository was given', {
      hint: "Name the directory of the copy, or set 'repository' in the file that --config names",
    });
  }
  const repository = realRepository(resolve(given));
  const option = flags.stateDir === undefined ? config.stateDir : resolve(flags.stateDir);
  const links = pinLinks(repository, config.allowedLinks);
  if (flags.config !== undefined) requireConfigPlace(flags.config, { repository, links });
  requireFreeTargets(links);
  return { repository, links, stateDirectory: option ?? join(repository, STATE_DIRECTORY), config };
}

/**
 * Finds a repository that must exist.
 *
 * @throws CondaDiffError usage; io
 */
export async function existingPlace(argument: string | undefined, flags: CommonOptions): Promise<Place> {
  const place = await placeOf(argument, flags);
  requireRepository(argument ?? place.repository, forUpdate);
  return place;
}

/** What to type, given an update where a repository was asked for. */
function forUpdate(update: string): string[] {
  return [
    'To verify it, and to see whether it fits:',
    `  conda-diff-import check ${update} <repository>`,
    'What it does, for whoever decides:',
    `  conda-diff-import report ${update}`,
  ];
}

/** The engine for a repository that must exist, for the commands that go without an update. */
export async function benchAt(
  repository: string | undefined,
  flags: CommonOptions,
  shell: Shell,
): Promise<{ place: Place; bench: Workbench; notebook: Notebook }> {
  const place = await existingPlace(repository, flags);
  requireOwnDirectory(place.repository);
  const { links, stateDirectory, config } = place;
  const { signal, progress } = shell;
  const bench = benchFor({ repository: place.repository, links, signal, progress });
  const cache = await HashCache.open(place.repository);
  const notebook = { stateDirectory, cache, wait: configuredWait(config) };
  return { place, bench, notebook };
}
