import type { Manifest } from '../manifest.js';
import { directoryOf, nameOf } from '../paths.js';
import { isArtifactName, REPODATA } from '../rules.js';
import type { Entry, State } from '../state.js';
import { parseArtifactName } from './artifact-name.js';
import { catalogueOf, isArtifactEntry, packageKey } from './changes.js';
import type { RecordsWanted } from './index-findings.js';

/** An index that a report wants to read, and where its bytes may be. */
export interface IndexSource {
  /** Its directory, '' = the repository. */
  readonly directory: string;
  /** Whether it tells of the base or of the target; an index that stays the same counts as the target's. */
  readonly of: 'base' | 'target';
  /** What it must be. */
  readonly entry: Entry;
  /** Whether the update ships it; else only a repository may have it. */
  readonly shipped: boolean;
}

/**
 * The indexes that a report wants: all of the target, and those of the base that change, where the update takes artifacts
 * away.
 *
 * @param states base and target, if the base reference is there; without it only shipped indexes are known
 */
export function indexSources(
  { files, removed }: Manifest,
  states: { readonly base: State; readonly target: State } | undefined,
): IndexSource[] {
  const shipped = files.filter(({ path }) => nameOf(path) === REPODATA);
  const shippedPaths = new Set(shipped.map(({ path }) => path));
  const ofTarget = states === undefined ? shipped : [...indexesOf(states.target)];
  const takesAway =
    removed.some(isArtifactEntry) || files.some((file) => file.replaces && isArtifactEntry(file));
  const ofBase = states === undefined || !takesAway ? [] : [...indexesOf(states.base)];
  const stays = new Set(ofTarget.filter(({ path }) => !shippedPaths.has(path)).map(({ path }) => path));
  return [
    ...ofTarget.map((entry) => sourceOf('target', entry, shippedPaths.has(entry.path))),
    ...ofBase.filter(({ path }) => !stays.has(path)).map((entry) => sourceOf('base', entry, false)),
  ];
}

function sourceOf(of: IndexSource['of'], { path, size, sha256 }: Entry, shipped: boolean): IndexSource {
  return { directory: directoryOf(path), of, entry: { path, size, sha256 }, shipped };
}

function* indexesOf(state: State): Generator<Entry> {
  for (let i = 0; i < state.count; i++) if (nameOf(state.path(i)) === REPODATA) yield state.entry(i);
}

/**
 * Which records of the target's indexes are wanted, and which of the base's.
 *
 * @param target state after the update; without it nothing is known of what a removal leaves
 */
export function recordsWanted(
  { files, removed, absent }: Manifest,
  target: State | undefined,
): { readonly target: RecordsWanted; readonly base: RecordsWanted } {
  const artifacts = files.filter(isArtifactEntry);
  const gone = removed.filter(isArtifactEntry).map(({ path }) => path);
  const replaced = artifacts.filter(({ replaces }) => replaces !== undefined).map(({ path }) => path);
  return {
    target: {
      whole: new Set(artifacts.map(({ path }) => path)),
      absent: new Set(absent.map(({ path }) => path)),
      watched: target === undefined ? new Set() : vanishing(gone, target),
    },
    base: { whole: new Set([...gone, ...replaced]), absent: new Set(), watched: new Set() },
  };
}

/** Names that lose their last artifact in a directory. */
function vanishing(gone: readonly string[], target: State): Set<string> {
  const keyOf = (path: string): string => packageKey(directoryOf(path), parseArtifactName(path).name);
  const left = catalogueOf(target, parseArtifactName, new Set(gone.map(keyOf)));
  return new Set(gone.filter((path) => !left.has(keyOf(path))).map((path) => parseArtifactName(path).name));
}

/** Names of packages by subdir, as file names tell them, for directories whose index was not read. */
export function namesByFile(target: State, isRead: (directory: string) => boolean): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (let i = 0; i < target.count; i++) {
    const path = target.path(i);
    const directory = directoryOf(path);
    if (isRead(directory) || !isArtifactName(path)) continue;
    const names = found.get(nameOf(directory)) ?? new Set<string>();
    found.set(nameOf(directory), names);
    names.add(parseArtifactName(path).name);
  }
  return found;
}
