import { nameOf } from '../paths.js';

/** What a package is called; see CEP 26 for names, versions and build strings. */
export interface PackageName {
  readonly name: string;
  readonly version: string;
  /** Build string; '' where the file name has none. */
  readonly build: string;
  /** The extension without its dot: `conda`, `tar.bz2`, `whl`, …. */
  readonly type: string;
}

/**
 * Reads a package's name from that of its file: `<name>-<version>-<build>.<extension>` (CEP 26), or for wheels
 * `<name>-<version>-….whl` (PEP 427).
 *
 * @param path of an artifact; what does not have the form is taken as a name without version
 */
export function parseArtifactName(path: string): PackageName {
  const file = nameOf(path);
  const [, stem = file, type = ''] = /^(.+?)\.(tar\.[a-z0-9]+|[A-Za-z][A-Za-z0-9]*)$/.exec(file) ?? [];
  if (type === 'whl') {
    const [name = stem, version = '', ...tags] = stem.split('-');
    return { name: name.toLowerCase().replace(/[_.]+/g, '-'), version, build: tags.join('-'), type };
  }
  const [, name = stem, version = '', build = ''] = /^(.+)-([^-]+)-([^-]+)$/.exec(stem) ?? [];
  return { name: name.toLowerCase(), version, build, type };
}

/** The subdir of an index directory: its last segment, '' for the repository itself. */
export function subdirOf(directory: string): string {
  return nameOf(directory);
}
