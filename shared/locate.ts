import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asIoError, CondaDiffError } from './errors.js';
import { MANIFEST } from './rules.js';

/**
 * Finds the manifest of an update.
 *
 * @param update the manifest, the archive (or one volume of it), or the directory that holds them
 * @returns path of the manifest
 * @throws CondaDiffError usage, when there is none or it is not clear which one is meant; io
 */
export function locateManifest(update: string): string {
  const stats = statSync(update, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return onlyManifestIn(update);
  const file = update.endsWith(MANIFEST) ? update : manifestBeside(update);
  if (stats === undefined) throw new CondaDiffError('usage', `No such update: ${update}`);
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  throw new CondaDiffError('usage', `The manifest of ${update} is not beside it`, {
    details: [`expected ${file}`],
    hint: 'Copy all files of the update into one directory: the archive, its .manifest.json and its .base.json.gz',
  });
}

/** `update.tar` and `update.001.tar` belong to `update.manifest.json`. */
export function manifestBeside(archive: string): string {
  const stem = basename(archive).replace(/(\.\d{3,})?\.tar$/, '');
  return join(dirname(archive), stem + MANIFEST);
}

function onlyManifestIn(directory: string): string {
  const found = list(directory).filter((name) => name.endsWith(MANIFEST));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return join(directory, only);
  const problem = only === undefined ? 'There is no manifest' : 'There are several manifests';
  throw new CondaDiffError('usage', `${problem} in ${directory}`, {
    details: found,
    hint: 'Name the .manifest.json of the update',
  });
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw asIoError(error, `Cannot list ${directory}`);
  }
}
