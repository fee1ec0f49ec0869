import type { Config } from '../shared/config.js';
import { CondaDiffError } from '../shared/errors.js';
import { nearest } from '../shared/nearest.js';

/** The settings of one site: what it has of its own wins over what stands outside of `sites`. */
export function settingsOf(config: Config, site: string): Config {
  const { sites = {}, ...common } = config;
  return Object.hasOwn(sites, site) ? { ...common, ...sites[site] } : common;
}

/**
 * Where the configuration tells of sites, a name that was given must be one of them: a mistyped one would have the
 * settings of none.
 *
 * @throws CondaDiffError usage
 */
export function requireConfigured({ sites }: Config, site: string | undefined): void {
  if (sites === undefined || site === undefined || Object.hasOwn(sites, site)) return;
  const names = Object.keys(sites);
  const near = nearest(site, names);
  throw new CondaDiffError('usage', `The configuration has no site '${site}'`, {
    details: names.map((name) => `its sites: ${name}`),
    hint:
      near === undefined
        ? `Add it to 'sites', without settings of its own: ${site}: {}`
        : `Did you mean --site ${near}?`,
  });
}
