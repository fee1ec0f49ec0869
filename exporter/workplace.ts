import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { pinLinks } from '../shared/allowed-links.js';
import type { AllowedLink } from '../shared/bounds.js';
import { type Config, readConfig } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import type { Globs } from '../shared/globs.js';
import { requireSettled } from '../shared/interrupted.js';
import { requireRepository } from '../shared/mistaken.js';
import { requireConfigPlace } from '../shared/trusted-place.js';
import type { SourcePolicy } from './check-source.js';
import type { CompareFlags, ExportFlags } from './options.js';
import { requireConfigured, settingsOf } from './site-settings.js';
import { checkSiteName, DEFAULT_SITE } from './sites.js';
import { stateDirectory } from './store.js';

/** What every command of the exporter works on. */
export interface Workplace {
  /** The settings of the site. */
  readonly config: Config;
  /** Absolute real path. */
  readonly repository: string;
  readonly links: readonly AllowedLink[];
  readonly stateDirectory: string;
  readonly site: string;
}

/**
 * Finds the repository and the state directory: flags win over the configuration.
 *
 * @throws CondaDiffError usage, when there is no such directory, or it is an update; source, when an import of it was interrupted
 */
export async function workplace(argument: string | undefined, flags: ExportFlags): Promise<Workplace> {
  const config = await readConfig(flags.config);
  const given = argument ?? config.repository;
  if (given === undefined) {
    throw new CondaDiffError('usage', 'No repository was given', {
      hint: "Name the directory of the mirror, or set 'repository' in the file that --config names",
    });
  }
  const path = resolve(given);
  requireRepository(argument ?? path, forUpdate);
  const repository = realpathSync(path);
  const links = pinLinks(repository, config.allowedLinks);
  if (flags.config !== undefined) requireConfigPlace(flags.config, { repository, links });
  requireSettled(repository, 'source');
  const option = flags.stateDir === undefined ? config.stateDir : resolve(flags.stateDir);
  const named = flags.site ?? config.site;
  const site = checkSiteName(named ?? DEFAULT_SITE);
  requireConfigured(config, named);
  return {
    config: settingsOf(config, site),
    repository,
    links,
    stateDirectory: stateDirectory(repository, option),
    site,
  };
}

/** What to type, given an update where a repository was asked for. */
function forUpdate(update: string): string[] {
  return [
    'What it does, for whoever decides:',
    `  conda-diff-export report ${update}`,
    'To verify it, and to see whether it fits, on the other side:',
    `  conda-diff-import check ${update} <repository>`,
  ];
}

/** Globs that were given by flag or configuration; `--no-ignore` and `--no-include` give none. */
export function givenGlobs(flags: CompareFlags, config: Config): Partial<Globs> {
  const ignore = flags.ignore === false ? [] : (flags.ignore ?? config.ignore);
  const include = flags.include === false ? [] : (flags.include ?? config.include);
  return { ...(ignore && { ignore }), ...(include && { include }) };
}

/** The default share of a subdir's artifacts that may be removed at once. */
const MAX_REMOVALS = 0.25;

export function policyOf(flags: CompareFlags): SourcePolicy {
  return {
    allowIncomplete: flags.allowIncomplete ?? false,
    allowRemovals: flags.allowRemovals ?? false,
    maxRemovals: flags.maxRemovals ?? MAX_REMOVALS,
  };
}
