import type { Claim, IndexClaims } from './claims.js';
import { compileGlobs, type Globs, type PathTest } from './globs.js';
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

/** Directory ('' = the repository) → names of its files. */
export type FileLists = ReadonlyMap<string, readonly string[]>;

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
  for (const [directory, names] of files) {
    const isIndexDirectory = names.includes(REPODATA);
    for (const name of names) {
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
    directories.filter((directory) => files.get(directory)?.includes(REPODATA)).map(directoryOf),
  );
}

/** All claims of all indexes by path, and where two of them contradict each other. */
export interface MergedClaims {
  readonly byPath: ReadonlyMap<string, Claim>;
  readonly conflicts: readonly string[];
}

/** Merges what the indexes say; ignored paths are left out. */
export function mergeClaims(indexes: Iterable<IndexClaims>, globs: Globs): MergedClaims {
  const isIgnored = compileGlobs(globs.ignore);
  const byPath = new Map<string, Claim>();
  const conflicts: string[] = [];
  for (const { claims } of indexes) {
    for (const claim of claims) {
      if (isIgnored(claim.path)) continue;
      const other = byPath.get(claim.path);
      if (other === undefined || other.optional) byPath.set(claim.path, claim);
      else if (!claim.optional && contradicts(other, claim)) conflicts.push(claim.path);
      else if (!claim.optional) byPath.set(claim.path, withMore(other, claim));
    }
  }
  return { byPath, conflicts };
}

/** What two indexes say together; they do not contradict each other. */
function withMore(a: Claim, b: Claim): Claim {
  return { ...a, size: a.size ?? b.size, sha256: a.sha256 ?? b.sha256, md5: a.md5 ?? b.md5 };
}

function contradicts(a: Claim, b: Claim): boolean {
  const differ = (x: unknown, y: unknown): boolean => x !== undefined && y !== undefined && x !== y;
  return differ(a.sha256, b.sha256) || differ(a.size, b.size);
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
