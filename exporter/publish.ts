import { basename, join } from 'node:path';
import { writeFileAtomically } from '../shared/atomic-file.js';
import type { Bounds } from '../shared/bounds.js';
import { type Fingerprint, fingerprintOf, statFile } from '../shared/fingerprint.js';
import { checkManifest, encodeManifest, type Manifest } from '../shared/manifest.js';
import type { Progress } from '../shared/progress.js';
import type { Reference } from '../shared/reference.js';
import { writeSignatures, type WrittenSignature } from '../shared/write-signatures.js';
import type { Key } from '../shared/signature.js';
import type { OutputNames } from './output-names.js';
import type { FileStatus } from './plan.js';
import type { PlannedVolume } from './plan-volumes.js';
import { writeReferenceGz } from './references.js';
import { writeVolumes } from './write-volumes.js';

/** What a planned update still lacks: it is known once archive and base reference are written. */
export type ManifestDraft = Omit<Manifest, 'volumes' | 'baseReference'>;

/**
 * What is on disk at the source of each planned file, looked at once; a file that is gone has an impossible
 * fingerprint.
 */
export function statusOfSources(source: (path: string) => string): (path: string) => FileStatus {
  const seen = new Map<string, FileStatus>();
  return (path) => {
    let status = seen.get(path);
    if (status === undefined) {
      const stats = statFile(source(path));
      status = {
        mtime: Math.max(0, Math.floor((stats?.mtimeMs ?? 0) / 1000)),
        fingerprint: stats === undefined ? 'gone' : fingerprintOf(stats),
      };
      seen.set(path, status);
    }
    return status;
  };
}

/** An update that was written. */
export interface Published {
  readonly manifest: Manifest;
  readonly signatures: readonly WrittenSignature[];
}

/** How an update is written. */
export interface PublishOptions {
  /** Of the repository. */
  readonly bounds: Bounds;
  readonly source: (path: string) => string;
  /** What was on disk at each path when the draft was made. */
  readonly statusOf: (path: string) => FileStatus;
  readonly signal: AbortSignal;
  readonly detail: (line: string) => void;
  readonly progress: Progress;
  /** Told of each file that was read and is right. */
  readonly seen: (path: string, fingerprint: Fingerprint, sha256: string) => void;
  /** Private keys that sign the manifest. */
  readonly signKeys: readonly Key[];
}

/**
 * Writes an update: volumes, base reference, signatures, then the manifest. Each gets its name when it is complete.
 *
 * @param volumes together they hold the files of the draft, in order
 * @throws CondaDiffError integrity, source or io; nothing but complete files is left, and no manifest
 */
export async function publish(
  names: OutputNames,
  draft: ManifestDraft,
  volumes: readonly PlannedVolume[],
  base: Reference,
  { bounds, source, statusOf, signal, detail, progress, seen, signKeys }: PublishOptions,
): Promise<Published> {
  const toWrite = volumes.map((volume) => ({
    ...volume,
    files: volume.files.map(({ path, size, sha256, mtime }) => {
      const { fingerprint } = statusOf(path);
      return { path, size, sha256, mtime, bounds, source: source(path), fingerprint };
    }),
  }));
  const added = (path: string): void => {
    detail(`adding: ${path}`);
  };
  const bytes = draft.files.reduce((sum, { size }) => sum + size, 0);
  progress.begin('write', { files: draft.files.length, bytes });
  const written = await writeVolumes(toWrite, { added, signal, progress });
  progress.end();
  for (const { files } of toWrite)
    for (const { path, fingerprint, sha256 } of files) seen(path, fingerprint, sha256);
  const reference = await writeReferenceGz(names.baseReference, base);
  const manifest: Manifest = {
    ...draft,
    volumes: written,
    baseReference: { name: basename(names.baseReference), ...reference },
  };
  checkManifest(manifest, names.manifest);
  return { manifest, signatures: await writeManifest(names.manifest, manifest, signKeys) };
}

/** The signatures come first: where the manifest is, the update is complete. */
async function writeManifest(
  file: string,
  manifest: Manifest,
  keys: readonly Key[],
): Promise<WrittenSignature[]> {
  if (keys.length === 0) {
    await writeFileAtomically(file, encodeManifest(manifest));
    return [];
  }
  const bytes = Buffer.concat([...encodeManifest(manifest)]);
  const signatures = await writeSignatures(file, bytes, keys);
  await writeFileAtomically(file, [bytes]);
  return signatures;
}

/** The directory that metadata is captured into while an update is made. */
export function captureDirectory(ownState: string): string {
  return join(ownState, 'capture');
}
