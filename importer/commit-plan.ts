import { compareCommitOrder, type Ordered, stepOf } from '../shared/commit-order.js';
import { diffStates } from '../shared/diff.js';
import { compileGlobs } from '../shared/globs.js';
import { hasPartialBase, type Manifest, type ShippedFile } from '../shared/manifest.js';
import { compareUtf8, nameOf } from '../shared/paths.js';
import { isIndexName, type Kind } from '../shared/rules.js';
import type { Entry, State } from '../shared/state.js';

/** What a file is: bytes and sha256. */
export interface Content {
  readonly size: number;
  readonly sha256: string;
}

interface ActionBase {
  /** 1 to 6, as in DESIGN section 6; 4 is the burst. */
  readonly step: number;
  readonly path: string;
  readonly kind: Kind;
}

/** Puts a staged file in its place. */
export interface Publish extends ActionBase {
  readonly action: 'publish';
  readonly after: Content;
  /** What it replaces; absent when nothing tracked is there. */
  readonly before?: Content;
  /**
   * An index from before, or a glob, names this artifact or shard, which was not there: an undo cannot leave it where
   * it is, because it would be tracked.
   */
  readonly wasNamed?: true;
}

/** Takes a file away at once: metadata, a stale variant, or an artifact with `--remove-now`. */
export interface Remove extends ActionBase {
  readonly action: 'remove';
  readonly before: Content;
}

/** Leaves a file where it is, untracked, because readers may still hold an index that names it. */
export interface Retire extends ActionBase {
  readonly action: 'retire';
  readonly before: Content;
}

/** One operation of a commit, as plain data. */
export type CommitAction = Publish | Remove | Retire;

export interface PlanOptions {
  /** What is on disk at a path that the local state does not track, if anything. */
  readonly untracked: (path: string) => Entry | undefined;
  /** Whether an index of the copy names this path, and no file is there; by default none is named so. */
  readonly wasNamed?: (path: string) => boolean;
  /** Removed artifacts and shards are taken away at once instead of retired. */
  readonly removeNow: boolean;
}

/**
 * The operations that lead from the local state, whatever it is, to the target, in the order of DESIGN section 6.
 * Shipped files that are here already with the right content are left alone.
 *
 * @param local what the copy has
 * @param target what it shall have
 * @param kindOf the kind of each local path
 */
export function planCommit(
  manifest: Manifest,
  local: State,
  target: State,
  kindOf: (path: string) => Kind,
  options: PlanOptions,
): CommitAction[] {
  const here = (path: string): Entry | undefined => local.get(path) ?? options.untracked(path);
  const absent = new Set(manifest.absent.map(({ path }) => path));
  const isIncluded = compileGlobs(manifest.globs.include);
  // What would be tracked as long as it is there cannot wait
  const goesNow = (path: string): boolean => options.removeNow || absent.has(path) || isIncluded(path);
  const shipped = manifest.files.filter((file) => here(file.path)?.sha256 !== file.sha256);
  return inOrder([
    ...shipped.map((file) => {
      const wasNamed = options.wasNamed?.(file.path) === true || isIncluded(file.path);
      return publishOf(file, here(file.path), wasNamed);
    }),
    ...removals(manifest, local, target, kindOf, here).map((entry) =>
      goneOf(entry, kindOf(entry.path), { removeNow: goesNow(entry.path) }),
    ),
  ]);
}

/** Where a commit puts files. */
export function placesOf(actions: readonly CommitAction[]): string[] {
  return actions.filter(({ action }) => action === 'publish').map(({ path }) => path);
}

/** Puts actions into the order in which they are performed. */
export function inOrder(actions: readonly CommitAction[]): CommitAction[] {
  return [...actions].sort(
    (a, b) =>
      a.step - b.step ||
      (a.step === 6 ? compareUtf8(a.path, b.path) : compareCommitOrder(ordered(a), ordered(b))),
  );
}

function ordered(action: CommitAction): Ordered {
  return { path: action.path, kind: action.kind, replacing: action.before !== undefined };
}

/**
 * Publishing a file where `here` is now, or nothing.
 *
 * @param wasNamed whether it would have been tracked before, had it been there
 */
export function publishOf(
  file: Pick<ShippedFile, 'path' | 'kind' | 'size' | 'sha256'>,
  here: Entry | undefined,
  wasNamed = false,
): Publish {
  const { path, kind, size, sha256 } = file;
  const step = stepOf({ path, kind, replacing: here !== undefined });
  const before = here && { before: { size: here.size, sha256: here.sha256 } };
  const isWaited = here === undefined && wasNamed && (kind === 'artifact' || kind === 'shard');
  const mark = isWaited ? { wasNamed: true as const } : {};
  return { action: 'publish', step, path, kind, after: { size, sha256 }, ...before, ...mark };
}

/**
 * Letting a file go. A variant that the target lacks goes in the burst: clients would prefer a stale one to the
 * new repodata.json.
 */
export function goneOf(
  { path, size, sha256 }: Entry,
  kind: Kind,
  { removeNow }: Pick<PlanOptions, 'removeNow'>,
): Remove | Retire {
  const before = { size, sha256 };
  if (isIndexName(nameOf(path))) return { action: 'remove', step: 4, path, kind: 'index', before };
  const waits = (kind === 'artifact' || kind === 'shard') && !removeNow;
  return { action: waits ? 'retire' : 'remove', step: 6, path, kind, before };
}

/**
 * What has to go: all that is here and not in the target. Where the base was partial, artifacts and shards that nobody
 * knew of are left alone: without an index that names them they are not tracked. What an index of the target names and
 * the mirror does not have must not be here: it would be tracked.
 */
function removals(
  manifest: Manifest,
  local: State,
  target: State,
  kindOf: (path: string) => Kind,
  here: (path: string) => Entry | undefined,
): Entry[] {
  const absent = manifest.absent.map(({ path }) => here(path)).filter((entry) => entry !== undefined);
  const found = new Map(absent.map((entry) => [entry.path, entry]));
  const stated = new Set(manifest.removed.map(({ path }) => path));
  const isPartial = hasPartialBase(manifest);
  for (const entry of diffStates(local, target).removed) {
    const kind = kindOf(entry.path);
    const isUnknown = isPartial && (kind === 'artifact' || kind === 'shard') && !stated.has(entry.path);
    if (!isUnknown) found.set(entry.path, entry);
  }
  return [...found.values()];
}
