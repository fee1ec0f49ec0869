import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { nameProblem } from '../shared/name-problem.js';
import { STATE_DIRECTORY } from '../shared/rules.js';
import {
  looksLikeVolume,
  type OutputNames,
  outputNames,
  outputsAmong,
  partialsAmong,
  reviewNames,
} from './output-names.js';
import { removeFile } from './store.js';

/**
 * Where an update is written to.
 *
 * @param option `-o`: a file that ends in `.tar`, or a directory (it exists, or the option ends in a slash), in
 *   which each update has a directory of its own
 * @throws CondaDiffError usage, when it is neither, or lies in our own state
 */
export function resolveOutput(
  option: string,
  repository: string,
  site: string,
  sequence: number,
): OutputNames {
  const isDirectory =
    option.endsWith('/') || statSync(option, { throwIfNoEntry: false })?.isDirectory() === true;
  const archive = isDirectory
    ? join(resolve(option), `${site}-${String(sequence)}`, 'update.tar')
    : resolve(option);
  if (!archive.endsWith('.tar')) {
    throw new CondaDiffError('usage', `The output ${option} is neither a .tar file nor a directory`, {
      hint: "Name a file like update.tar, or end a directory's name with a slash",
    });
  }
  if (/[\p{Cc}\\]/u.test(basename(archive)) || nameProblem(basename(archive)) !== undefined) {
    throw new CondaDiffError('usage', `The output ${option} has a name that cannot stand in a manifest`, {
      hint: 'Name a file like update.tar',
    });
  }
  if (looksLikeVolume(archive)) {
    throw new CondaDiffError('usage', `The output ${option} has the name of a volume`, {
      hint: 'Name a file like update.tar; --volume-size puts the numbers into the names of several volumes',
    });
  }
  const inside = relative(repository, realDirectory(dirname(archive)));
  if (inside.split(sep)[0] === STATE_DIRECTORY) {
    throw new CondaDiffError('usage', `The output ${option} lies in our own state, ${STATE_DIRECTORY}`);
  }
  return outputNames(archive);
}

/** The real path of a directory whose last parts need not exist yet. */
function realDirectory(directory: string): string {
  if (existsSync(directory)) return realpathSync(directory);
  const parent = dirname(directory);
  return parent === directory ? directory : join(realDirectory(parent), basename(directory));
}

/** Makes the directory of the output, where the option names one that is not there yet. */
export async function makeOutputDirectory({ archive }: OutputNames): Promise<void> {
  try {
    await mkdir(dirname(archive), { recursive: true });
  } catch (error) {
    throw asIoError(error, `Cannot create ${dirname(archive)}`);
  }
}

/** Those of an update's files that are there, the manifest first. */
export function existingOutputs(names: OutputNames): string[] {
  const directory = dirname(names.archive);
  return outputsAmong(names, namesIn(directory)).map((name) => join(directory, name));
}

/** Removes an update, the manifest first: without it there is no update. Also what an interrupted run left. */
export async function removeOutputs(names: OutputNames): Promise<void> {
  const directory = dirname(names.archive);
  const there = namesIn(directory);
  for (const name of [...outputsAmong(names, there), ...partialsAmong(names, there)])
    await removeFile(join(directory, name));
  for (const file of Object.values(reviewNames(names))) await removeFile(file);
}

function namesIn(directory: string): string[] {
  try {
    return existsSync(directory) ? readdirSync(directory) : [];
  } catch (error) {
    throw asIoError(error, `Cannot list ${directory}`);
  }
}
