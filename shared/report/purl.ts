import { PackageURL } from 'packageurl-js';
import { directoryOf } from '../paths.js';
import { subdirOf } from './artifact-name.js';
import type { ChangedArtifact } from './changes.js';

/**
 * The package URL of an artifact (purl specification, type `conda`): name and version, with build, channel, subdir and type
 * as qualifiers. The channel is the path of the channel root in the repository; a channel that is the repository itself
 * has no name there, and none here.
 *
 * @param more further qualifiers
 */
export function purlOf(
  { path, name, version, build, type }: ChangedArtifact,
  more: Readonly<Record<string, string>> = {},
): string {
  const directory = directoryOf(path);
  const qualifiers = { build, channel: directoryOf(directory), subdir: subdirOf(directory), type, ...more };
  const stated = Object.fromEntries(Object.entries(qualifiers).filter(([, value]) => value !== ''));
  return new PackageURL(
    'conda',
    undefined,
    name,
    version === '' ? undefined : version,
    stated,
    undefined,
  ).toString();
}
