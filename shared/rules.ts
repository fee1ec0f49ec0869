import { directoryOf, nameOf } from './paths.js';

/**
 * The tracking rules of DESIGN section 3, by name alone. Their number stands in every reference and manifest;
 * a change of anything in this file that alters what is tracked is a new number.
 */
export const RULES = 1;

/**
 * What a tracked file is. `artifact` a package file; `shard` one shard of CEP 16; `index` a repodata.json or a
 * variant of it (these move in the burst); `metadata` any other file of an index directory; `root` a file of a
 * channel root or one that `--include` names.
 */
export type Kind = 'artifact' | 'shard' | 'metadata' | 'index' | 'root';

export const KINDS: readonly Kind[] = ['artifact', 'shard', 'metadata', 'index', 'root'];

export const REPODATA = 'repodata.json';
export const SHARD_INDEX = 'repodata_shards.msgpack.zst';
/** What the names of manifests end with. */
export const MANIFEST = '.manifest.json';
/** Our own directory in a repository; begins with a dot, so it is never tracked. */
export const STATE_DIRECTORY = '.conda-diff';

const ENCODINGS = ['', '.zst', '.bz2', '.gz'];
/** The names of repodata.json and its variants. */
export const INDEX_NAMES: ReadonlySet<string> = new Set([
  SHARD_INDEX,
  ...ENCODINGS.flatMap((encoding) => [`${REPODATA}${encoding}`, `current_${REPODATA}${encoding}`]),
]);

/** Whether a file of this name in an index directory is an index: repodata.json or one of its variants. */
export function isIndexName(name: string): boolean {
  return INDEX_NAMES.has(name);
}

const SHARD = /^[0-9a-f]{64}\.msgpack\.zst$/;

/** Whether a name has the form of a shard (CEP 16: the sha256 of its content). */
export function isShardName(name: string): boolean {
  return SHARD.test(name);
}

/** Extensions of package files, without the leading dot; v3 buckets of an index may name more (CEP 48). */
export const ARTIFACT_EXTENSIONS: readonly string[] = ['conda', 'tar.bz2', 'whl'];

const ARTIFACT_SUFFIXES = ARTIFACT_EXTENSIONS.map((extension) => `.${extension}`);

/** Whether a name has the extension of a package file. `more`: extensions that v3 buckets added. */
export function isArtifactName(name: string, more: readonly string[] = []): boolean {
  return (
    ARTIFACT_SUFFIXES.some((suffix) => name.endsWith(suffix)) ||
    more.some((extension) => name.endsWith(`.${extension}`))
  );
}

const JUNK =
  /^\.|\.(part|partial|tmp|aria2|lock|tar|pem)$|~$|\.manifest\.json|\.base\.json\.gz$|^(reference\.json|conda-diff\.yaml)$/;
const UUID4_SUFFIX = /\.[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const HEX32_SUFFIX = /.[0-9a-f]{32}$/i;

/** Whether a file of this name is never tracked: dot-files, half-written downloads, our own outputs, keys. */
export function isJunkName(name: string): boolean {
  return JUNK.test(name) || UUID4_SUFFIX.test(name) || HEX32_SUFFIX.test(name);
}

const ROOT_NAME =
  /^(channeldata\.json|index\.html|rss\.xml|notices\.json|key_mgr\.json|[^.].*\.root\.json)(\.(zst|bz2|gz|sig))?$/;

/** Whether a file of this name is tracked in a channel root without `--include`. */
export function isRootName(name: string): boolean {
  return ROOT_NAME.test(name) && !isJunkName(name);
}

/**
 * The kind of a tracked file as far as its path tells; an artifact with an extension that only a v3 bucket
 * names reads as `metadata` here.
 *
 * @param isIndexDirectory whether a directory ('' = the repository) holds a repodata.json
 */
export function kindByName(path: string, isIndexDirectory: (directory: string) => boolean): Kind {
  const name = nameOf(path);
  if (isArtifactName(name)) return 'artifact';
  if (isShardName(name)) return 'shard';
  if (!isIndexDirectory(directoryOf(path))) return isIndexName(name) ? 'index' : 'root';
  return isIndexName(name) ? 'index' : 'metadata';
}
