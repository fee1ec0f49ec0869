import { CondaDiffError } from '../shared/errors.js';
import { formatCount } from '../shared/figures.js';
import type { ShippedFile } from '../shared/manifest.js';
import { END_BYTES, paddingBytes, type TarMark, tarHeader } from '../shared/tar-entry.js';
import { volumeMark } from '../shared/volume-mark.js';
import { volumeFile } from './output-names.js';

/** One archive that is to be written. */
export interface PlannedVolume {
  readonly file: string;
  readonly mark: TarMark;
  readonly files: readonly ShippedFile[];
}

const UNLIMITED = Infinity;
/** A mark of this many volumes is as long as any: headers depend on it before the number of volumes is known. */
const MOST_VOLUMES = 99_999_999;

/**
 * Divides the files of an update among volumes, in commit order, each filled as far as it goes.
 *
 * @param id the update id
 * @param archive the path of the only volume; those of several are made from it
 * @param limit most bytes of a volume; without it there is one of any size
 * @throws CondaDiffError usage, naming every file that no volume can hold
 */
export function planVolumes(
  id: string,
  files: readonly ShippedFile[],
  archive: string,
  limit = UNLIMITED,
): PlannedVolume[] {
  const groups = limit === UNLIMITED ? [files] : divide(sizedFiles(id, files), limit);
  return groups.map((held, i) => ({
    file: volumeFile(archive, i + 1, groups.length),
    mark: volumeMark(id, i + 1, groups.length),
    files: held,
  }));
}

interface SizedFile {
  readonly file: ShippedFile;
  /** What it takes in an archive. */
  readonly bytes: number;
}

function sizedFiles(id: string, files: readonly ShippedFile[]): SizedFile[] {
  const mark = volumeMark(id, MOST_VOLUMES, MOST_VOLUMES);
  return files.map((file) => ({
    file,
    bytes: tarHeader(file, mark).length + file.size + paddingBytes(file.size),
  }));
}

function divide(sized: readonly SizedFile[], limit: number): ShippedFile[][] {
  const room = limit - END_BYTES;
  const tooLarge = sized.filter(({ bytes }) => bytes > room);
  if (tooLarge.length > 0 || room < 0) throw tooSmall(tooLarge, limit);
  let group: ShippedFile[] = [];
  const groups = [group];
  let left = room;
  for (const { file, bytes } of sized) {
    if (bytes > left) {
      groups.push((group = []));
      left = room;
    }
    group.push(file);
    left -= bytes;
  }
  return groups;
}

function tooSmall(tooLarge: readonly SizedFile[], limit: number): CondaDiffError {
  const needed = tooLarge.map(({ file, bytes }) => ({ path: file.path, bytes: bytes + END_BYTES }));
  const most = needed.reduce((max, { bytes }) => Math.max(max, bytes), END_BYTES);
  return new CondaDiffError(
    'usage',
    `A volume of ${String(limit)} bytes cannot hold ${tooLarge.length === 0 ? 'anything' : formatCount(tooLarge.length, 'file')} of the update`,
    {
      details: needed.map(({ path, bytes }) => `${path}: it takes a volume of ${String(bytes)} bytes`),
      hint: `A file is never divided: give at least --volume-size ${String(most)}, or leave files out with --ignore`,
    },
  );
}
