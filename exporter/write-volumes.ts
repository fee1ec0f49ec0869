import { rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { partialName, syncPath, type Written } from '../shared/atomic-file.js';
import type { Volume } from '../shared/manifest.js';
import type { TarMark } from '../shared/tar-entry.js';
import { type ArchiveFile, type ArchiveOptions, writeArchive } from './archive.js';
import { ArchiveFaults } from './archive-faults.js';

/** One archive and what goes into it. */
export interface VolumeToWrite {
  readonly file: string;
  /** Names of owner and group of every entry; without it there are none. */
  readonly mark?: TarMark;
  readonly files: readonly ArchiveFile[];
}

/**
 * Writes archives that lie in one directory. They get their names when all of them are right; older files of these names
 * are replaced.
 *
 * @param added called before each file is written
 * @throws CondaDiffError integrity or source, naming every file of every volume that is wrong; io; nothing is left then,
 *   unless the last step fails
 */
export async function writeVolumes(
  volumes: readonly VolumeToWrite[],
  options: Pick<ArchiveOptions, 'added' | 'progress'> & { readonly signal: AbortSignal },
): Promise<Volume[]> {
  const parts = volumes.map((volume) => ({ ...volume, partial: partialName(volume.file) }));
  const written: Written[] = [];
  const faults = new ArchiveFaults();
  try {
    for (const { partial, files, mark } of parts)
      written.push(await writeArchive(partial, files, { ...options, faults, ...(mark && { mark }) }));
    faults.throwAny();
    options.signal.throwIfAborted();
    for (const { partial, file } of parts) await rename(partial, file);
    for (const directory of new Set(parts.map(({ file }) => dirname(file)))) await syncPath(directory);
  } finally {
    for (const { partial } of parts) await rm(partial, { force: true });
  }
  return written.map((one, i) => {
    const { file, files } = parts[i] as VolumeToWrite;
    return { name: basename(file), ...one, files: files.length };
  });
}
