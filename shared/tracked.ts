import { compileGlobs, type Globs, type PathTest } from './globs.js';
import type { Listing } from './listing.js';
import { directoryOf, joinPath } from './paths.js';
import {
  isArtifactName,
  isIndexName,
  isJunkName,
  isRootName,
  isShardName,
  type Kind,
  REPODATA,
} from './rules.js';

/** Directory ('' = the repository) → its files. */
export type FileLists = ReadonlyMap<string, Listing>;

/** A tracked file that no index claims: always hashed. */
export interface MetadataFile {
  readonly path: string;
  readonly kind: Kind;
}

/**
 * The tracked files that stand beside the artifacts (DESIGN section 3, points 3 and 4): metadata of index
 * directories, known names in channel roots, and what the include globs name.
 *
 * @param isArtifact whether a path is an artifact by extension, those that v3 buckets name included
 */
export function metadataFiles(files: FileLists, globs: Globs, isArtifact: PathTest): MetadataFile[] {
  const isIncluded = compileGlobs(globs.include);
  const isIgnored = compileGlobs(globs.ignore);
  const roots = channelRoots(files);
  const found: MetadataFile[] = [];
  for (const [directory, listing] of files) {
    const isIndexDirectory = listing.others.includes(REPODATA);
    // Artifacts and shards are metadata only where a glob says so
    for (const name of globs.include.length === 0 ? listing.others : listing) {
      const path = joinPath(directory, name);
      if (isJunkName(name) || isIgnored(path)) continue;
      const kind = metadataKind(path, name, { isIndexDirectory, isRoot: roots.has(directory), isArtifact });
      if (kind !== undefined) found.push({ path, kind });
      else if (isIncluded(path)) found.push({ path, kind: includedKind(path, name, isArtifact) });
    }
  }
  return found;
}

function metadataKind(
  path: string,
  name: string,
  place: { isIndexDirectory: boolean; isRoot: boolean; isArtifact: PathTest },
): 'index' | 'metadata' | 'root' | undefined {
  if (place.isIndexDirectory) {
    if (isIndexName(name)) return 'index';
    return isShardName(name) || place.isArtifact(path) ? undefined : 'metadata';
  }
  return place.isRoot && isRootName(name) ? 'root' : undefined;
}

/** The kind of a file that only an include glob tracks; names that mean something keep their meaning. */
function includedKind(path: string, name: string, isArtifact: PathTest): Kind {
  if (isIndexName(name)) return 'index';
  if (isShardName(name)) return 'shard';
  return isArtifact(path) ? 'artifact' : 'root';
}

/** The parents of the index directories, never above the repository. */
function channelRoots(files: FileLists): Set<string> {
  const directories = [...files.keys()].filter((directory) => directory !== '');
  return new Set(
    directories.filter((directory) => files.get(directory)?.others.includes(REPODATA)).map(directoryOf),
  );
}

/**
 * A test for artifacts by extension: everywhere the known ones, in each index directory also what its v3 buckets
 * name.
 *
 * @param extensions index directory → extensions of its v3 buckets
 */
export function artifactTest(extensions: ReadonlyMap<string, readonly string[]>): PathTest {
  return (path) => isArtifactName(path, extensions.get(directoryOf(path)));
}
