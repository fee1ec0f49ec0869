import { CondaDiffError } from './errors.js';
import { NO_GLOBS } from './globs.js';
import { joinPath, pathProblem } from './paths.js';
import { type Reference, referenceOf } from './reference.js';
import { type Entry, StateBuilder } from './state.js';

/**
 * A reference as the Python tool wrote it: absolute directory → file name → record of its repodata.json. It knows
 * `packages` only, which are `.tar.bz2` files.
 */
export type PythonReference = Readonly<Record<string, Readonly<Record<string, PythonRecord>>>>;

type PythonRecord = Readonly<Record<string, unknown>>;

/** Whether parsed JSON has the form of a {@link PythonReference}. */
export function isPythonReference(value: unknown): value is PythonReference {
  if (!isObject(value)) return false;
  return Object.entries(value).every(
    ([directory, records]) =>
      isAbsolute(directory) && isObject(records) && Object.values(records).every(isObject),
  );
}

/**
 * The partial base (DESIGN section 7) that a reference of the Python tool gives for a repository, wherever that
 * stands now: every key minus one common prefix is an index directory.
 *
 * A record without sha256 or size is unknown and stays out of the base, so its file is shipped. Old records hold
 * an md5 only, and that is not taken: two files with one md5 can be made at will, and neither state nor digest
 * can be told from it.
 *
 * @param indexDirectories of the repository; '' = the repository itself
 * @param name the file, for messages
 * @returns the base and the number of unknown records
 * @throws CondaDiffError usage, when no one prefix explains all keys, or two keys are one directory
 */
export function pythonBase(
  reference: PythonReference,
  indexDirectories: readonly string[],
  name: string,
): { readonly reference: Reference; readonly unknown: number } {
  const directories = explain(Object.keys(reference), indexDirectories, name);
  const builder = new StateBuilder();
  let unknown = 0;
  for (const [key, records] of Object.entries(reference)) {
    for (const [file, record] of Object.entries(records)) {
      const entry = entryOf(directories.get(key) as string, file, record);
      if (entry === undefined) unknown++;
      else builder.add(entry);
    }
  }
  return { reference: referenceOf(builder.build(), NO_GLOBS, 'tar.bz2'), unknown };
}

function entryOf(directory: string, file: string, { sha256, size }: PythonRecord): Entry | undefined {
  const path = joinPath(directory, file);
  if (!file.endsWith('.tar.bz2') || file.includes('/') || pathProblem(path) !== undefined) return undefined;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return { path, size, sha256: sha256.toLowerCase() };
}

/**
 * Finds the index directory of every key. Prefixes end at a separator; the shortest one, which leaves the
 * longest suffixes, is tried first.
 */
function explain(
  keys: readonly string[],
  indexDirectories: readonly string[],
  name: string,
): ReadonlyMap<string, string> {
  const segments = new Map(keys.map((key) => [key, segmentsOf(key)]));
  refuseTies(segments, name);
  const isIndexDirectory = new Set(indexDirectories);
  let best = { length: 0, unexplained: keys };
  for (let length = 0; length <= sharedLength([...segments.values()]); length++) {
    const suffixes = new Map([...segments].map(([key, parts]) => [key, parts.slice(length).join('/')]));
    const unexplained = keys.filter((key) => !isIndexDirectory.has(suffixes.get(key) as string));
    if (unexplained.length === 0) return suffixes;
    if (unexplained.length < best.unexplained.length) best = { length, unexplained };
  }
  throw unexplainedKeys(best.unexplained, indexDirectories, name);
}

function refuseTies(segments: ReadonlyMap<string, readonly string[]>, name: string): void {
  const seen = new Map<string, string>();
  const ties: string[] = [];
  for (const [key, parts] of segments) {
    const place = parts.join('/');
    const other = seen.get(place);
    if (other === undefined) seen.set(place, key);
    else ties.push(`${JSON.stringify(other)} and ${JSON.stringify(key)}`);
  }
  if (ties.length === 0) return;
  throw new CondaDiffError('usage', `${name}: two of its keys are the same directory`, {
    details: ties,
    hint: 'Delete one of the two from a copy of this file and use that',
  });
}

function unexplainedKeys(
  keys: readonly string[],
  indexDirectories: readonly string[],
  name: string,
): CondaDiffError {
  const shown = indexDirectories
    .slice(0, 20)
    .map((directory) => (directory === '' ? '. (its top)' : directory));
  const more = indexDirectories.length - shown.length;
  const has = shown.length === 0 ? 'none' : shown.join(', ') + (more > 0 ? `, and ${String(more)} more` : '');
  return new CondaDiffError('usage', `${name}: its directories are not those of this repository`, {
    details: [
      ...keys.map((key) => `${JSON.stringify(key)} is no index directory here`),
      `index directories of this repository: ${has}`,
    ],
    hint:
      'Give the repository that this reference was made of, wherever it stands now; ' +
      'if a directory is gone for good, delete its key from a copy of this file and use that',
  });
}

/** How many leading segments all the paths have in common. */
function sharedLength([first = [], ...others]: readonly (readonly string[])[]): number {
  const end = first.findIndex((segment, i) => others.some((other) => other[i] !== segment));
  return end < 0 ? first.length : end;
}

const WINDOWS = /^([A-Za-z]:[\\/]|\\\\)/;

function isAbsolute(directory: string): boolean {
  return directory.startsWith('/') || WINDOWS.test(directory);
}

function segmentsOf(directory: string): string[] {
  return directory.split(WINDOWS.test(directory) ? /[\\/]/ : '/').filter((segment) => segment !== '');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
