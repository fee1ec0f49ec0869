import type { ShippedFile } from '../manifest.js';
import { compareUtf8, directoryOf } from '../paths.js';
import { type Change, type ChangedArtifact, CHANGE_KINDS, type ChangeKind } from './changes.js';

/** What happens in one directory. */
export interface DirectorySummary {
  /** '' = the repository. */
  readonly directory: string;
  /** Artifacts by kind of change. */
  readonly artifacts: Readonly<Record<ChangeKind, number>>;
  /** Files besides artifacts that the update ships. */
  readonly otherFiles: number;
  /** Bytes that the update ships. */
  readonly bytes: number;
  /** Bytes of artifacts that leave. */
  readonly removedBytes: number;
}

/** How much of an update is of one package. */
export interface PackageSize {
  readonly name: string;
  readonly artifacts: number;
  readonly bytes: number;
}

/** Sums up what happens per directory, sorted by its path. */
export function summariesOf(changes: readonly Change[], files: readonly ShippedFile[]): DirectorySummary[] {
  const found = new Map<string, Counting>();
  const at = (directory: string): Counting => {
    const counting = found.get(directory) ?? newCounting();
    found.set(directory, counting);
    return counting;
  };
  for (const { kind, directory, artifacts, bytes } of changes) {
    const counting = at(directory);
    counting.artifacts[kind] += artifacts.length;
    if (kind === 'removed') counting.removedBytes += bytes;
  }
  for (const { path, kind, size } of files) {
    const counting = at(directoryOf(path));
    counting.bytes += size;
    if (kind !== 'artifact') counting.otherFiles++;
  }
  return [...found]
    .map(([directory, counting]) => ({ directory, ...counting }))
    .sort((a, b) => compareUtf8(a.directory, b.directory));
}

interface Counting {
  readonly artifacts: Record<ChangeKind, number>;
  otherFiles: number;
  bytes: number;
  removedBytes: number;
}

function newCounting(): Counting {
  const artifacts = Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, 0])) as Record<ChangeKind, number>;
  return { artifacts, otherFiles: 0, bytes: 0, removedBytes: 0 };
}

/** Sizes of what is shipped by package name, the largest first. */
export function sizesOf(shipped: readonly ChangedArtifact[]): PackageSize[] {
  const found = new Map<string, { artifacts: number; bytes: number }>();
  for (const { name, size } of shipped) {
    const sum = found.get(name) ?? { artifacts: 0, bytes: 0 };
    found.set(name, sum);
    sum.artifacts++;
    sum.bytes += size;
  }
  return [...found]
    .map(([name, sum]) => ({ name, ...sum }))
    .sort((a, b) => b.bytes - a.bytes || compareUtf8(a.name, b.name));
}
