import { CondaDiffError } from '../shared/errors.js';
import type { LedgerEvent } from './ledger-events.js';
import { shellWord } from '../shared/shell-word.js';

export const DEFAULT_SITE = 'default';

/** The form that a site's name has in ledger, manifest and receipt (see their schemas): safe in file names. */
const SITE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/**
 * Checks the name of a site.
 *
 * @throws CondaDiffError usage
 */
export function checkSiteName(name: string): string {
  if (SITE_NAME.test(name)) return name;
  throw new CondaDiffError('usage', `'${name}' cannot be the name of a site`, {
    hint: 'A name has up to 64 letters, digits, dots, dashes and underscores, and begins with a letter or digit',
  });
}

/** The sites that a ledger tells of, in the order in which they were made. */
export function siteNames(events: Iterable<LedgerEvent>): string[] {
  const names = new Set<string>();
  for (const { site } of events) names.add(site);
  return [...names];
}

/**
 * Makes sure that a site is known. The one of a repository that never had another need not be made first: what asks
 * for its base then says how.
 *
 * @throws CondaDiffError usage, with those that there are
 */
export function requireSite(names: readonly string[], site: string, repository: string): void {
  if (names.includes(site) || (names.length === 0 && site === DEFAULT_SITE)) return;
  throw new CondaDiffError('usage', `There is no site '${site}' of ${repository}`, {
    details: names.map((name) => `there is ${name}`),
    hint: [
      ...(names.length === 0 ? [] : ['Name one of these with --site; to make a new one, say what it has:']),
      ...(names.length === 0 ? ['Make it, and say what it has:'] : []),
      ...waysToBegin(repository, site),
    ].join('\n'),
  });
}

/** The three ways to set a first base, as commands. */
export function waysToBegin(repository: string, site: string): string[] {
  const init = `conda-diff-export init ${shellWord(repository)}${siteFlag(site)}`;
  return [
    `  ${init} --empty                 the other side has nothing yet`,
    `  ${init} --in-sync               it has the same artifacts as this side now`,
    `  ${init} --from reference.json   it has what this reference says (ours, or of the Python tool)`,
  ];
}

/** What a command needs to speak of this site: nothing where it is the default one. */
export function siteFlag(site: string): string {
  return site === DEFAULT_SITE ? '' : ` --site ${site}`;
}

/**
 * Makes sure that a new site's directories cannot be another's: update directories are named after sites, and disks
 * that cross often do not tell capitals from small letters.
 *
 * @throws CondaDiffError usage
 */
export function requireDistinct(names: readonly string[], site: string): void {
  const other = names.find((name) => name !== site && name.toLowerCase() === site.toLowerCase());
  if (other === undefined) return;
  throw new CondaDiffError('usage', `A site '${site}' differs from the site '${other}' only in capitals`, {
    hint: 'Choose another name: on some file systems their updates would lie in one directory',
  });
}
