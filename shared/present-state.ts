import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isAtOrBelow, NO_LINKS, type RepositoryParts } from './bounds.js';
import { CondaDiffError } from './errors.js';
import { writeFileAtomically } from './atomic-file.js';
import type { Survey } from './read-state.js';
import { encodeReference, type Reference } from './reference.js';
import { isJunkName } from './rules.js';

/**
 * Writes a reference atomically. Inside the repository only names are allowed that are never tracked.
 *
 * @throws CondaDiffError usage or io
 */
export async function writeReference(
  place: RepositoryParts,
  file: string,
  reference: Reference,
): Promise<void> {
  requireUntracked(place, file, 'Name it reference.json, or write it to another place');
  await writeFileAtomically(resolve(file), encodeReference(reference));
}

/**
 * Refuses an output that would lie in the repository, or behind an allowed link of it, under a name that may be tracked.
 *
 * @throws CondaDiffError usage
 */
export function requireUntracked(
  { repository, links = NO_LINKS }: RepositoryParts,
  file: string,
  hint: string,
): void {
  const path = resolve(file);
  const directory = realOrSame(dirname(path));
  const parts = [realOrSame(repository), ...links.map(({ target }) => target)];
  if (isJunkName(basename(path)) || !parts.some((part) => isAtOrBelow(part, directory))) return;
  throw new CondaDiffError('usage', `The output ${file} would become a file of the repository`, { hint });
}

function realOrSame(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

/**
 * @throws CondaDiffError source, when an index of the repository cannot be read, so that its state is not known
 */
export function requireReadable({ unreadable }: Survey): void {
  const [first, ...others] = unreadable;
  if (first === undefined) return;
  throw new CondaDiffError('source', first.message, {
    details: others.map(({ message }) => message),
    hint: first.hint ?? 'Replace this index with a good copy',
  });
}

/** What is worth knowing about a repository beside its state, one line each. */
export function remarks(survey: Survey): string[] {
  return [
    remark(survey.missing, 'Records without a file'),
    remark(survey.unindexed, 'Artifacts that no index names, left out'),
    remark(survey.external, 'Records that lead out of the repository, left out'),
    remark(survey.withoutRepodata, 'Directories with index variants but no repodata.json'),
    remark(
      survey.strayLinks.map(({ path, target }) => `${path} -> ${target}`),
      'Symbolic links that lead out of the repository or nowhere, left out',
    ),
  ].filter((line) => line !== undefined);
}

function remark(paths: readonly string[], what: string): string | undefined {
  if (paths.length === 0) return undefined;
  const examples = paths.slice(0, 3).map((path) => (path === '' ? '.' : path));
  return `${what}: ${paths.length} (${examples.join(', ')}${paths.length > 3 ? ', …' : ''})`;
}
