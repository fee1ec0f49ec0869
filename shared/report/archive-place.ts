import type { Manifest, ShippedFile } from '../manifest.js';
import { END_BYTES, paddingBytes, tarHeader } from '../tar-entry.js';
import { volumeMark } from '../volume-mark.js';

/** Where the content of a shipped file stands. */
export interface ArchivePlace {
  readonly file: ShippedFile;
  /** Name of the volume. */
  readonly volume: string;
  /** Bytes from the volume's beginning. */
  readonly offset: number;
}

/**
 * Finds shipped files in their volumes without reading these: every header follows from the manifest. It counts from the
 * end, where the indexes are, so that it need not look at most of the files.
 */
export function archivePlaces(
  { id, volumes, files }: Manifest,
  isWanted: (path: string) => boolean,
): ArchivePlace[] {
  const places: ArchivePlace[] = [];
  let wanted = files.filter(({ path }) => isWanted(path)).length;
  let next = files.length;
  for (let number = volumes.length; number > 0; number--) {
    const volume = volumes[number - 1]!;
    const mark = volumeMark(id, number, volumes.length);
    let end = volume.size - END_BYTES;
    for (const file of files.slice(next - volume.files, next).reverse()) {
      if (wanted === 0) return places;
      const offset = end - paddingBytes(file.size) - file.size;
      end = offset - tarHeader(file, mark).length;
      if (!isWanted(file.path)) continue;
      places.push({ file, volume: volume.name, offset });
      wanted--;
    }
    next -= volume.files;
  }
  return places;
}
