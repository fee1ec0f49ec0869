import { join } from 'node:path';
import { CondaDiffError } from '../shared/errors.js';
import type { Manifest } from '../shared/manifest.js';
import { type MarkedVolume, markedId } from '../shared/volume-mark.js';

/** What stands at the place of a volume, as far as a first look tells. */
export interface VolumeSeen {
  /** Bytes. */
  readonly size: number;
  /** What its first header says that it is. */
  readonly mark: MarkedVolume | undefined;
}

/**
 * Refuses volumes of which a first look tells that they are not those of the manifest: one is missing, of another update,
 * there twice, in the place of another, cut off or too long. Whether the others are right, only reading them tells.
 *
 * @param seen what stands at the place of each volume; `undefined` where nothing does
 * @throws CondaDiffError malformed or integrity, naming every such volume
 */
export function requireVolumes(
  manifest: Manifest,
  directory: string,
  seen: readonly (VolumeSeen | undefined)[],
): void {
  const problems = manifest.volumes.flatMap((_, i) => volumeProblem(manifest, directory, seen, i) ?? []);
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new CondaDiffError(
    problems.some(({ code }) => code === 'malformed') ? 'malformed' : 'integrity',
    `${String(problems.length)} of ${String(manifest.volumes.length)} volumes are missing or wrong`,
    {
      details: problems.map(({ message, details }) => [message, ...details].join('; ')),
      hint: 'Copy these volumes again from their source, with the names that they had there',
    },
  );
}

/** What a first look tells to be wrong with the volume at index `i`, if anything; see {@link requireVolumes}. */
export function volumeProblem(
  manifest: Pick<Manifest, 'id' | 'volumes'>,
  directory: string,
  seen: readonly (VolumeSeen | undefined)[],
  i: number,
): CondaDiffError | undefined {
  const { id, volumes } = manifest;
  const volume = volumes[i];
  const found = seen[i];
  if (volume === undefined) return undefined;
  const path = join(directory, volume.name);
  if (found === undefined) return missingArchive(path, placeOf(i, volumes.length));
  const { mark, size } = found;
  const expected: MarkedVolume = { update: markedId(id), number: i + 1, count: volumes.length };
  if (mark !== undefined && describe(mark) !== describe(expected))
    return wrongVolume(path, expected, mark, twinOf(manifest, directory, seen, expected, mark));
  return size === volume.size ? undefined : wrongSize(path, volume.size, size);
}

/** The volume in whose place there is the same one, too. */
function twinOf(
  { volumes }: Pick<Manifest, 'volumes'>,
  directory: string,
  seen: readonly (VolumeSeen | undefined)[],
  expected: MarkedVolume,
  mark: MarkedVolume,
): string | undefined {
  if (mark.update !== expected.update || mark.count !== expected.count) return undefined;
  const twin = seen[mark.number - 1]?.mark;
  const name = volumes[mark.number - 1]?.name;
  return twin && name !== undefined && describe(twin) === describe(mark) ? join(directory, name) : undefined;
}

function wrongVolume(
  path: string,
  expected: MarkedVolume,
  found: MarkedVolume,
  twin: string | undefined,
): CondaDiffError {
  const number = String(found.number);
  const message =
    twin !== undefined
      ? `Volume ${number} is there twice, as ${twin} and as ${path}`
      : found.update !== expected.update
        ? `${path} is ${found.count === 1 ? 'the archive' : 'a volume'} of another update`
        : found.count !== expected.count
          ? `${path} is of another division of this update`
          : `${path} is volume ${number}, in the place of volume ${String(expected.number)}`;
  return new CondaDiffError('malformed', message, {
    details: [`expected ${describe(expected)}, found ${describe(found)}`],
    hint: `Copy volume ${String(expected.number)} of this update there, under the name that it had`,
  });
}

function describe({ update, number, count }: MarkedVolume): string {
  return `volume ${String(number)} of ${String(count)} of update ${update}`;
}

/** What is added to the name of an archive that is not the only one. */
function placeOf(i: number, count: number): string {
  return count === 1 ? '' : ` (volume ${String(i + 1)} of ${String(count)})`;
}

/** @param place what is added to the name of an archive that is not the only one */
export function missingArchive(path: string, place = ''): CondaDiffError {
  return new CondaDiffError('malformed', `The archive ${path} is missing${place}`, {
    hint: 'Copy all files of the update into one directory, with the names that they had',
  });
}

/** @param expected bytes */
export function wrongSize(path: string, expected: number, found: number): CondaDiffError {
  return new CondaDiffError('integrity', `${path} is ${found < expected ? 'cut off' : 'too long'}`, {
    details: [`expected ${String(expected)} bytes, found ${String(found)}`],
    hint: 'Copy the archive again from its source',
  });
}
