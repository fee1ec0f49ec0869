import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileGlobs, type Globs } from '../../shared/globs.js';
import {
  compareUtf8,
  directoryOf,
  joinPath,
  nameOf,
  pathProblem,
  resolveReference,
} from '../../shared/paths.js';
import {
  isArtifactName,
  isIndexName,
  isJunkName,
  isRootName,
  isShardName,
  SHARD_INDEX,
} from '../../shared/rules.js';
import { decodeIndex } from './index-reader.js';

/** What {@link plainSurvey} and a survey can be compared by. */
export interface PlainSurvey {
  /** `<sha256>  <path>` of each tracked file, sorted by path. */
  readonly lines: readonly string[];
  readonly missing: readonly string[];
  readonly gone: readonly string[];
  /** Paths, as are the next two. */
  readonly mismatched: readonly string[];
  readonly conflicts: readonly string[];
  readonly unindexed: readonly string[];
  readonly refused: readonly string[];
  readonly external: readonly string[];
  /** Index directory → number of artifacts. */
  readonly artifacts: Readonly<Record<string, number>>;
}

interface Claim {
  readonly path: string;
  size?: number;
  sha256?: string;
  md5?: string;
  readonly optional: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a repository without links by the rules of tracking, in the plainest way: everything is in memory, an
 * object a file, indexes are read with JSON.parse, and every file is hashed whose record gives no sha256 or another
 * size. A model to hold `readState` against.
 */
export function plainSurvey(root: string, globs: Globs): PlainSurvey {
  const files = filesIn(root);
  const directories = [...files.keys()].filter((path) => nameOf(path) === 'repodata.json').map(directoryOf);
  const isIgnored = compileGlobs(globs.ignore);
  const found = { missing: [] as string[], gone: [] as string[], mismatched: [] as string[] };
  const said = { refused: [] as string[], external: [] as string[], conflicts: [] as string[] };
  const artifacts: Record<string, number> = {};
  const extensions = new Map<string, string[]>();
  const claims = new Map<string, Claim>();
  for (const directory of directories.sort(compareUtf8)) {
    const text = files.get(joinPath(directory, 'repodata.json'))!.toString();
    const index = (text.trim() === '' ? {} : JSON.parse(text)) as Json;
    const own = claimsOf(directory, index, isIgnored, said);
    artifacts[directory] = own.filter(({ optional }) => !optional).length;
    extensions.set(directory, Object.keys(index['v3'] ?? {}));
    const shards = files.get(joinPath(directory, SHARD_INDEX));
    const named = shards === undefined ? [] : decodeIndex(joinPath(directory, SHARD_INDEX), shards);
    for (const claim of [...own, ...named.map((shard) => ({ ...shard, optional: false }))])
      joinClaim(claims, claim, isIgnored, said.conflicts);
  }
  const lines = new Map<string, string>();
  for (const claim of claims.values()) {
    const content = files.get(claim.path);
    if (content === undefined) (claim.optional ? found.gone : found.missing).push(claim.path);
    else lines.set(claim.path, identityOf(claim, content, found.mismatched));
  }
  const isArtifact = (path: string): boolean =>
    isArtifactName(nameOf(path), extensions.get(directoryOf(path)) ?? []);
  const unindexed: string[] = [];
  for (const [path, content] of files) {
    if (claims.has(path)) continue;
    const inIndex = directories.includes(directoryOf(path));
    if (inIndex && isArtifact(path) && !isIgnored(path)) unindexed.push(path);
    if (!isMetadata(path, inIndex, directories, isArtifact, globs) || isIgnored(path)) continue;
    const problem = pathProblem(path);
    if (problem === undefined) lines.set(path, hash('sha256', content));
    else said.refused.push(`${JSON.stringify(path)} ${problem}`);
  }
  const sorted = [...lines].sort(([a], [b]) => compareUtf8(a, b));
  return {
    lines: sorted.map(([path, sha256]) => `${sha256}  ${path}`),
    ...{ ...found, ...said, unindexed, artifacts },
  };
}

/** All files outside of dot-files and dot-directories, with their content. */
function filesIn(root: string, below = ''): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const item of readdirSync(join(root, below), { withFileTypes: true })) {
    if (item.name.startsWith('.')) continue;
    const path = joinPath(below, item.name);
    if (item.isDirectory()) for (const [inner, content] of filesIn(root, path)) files.set(inner, content);
    else files.set(path, readFileSync(join(root, path)));
  }
  return files;
}

function claimsOf(
  directory: string,
  index: Json,
  isIgnored: (path: string) => boolean,
  said: { readonly refused: string[]; readonly external: string[] },
): Claim[] {
  const claims: Claim[] = [];
  const base = ((index['info'] ?? {}) as Json)['base_url'];
  const place = typeof base === 'string' ? resolveReference(directory, base) : directory;
  const add = (name: string, url: string | undefined, record: Json, optional = false): void => {
    const inPlace = place === undefined ? undefined : joinPath(place, name);
    const path = url === undefined ? inPlace : resolveReference(directory, url);
    if (path === undefined) return void said.external.push(url ?? name);
    const problem = nameProblem(name, url, path) ?? pathProblem(path);
    if (problem !== undefined) {
      const named = JSON.stringify(joinPath(directory, url ?? name));
      if (!isIgnored(path)) said.refused.push(`${named} ${problem}`);
      return;
    }
    if (optional && claims.some((other) => other.path === path)) return;
    const { size, sha256, md5 } = record as { size?: number; sha256?: string; md5?: string };
    claims.push({
      ...{ path, optional, ...(size !== undefined && { size }) },
      ...(sha256 !== undefined && { sha256: sha256.toLowerCase() }),
      ...(md5 !== undefined && { md5: md5.toLowerCase() }),
    });
  };
  const eachIn = (bucket: unknown, take: (key: string, record: Json) => void): void => {
    for (const [key, record] of Object.entries((bucket ?? {}) as Json)) take(key, record as Json);
  };
  for (const bucket of ['packages', 'packages.conda'])
    eachIn(index[bucket], (key, record) => {
      add(key, undefined, record);
    });
  eachIn(index['v3'], (extension, bucket) => {
    eachIn(bucket, (key, record) => {
      const { url, fn } = record as { url?: string; fn?: string };
      const isWheel = extension === 'whl';
      add(
        isWheel && url === undefined && fn !== undefined ? fn : `${key}.${extension}`,
        isWheel ? url : undefined,
        record,
      );
    });
  });
  for (const name of (index['removed'] ?? []) as string[]) add(name, undefined, {}, true);
  return claims;
}

function nameProblem(name: string, url: string | undefined, path: string): string | undefined {
  if (url === undefined && name.includes('/')) return 'has a slash in its name';
  if (isIndexName(nameOf(path))) return 'has the name of an index';
  return isJunkName(nameOf(path)) ? 'has a name that is never tracked' : undefined;
}

function joinClaim(
  claims: Map<string, Claim>,
  claim: Claim,
  isIgnored: (path: string) => boolean,
  conflicts: string[],
): void {
  if (isIgnored(claim.path)) return;
  const other = claims.get(claim.path);
  if (other === undefined || other.optional) claims.set(claim.path, claim);
  else if (!claim.optional) {
    const differs = (key: 'size' | 'sha256'): boolean =>
      other[key] !== undefined && claim[key] !== undefined && other[key] !== claim[key];
    if (differs('size') || differs('sha256')) conflicts.push(claim.path);
    else claims.set(claim.path, { ...claim, ...other });
  }
}

/** The sha256 of a claimed file, as far as the reader has to know it. */
function identityOf({ path, size, sha256, md5 }: Claim, content: Buffer, mismatched: string[]): string {
  if (sha256 !== undefined && (size === undefined || size === content.length)) return sha256;
  const found = hash('sha256', content);
  const isWrong =
    (size !== undefined && size !== content.length) ||
    (sha256 !== undefined && sha256 !== found) ||
    (sha256 === undefined && md5 !== undefined && md5 !== hash('md5', content));
  if (isWrong) mismatched.push(path);
  return found;
}

function isMetadata(
  path: string,
  inIndex: boolean,
  directories: readonly string[],
  isArtifact: (path: string) => boolean,
  globs: Globs,
): boolean {
  const name = nameOf(path);
  if (isJunkName(name)) return false;
  if (compileGlobs(globs.include)(path)) return true;
  if (inIndex) return isIndexName(name) || !(isShardName(name) || isArtifact(path));
  const isRoot = directories.some((one) => one !== '' && directoryOf(one) === directoryOf(path));
  return isRoot && isRootName(name);
}

function hash(algorithm: 'sha256' | 'md5', content: Uint8Array): string {
  return createHash(algorithm).update(content).digest('hex');
}
