import { createHash } from 'node:crypto';
import { compareCommitOrder, type Ordered } from './commit-order.js';
import { requireDistinct } from './collisions.js';
import { applyDiff, type Diff } from './diff.js';
import { CondaDiffError } from './errors.js';
import { type Globs, sameGlobs } from './globs.js';
import { encodeLineDocument } from './line-document.js';
import { type LineageEntry, lineageEntry } from './lineage.js';
import { nameProblem } from './name-problem.js';
import { compareUtf8, nameOf, pathProblem } from './paths.js';
import { checkTotals, type Reference, type Scope, type Totals } from './reference.js';
import { isArtifactName, isIndexName, isJunkName, isShardName, type Kind } from './rules.js';
import type { Entry, State } from './state.js';
import { archiveBytes } from './tar-entry.js';
import { volumeMark } from './volume-mark.js';

/** A file that crosses beside the manifest. */
export interface UpdateFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** One archive of an update. */
export interface Volume extends UpdateFile {
  /** How many of the manifest's files it holds; they follow those of the volumes before it. */
  readonly files: number;
}

/** One file that an update ships. */
export interface ShippedFile extends Entry {
  readonly kind: Kind;
  /** Whole seconds since 1970, as in the archive. */
  readonly mtime: number;
  /** What stands at this path in the base; absent for an added file. */
  readonly replaces?: { readonly size: number; readonly sha256: string };
}

/** An artifact or shard that the target must not have, though an index names it. */
export interface AbsentFile {
  readonly path: string;
  /** `record`: the mirror is incomplete; `removed`: it was taken back (CEP 36). */
  readonly named: 'record' | 'removed';
}

/** What one update does, and the states that it leads from and to. */
export interface Manifest {
  readonly rules: number;
  readonly globs: Globs;
  /** {@link updateId} of site, sequence, base and target. */
  readonly id: string;
  readonly site: string;
  /** Counts the updates of a site, from 1; for people. */
  readonly sequence: number;
  /** The state before, as far as its scope and globs say that it is known. */
  readonly base: Totals & Globs & { readonly scope: Scope };
  readonly target: Totals;
  readonly baseReference: UpdateFile;
  /** `conda-diff <version>`. */
  readonly generator: string;
  /** ISO 8601, UTC, whole seconds. */
  readonly created: string;
  readonly volumes: readonly Volume[];
  /** In commit order. */
  readonly files: readonly ShippedFile[];
  /** Sorted by path. */
  readonly removed: readonly Entry[];
  /** What an index names and the mirror does not have, sorted by path. */
  readonly absent: readonly AbsentFile[];
  /** The other updates of the site that the exporter knows, oldest first. */
  readonly lineage: readonly LineageEntry[];
}

export const MANIFEST_SECTIONS = ['volumes', 'files', 'removed', 'absent', 'lineage'] as const;

/** The update id: it depends on what the update leads from and to, not on when or where it was made. */
export function updateId(site: string, sequence: number, base: string, target: string): string {
  return createHash('sha256')
    .update(`${site}\n${String(sequence)}\n${base}\n${target}\n`)
    .digest('hex');
}

/** The bytes of `update.manifest.json`. */
export function encodeManifest(manifest: Manifest): Generator<Buffer> {
  const { globs, volumes, files, removed, absent, lineage, ...rest } = manifest;
  const { rules, id, site, sequence, base, target, baseReference, generator, created } = rest;
  const header = {
    format: 'conda-diff-manifest',
    version: 1,
    rules,
    ignore: globs.ignore,
    include: globs.include,
    ...{ id, site, sequence, base, target, baseReference, generator, created },
  };
  return encodeLineDocument(header, [
    {
      name: 'volumes',
      entries: volumes.map(({ name, size, sha256, files: held }) => ({ name, size, sha256, files: held })),
    },
    { name: 'files', entries: each(files, fileLine) },
    { name: 'removed', entries: removed.map(({ path, size, sha256 }) => ({ path, size, sha256 })) },
    { name: 'absent', entries: absent.map(({ path, named }) => ({ path, named })) },
    { name: 'lineage', entries: lineage.map((entry) => ({ ...lineageEntry(entry) })) },
  ]);
}

/** One line at a time: there may be millions. */
function* each<T, U>(items: Iterable<T>, line: (item: T) => U): Generator<U> {
  for (const item of items) yield line(item);
}

function fileLine({
  path,
  size,
  sha256,
  kind,
  mtime,
  replaces,
}: ShippedFile): Readonly<Record<string, unknown>> {
  if (replaces === undefined) return { path, size, sha256, kind, mtime };
  const before = { size: replaces.size, sha256: replaces.sha256 };
  return { path, size, sha256, kind, mtime, replaces: before };
}

/** All updates of the site that a manifest tells of: those before it, and its own. */
export function lineageWithSelf({ lineage, id, sequence, base, target, created }: Manifest): LineageEntry[] {
  return [...lineage, { id, sequence, base: base.digest, target: target.digest, created }];
}

/** The part of a shipped file that its place in the commit depends on. */
export function orderOf(file: ShippedFile): Ordered {
  return { path: file.path, kind: file.kind, replacing: file.replaces !== undefined };
}

/** A manifest of nothing but problems must not become as many messages. */
const SHOWN_PROBLEMS = 20;

/**
 * Checks what a schema cannot: the ids, safe and tracked paths, kinds that fit the names, commit order, no path
 * twice, a lineage of earlier updates.
 *
 * @throws CondaDiffError malformed, with the first 20 problems in its details
 */
export function checkManifest(manifest: Manifest, name: string): void {
  const details: string[] = [];
  for (const problem of manifestProblems(manifest)) if (details.push(problem) === SHOWN_PROBLEMS) break;
  if (details.length === 0) details.push(...volumeProblems(manifest));
  if (details.length === 0) return;
  throw new CondaDiffError('malformed', `${name} is not a safe manifest`, { details });
}

function* manifestProblems(manifest: Manifest): Generator<string> {
  const { site, sequence, base, target, files, removed, absent, volumes } = manifest;
  const id = updateId(site, sequence, base.digest, target.digest);
  if (manifest.id !== id) yield `id: expected ${id}, found ${manifest.id}`;
  for (const list of [files, removed, absent]) yield* pathProblems(list);
  for (const { path, kind } of files) {
    if (!kindFits(nameOf(path), kind)) yield `${path} cannot be of the kind '${kind}'`;
  }
  yield* orderProblems('files', files, (a, b) => compareCommitOrder(orderOf(a), orderOf(b)));
  yield* orderProblems('removed', removed, (a, b) => compareUtf8(a.path, b.path));
  yield* orderProblems('absent', absent, (a, b) => compareUtf8(a.path, b.path));
  yield* lineageProblems(manifest);
  const shipped = new Set<string>();
  yield* repeated(files, shipped);
  for (const list of [removed, absent])
    for (const { path } of list) if (shipped.has(path)) yield `${path} stands twice`;
  yield* repeated([manifest.baseReference, ...volumes].map(({ name }) => ({ path: name })));
  for (const { name } of [manifest.baseReference, ...volumes]) {
    const problem = nameProblem(name);
    if (problem !== undefined) yield `${JSON.stringify(name)} ${problem}`;
  }
}

function* pathProblems(items: readonly { readonly path: string }[]): Generator<string> {
  for (const { path } of items) {
    const problem = pathProblem(path) ?? (isJunkName(nameOf(path)) ? 'is never tracked' : undefined);
    if (problem !== undefined) yield `${JSON.stringify(path)} ${problem}`;
  }
}

/** How many files the volumes hold, and how many bytes they have, follows from the files. */
function* volumeProblems({ id, files, volumes }: Manifest): Generator<string> {
  const held = volumes.reduce((sum, volume) => sum + volume.files, 0);
  if (held !== files.length) {
    yield `volumes hold ${String(held)} files, the manifest has ${String(files.length)}`;
    return;
  }
  let next = 0;
  for (const [i, { name, size, files: count }] of volumes.entries()) {
    const mark = volumeMark(id, i + 1, volumes.length);
    const expected = archiveBytes(files.slice(next, next + count), mark);
    if (size !== expected)
      yield `${name}: expected ${String(expected)} bytes, found ${String(size)} in the manifest`;
    next += count;
  }
}

function* lineageProblems({ site, sequence, lineage }: Manifest): Generator<string> {
  for (const [i, { id, sequence: number, base, target }] of lineage.entries()) {
    const expected = updateId(site, number, base, target);
    if (id !== expected) yield `lineage: update ${String(number)}: expected ${expected}, found ${id}`;
    const before = lineage[i - 1]?.sequence ?? 0;
    if (number <= before) yield `lineage: update ${String(number)} must not stand after ${String(before)}`;
    if (number >= sequence) yield `lineage: update ${String(number)} is not an earlier one`;
  }
}

/** Whether a file of this name may be of this kind; a v3 bucket can make an artifact of any other name. */
function kindFits(name: string, kind: Kind): boolean {
  if (isIndexName(name)) return kind === 'index';
  if (isShardName(name)) return kind === 'shard';
  if (isArtifactName(name)) return kind === 'artifact';
  return kind === 'artifact' || kind === 'metadata' || kind === 'root';
}

function* orderProblems<T extends { path: string }>(
  list: string,
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<string> {
  for (let i = 1; i < items.length; i++) {
    const [before, after] = [items[i - 1] as T, items[i] as T];
    if (compare(before, after) >= 0) yield `${list}: ${after.path} must not stand after ${before.path}`;
  }
}

/** @param seen receives every path */
function* repeated(items: Iterable<{ readonly path: string }>, seen = new Set<string>()): Generator<string> {
  for (const { path } of items) {
    if (seen.has(path)) yield `${path} stands twice`;
    seen.add(path);
  }
}

/** The difference that a manifest states. */
export function diffOf(manifest: Manifest): Diff {
  const added: Entry[] = [];
  const replaced: { before: Entry; after: Entry }[] = [];
  for (const file of manifest.files) {
    if (file.replaces === undefined) added.push(file);
    else replaced.push({ before: { path: file.path, ...file.replaces }, after: file });
  }
  return { added, replaced, removed: manifest.removed };
}

/**
 * The target state: base and manifest together.
 *
 * @throws CondaDiffError malformed or integrity, when they do not lead to the target that the manifest states
 */
export function targetOf(manifest: Manifest, base: Reference, name: string): State {
  checkTotals(`${name}: the entries of its base reference`, manifest.base, base.state);
  const stated = describeTerms(manifest.rules, manifest.base.scope, manifest.base);
  const found = describeTerms(base.rules, base.scope, base.globs);
  if (stated !== found) {
    throw new CondaDiffError('malformed', `${name} has other rules, scope or globs than its base reference`, {
      details: [`expected ${stated}`, `found ${found}`],
      hint: 'Copy all files of the update again from their source',
    });
  }
  const target = applyDiff(base.state, diffOf(manifest));
  checkTarget(`${name}: base and files`, manifest, target);
  return target;
}

/**
 * Checks the state that an update leads to.
 *
 * @param what where it comes from, for messages
 * @throws CondaDiffError integrity, when it is not the stated one; malformed, when its files cannot stand beside each
 *   other, or it has what the manifest says to be absent
 */
export function checkTarget(what: string, manifest: Manifest, target: State): void {
  checkTotals(what, manifest.target, target);
  requireDistinct(addedPaths(manifest), target, what);
  const details = manifest.absent.filter(({ path }) => target.find(path) >= 0).map(({ path }) => path);
  if (details.length === 0) return;
  throw new CondaDiffError('malformed', `${what} lead to files that are said to be absent`, { details });
}

/** Paths that the target has and the base has not. */
function addedPaths({ files }: Manifest): string[] {
  return files.filter(({ replaces }) => replaces === undefined).map(({ path }) => path);
}

function describeTerms(rules: number, scope: Scope, { ignore, include }: Globs): string {
  return JSON.stringify({ rules, scope, ignore, include });
}

/** Whether the base is only known in part, so that a copy may have more than the manifest speaks of. */
export function hasPartialBase({ base, globs }: Manifest): boolean {
  return base.scope !== 'all' || !sameGlobs(base, globs);
}
