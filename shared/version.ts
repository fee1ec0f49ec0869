import { packagedText } from './packaged.js';

interface PackageJson {
  readonly version: string;
}

/** The version of this release, from package.json. */
export const VERSION = (JSON.parse(packagedText('package.json')) as PackageJson).version;

/** How manifests name this release. */
export const GENERATOR = `conda-diff ${VERSION}`;
