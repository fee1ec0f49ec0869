import { readFileSync } from 'node:fs';

interface PackageJson {
  readonly version: string;
}

/** The version of this release, from package.json. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageJson
).version;

/** How manifests name this release. */
export const GENERATOR = `conda-diff ${VERSION}`;
