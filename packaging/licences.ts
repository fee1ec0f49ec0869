import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package that the bundle may hold. */
export interface Notice {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** Where it comes from. */
  readonly source: string;
  /** Its licence files, and what else it asks to be handed on. */
  readonly texts: readonly string[];
}

/** What may be in a file that we hand on under BSD-3-Clause. */
const FREE = new Set([
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PSF-2.0',
]);

/** Data packages that come without a licence file: naming them, with their source, is what these licences ask for. */
const WITHOUT_TEXT = new Set(['CC-BY-3.0', 'CC0-1.0']);

const NOTICE_FILE = /^(licen[cs]e|copying|notice)([-.][\w.-]+)?$/i;

/**
 * The notices of all packages that this one depends on, and those on, by name. Some of them are within others, so no
 * file list tells which are in the bundle: all are named.
 *
 * @param root the folder with package-lock.json and node_modules
 * @throws Error, when a licence is not among those that may be handed on, or its text is missing
 */
export async function readNotices(root: string): Promise<Notice[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const folders = [...dependenciesOf('', lock, new Set())];
  const notices = await Promise.all(folders.map((folder) => readNotice(join(root, folder))));
  return notices.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

interface Lock {
  /** By folder; '' is this package. */
  readonly packages: Readonly<
    Record<string, { readonly dependencies?: Readonly<Record<string, string>> } | undefined>
  >;
}

/** Collects the folders of all that the package in `folder` depends on; peers and optional ones are not used. */
function dependenciesOf(folder: string, lock: Lock, found: Set<string>): Set<string> {
  for (const name of Object.keys(lock.packages[folder]?.dependencies ?? {})) {
    const place = placeOf(name, folder, lock);
    if (found.has(place)) continue;
    found.add(place);
    dependenciesOf(place, lock, found);
  }
  return found;
}

/** As Node looks for it: in the package's own node_modules, then in those of the folders above. */
function placeOf(name: string, folder: string, lock: Lock): string {
  const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
  if (lock.packages[place] !== undefined) return place;
  if (folder === '') throw new Error(`${name} is not in package-lock.json`);
  const above = folder.lastIndexOf('/node_modules/');
  return placeOf(name, above < 0 ? '' : folder.slice(0, above), lock);
}

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: unknown;
  readonly repository?: string | { readonly url: string };
}

async function readNotice(folder: string): Promise<Notice> {
  const { name, version, license, repository } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as PackageJson;
  const licence = String(license);
  if (!FREE.has(licence)) throw new Error(`${name}: the licence ${licence} is not known here`);
  const names = (await readdir(folder)).filter((file) => NOTICE_FILE.test(file)).sort();
  if (names.length === 0 && !WITHOUT_TEXT.has(licence)) throw new Error(`${name} has no licence file`);
  const texts = await Promise.all(names.map((file) => readFile(join(folder, file), 'utf8')));
  const source = typeof repository === 'object' ? repository.url : String(repository);
  return { name, version, licence, source, texts };
}

function nameOf({ name, version }: Notice): string {
  return `${name} ${version}`;
}

const RULE = '-'.repeat(78);

/** All notices as one text, ours first. */
export function noticesText(own: string, notices: readonly Notice[]): string {
  const parts = notices.map((notice) => {
    const head = `${nameOf(notice)} (${notice.licence}), from ${notice.source}`;
    return [head, ...notice.texts.map((text) => text.trim())].join('\n\n');
  });
  const head = `conda-diff (BSD-3-Clause)\n\n${own.trim()}\n\nIt holds these packages, or parts of them:`;
  return `${[head, ...parts].join(`\n\n${RULE}\n`)}\n`;
}
