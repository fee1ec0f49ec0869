import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { partialName, syncPath, writeFileAtomically } from '../shared/atomic-file.js';
import { type Fingerprint, fingerprintOf, statFile } from '../shared/fingerprint.js';
import { checkManifest, encodeManifest, type Manifest, type ShippedFile } from '../shared/manifest.js';
import type { Progress } from '../shared/progress.js';
import type { Reference } from '../shared/reference.js';
import { volumeMark } from '../shared/volume-mark.js';
import { type ArchiveFile, writeArchive } from './archive.js';
import type { FileStatus, OutputNames } from './plan.js';
import { writeReferenceGz } from './references.js';

/** What a planned update still lacks: it is known once archive and base reference are written. */
export type ManifestDraft = Omit<Manifest, 'volumes' | 'baseReference'>;

/** What is on disk at the source of each planned file; a file that is gone has an impossible fingerprint. */
export function statusOfSources(
  source: (path: string) => string,
): (path: string) => FileStatus & ArchiveStatus {
  return (path) => {
    const stats = statFile(source(path));
    return {
      mtime: Math.max(0, Math.floor((stats?.mtimeMs ?? 0) / 1000)),
      fingerprint: stats === undefined ? 'gone' : fingerprintOf(stats),
    };
  };
}

type ArchiveStatus = Pick<ArchiveFile, 'fingerprint'>;

/**
 * Writes an update: archive, base reference, then the manifest. Each gets its name when it is complete.
 *
 * @throws CondaDiffError integrity, source or io; nothing but complete files is left, and no manifest
 */
export async function publish(
  names: OutputNames,
  draft: ManifestDraft,
  base: Reference,
  {
    source,
    signal,
    detail,
    progress,
    seen,
  }: {
    source: (path: string) => string;
    signal: AbortSignal;
    detail: (line: string) => void;
    progress: Progress;
    /** Told of each file that was read and is right. */
    seen: (path: string, fingerprint: Fingerprint, sha256: string) => void;
  },
): Promise<Manifest> {
  const statusOf = statusOfSources(source);
  const files = draft.files.map((file) => toArchiveFile(file, source(file.path), statusOf(file.path)));
  const partial = partialName(names.volume);
  try {
    const added = (path: string): void => {
      detail(`adding: ${path}`);
    };
    progress.begin('write', { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) });
    const volume = await writeArchive(partial, files, {
      added,
      signal,
      progress,
      mark: volumeMark(draft.id, 1, 1),
    });
    progress.end();
    for (const { path, fingerprint, sha256 } of files) seen(path, fingerprint, sha256);
    signal.throwIfAborted();
    await rename(partial, names.volume);
    await syncPath(dirname(names.volume));
    const reference = await writeReferenceGz(names.baseReference, base);
    const manifest: Manifest = {
      ...draft,
      volumes: [{ name: basename(names.volume), ...volume, files: files.length }],
      baseReference: { name: basename(names.baseReference), ...reference },
    };
    checkManifest(manifest, names.manifest);
    await writeFileAtomically(names.manifest, encodeManifest(manifest));
    return manifest;
  } finally {
    await rm(partial, { force: true });
  }
}

function toArchiveFile(
  file: ShippedFile,
  source: string,
  { mtime, fingerprint }: FileStatus & ArchiveStatus,
): ArchiveFile {
  const { path, size, sha256 } = file;
  return {
    path,
    size,
    sha256,
    source,
    mtime: file.mtime,
    fingerprint: mtime === file.mtime ? fingerprint : 'changed',
  };
}

/** The directory that metadata is captured into while an update is made. */
export function captureDirectory(ownState: string): string {
  return join(ownState, 'capture');
}
