import { type Dirent, readdirSync, statSync } from 'node:fs';
import { asIoError, CondaDiffError } from './errors.js';
import { MANIFEST, REPODATA } from './rules.js';
import { shellWord } from './shell-word.js';

/**
 * Refuses what cannot be a repository, with the command for what it is.
 *
 * @param path of a repository that must be there
 * @param forUpdate what to type, given an update
 * @throws CondaDiffError usage, when it is not there, not a directory, or an update; io
 */
export function requireRepository(path: string, forUpdate: (update: string) => readonly string[]): void {
  if (isUpdate(path)) {
    throw new CondaDiffError('usage', `${path} is an update, not a repository`, {
      hint: forUpdate(shellWord(path)).join('\n'),
    });
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new CondaDiffError('usage', `No such directory: ${path}`);
  if (!stats.isDirectory()) throw new CondaDiffError('usage', `${path} is not a directory`);
}

/**
 * Refuses a repository where an update is asked for.
 *
 * @param command that takes an update, and a repository after it
 * @param update what was given first, as it was given
 * @param repository what was given next
 * @throws CondaDiffError usage, with the command as it was meant; io
 */
export function requireUpdate(command: string, update: string, repository: string | undefined): void {
  const names = namesIn(update);
  if (names === undefined || names.some(({ name }) => isManifest(name))) return;
  if (repository !== undefined && isUpdate(repository)) {
    throw new CondaDiffError('usage', 'The update comes first, the repository after it', {
      details: [`${update} holds no update; ${repository} is one`],
      hint: `${command} ${shellWord(repository)} ${shellWord(update)}`,
    });
  }
  if (repository !== undefined || !names.some((one) => one.isDirectory())) return;
  throw new CondaDiffError('usage', `${update} holds no update`, {
    details: ['if it is the repository, the update comes before it'],
    hint: `${command} <update> ${shellWord(update)}`,
  });
}

/**
 * Whether `path` is an update: its manifest, an archive, or a directory that holds a manifest and nothing of a
 * repository. What is not there is none.
 *
 * @throws CondaDiffError io
 */
export function isUpdate(path: string): boolean {
  const names = namesIn(path);
  if (names === undefined) {
    const isNamedSo = isManifest(path) || path.endsWith('.tar');
    return isNamedSo && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  }
  const isOther = names.some(
    (one) => (one.isDirectory() && !one.name.startsWith('.')) || one.name === REPODATA,
  );
  return !isOther && names.some(({ name }) => isManifest(name));
}

const isManifest = (name: string): boolean => name.endsWith(MANIFEST);

/** What a directory holds; `undefined` where there is none. */
function namesIn(path: string): Dirent[] | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw asIoError(error, `Cannot list ${path}`);
  }
}
