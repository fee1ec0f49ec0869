import type { ShippedFile } from '../manifest.js';
import { compareUtf8, directoryOf } from '../paths.js';
import { isArtifactName } from '../rules.js';
import type { Entry, State } from '../state.js';
import type { PackageName } from './artifact-name.js';
import { compareVersions, versionKey } from './version-order.js';

/**
 * What happens to a package in one index directory: `new` the base has no artifact of this name; `updated` it has, but
 * not of this version; `rebuilt` it has this version in another build or file format; `replaced` the same file name
 * gets another content; `removed` the target has the artifact no more.
 */
export type ChangeKind = 'new' | 'updated' | 'rebuilt' | 'replaced' | 'removed';

/** In the order in which reports list them. */
export const CHANGE_KINDS: readonly ChangeKind[] = ['new', 'updated', 'rebuilt', 'replaced', 'removed'];

/** One artifact that an update ships or removes. */
export interface ChangedArtifact extends PackageName {
  readonly path: string;
  /** Bytes; of the new content, or of what is removed. */
  readonly size: number;
  readonly sha256: string;
  readonly replaces?: { readonly size: number; readonly sha256: string };
  /** As the record states it; `undefined` where it states none, or is not known. */
  readonly licence: string | undefined;
}

/** Artifacts of one package, version and directory to which the same happens. */
export interface Change {
  readonly kind: ChangeKind;
  /** The directory that the artifacts lie in. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  /** Of an `updated` package: the newest version in the base. */
  readonly from?: string;
  /** Of an `updated` package: whether `version` is older than `from`. */
  readonly older?: boolean;
  /** Of a `removed` package: whether the target has no artifact of this name in the directory. */
  readonly last?: boolean;
  readonly artifacts: readonly ChangedArtifact[];
  /** Sum of their sizes. */
  readonly bytes: number;
}

/** What a state has of one package in one directory. */
export interface KnownVersions {
  /** {@link versionKey} of each. */
  readonly keys: ReadonlySet<string>;
  readonly newest: string;
}

/** What a state has of the packages of interest, by {@link packageKey}. */
export type Catalogue = ReadonlyMap<string, KnownVersions>;

/**
 * Lists what a state has of some packages.
 *
 * @param nameOfArtifact the package of an artifact's path
 * @param wanted keys of these packages
 */
export function catalogueOf(
  state: State,
  nameOfArtifact: (path: string) => PackageName,
  wanted: ReadonlySet<string>,
): Catalogue {
  const found = new Map<string, { keys: Set<string>; newest: string }>();
  for (let i = 0; i < state.count; i++) {
    const path = state.path(i);
    if (!isArtifactName(path)) continue;
    const { name, version } = nameOfArtifact(path);
    const key = packageKey(directoryOf(path), name);
    if (!wanted.has(key)) continue;
    const known = found.get(key) ?? { keys: new Set(), newest: version };
    found.set(key, known);
    known.keys.add(versionKey(version));
    if (compareVersions(version, known.newest) > 0) known.newest = version;
  }
  return found;
}

/** Names one package of one directory. */
export function packageKey(directory: string, name: string): string {
  return `${directory}\0${name}`;
}

/** Sorts the artifacts of an update into changes, in the order of kind, directory, name and version. */
export function changesOf(
  shipped: readonly ChangedArtifact[],
  removed: readonly ChangedArtifact[],
  base: Catalogue,
  target: Catalogue,
): Change[] {
  const groups = new Map<
    string,
    { head: Omit<Change, 'artifacts' | 'bytes'>; artifacts: ChangedArtifact[] }
  >();
  const add = (artifact: ChangedArtifact, head: Omit<Change, 'artifacts' | 'bytes'>): void => {
    const key = [head.kind, head.directory, head.name, head.version].join('\0');
    const group = groups.get(key) ?? { head, artifacts: [] };
    groups.set(key, group);
    group.artifacts.push(artifact);
  };
  for (const artifact of shipped) add(artifact, headOfShipped(artifact, base));
  for (const artifact of removed) {
    const { directory, name, version } = placeOf(artifact);
    const last = !target.has(packageKey(directory, name));
    add(artifact, { kind: 'removed', directory, name, version, last });
  }
  return [...groups.values()]
    .map(({ head, artifacts }) => ({
      ...head,
      artifacts: artifacts.sort((a, b) => compareUtf8(a.path, b.path)),
      bytes: artifacts.reduce((sum, { size }) => sum + size, 0),
    }))
    .sort(compareChanges);
}

function placeOf({ path, name, version }: ChangedArtifact): {
  directory: string;
  name: string;
  version: string;
} {
  return { directory: directoryOf(path), name, version };
}

function headOfShipped(artifact: ChangedArtifact, base: Catalogue): Omit<Change, 'artifacts' | 'bytes'> {
  const place = placeOf(artifact);
  if (artifact.replaces !== undefined) return { kind: 'replaced', ...place };
  const known = base.get(packageKey(place.directory, place.name));
  if (known === undefined) return { kind: 'new', ...place };
  if (known.keys.has(versionKey(place.version))) return { kind: 'rebuilt', ...place };
  const from = known.newest;
  return { kind: 'updated', ...place, from, older: compareVersions(place.version, from) < 0 };
}

function compareChanges(a: Change, b: Change): number {
  return (
    CHANGE_KINDS.indexOf(a.kind) - CHANGE_KINDS.indexOf(b.kind) ||
    compareUtf8(a.directory, b.directory) ||
    compareUtf8(a.name, b.name) ||
    compareVersions(a.version, b.version) ||
    compareUtf8(a.version, b.version)
  );
}

/** The artifacts among shipped files, and among removed ones. */
export function isArtifactEntry(file: Entry & Partial<Pick<ShippedFile, 'kind'>>): boolean {
  return file.kind === undefined ? isArtifactName(file.path) : file.kind === 'artifact';
}
