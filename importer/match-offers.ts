import { basename, dirname, join } from 'node:path';
import { CondaDiffError } from '../shared/errors.js';
import type { Manifest } from '../shared/manifest.js';
import { type MarkedVolume, markedId } from '../shared/volume-mark.js';
import type { Offer } from './offers.js';
import { volumeProblem, wrongSize } from './volume-problems.js';

/** An update whose volumes are wanted. */
export interface Wanted {
  readonly manifest: Pick<Manifest, 'id' | 'sequence' | 'volumes'>;
  /** Where its manifest lies on the medium; `undefined` when it was staged before. */
  readonly medium?: string | undefined;
}

/** A file that is to be the volume at index `i` of an update; whether it is, only reading it tells. */
export interface Match {
  readonly path: string;
  readonly id: string;
  readonly i: number;
}

export interface Matches {
  /** Each volume once. */
  readonly matches: readonly Match[];
  /** Files in the directories that are no volumes of these updates. */
  readonly others: readonly string[];
}

/**
 * Finds out which volume each file is, from what it says of itself and from its name, and refuses those of which that
 * tells that they are wrong.
 *
 * @throws CondaDiffError malformed or integrity, naming all of them
 */
export function matchOffers(offers: readonly Offer[], wanted: readonly Wanted[]): Matches {
  const problems: CondaDiffError[] = [];
  const matches = new Map<string, Match>();
  const others: string[] = [];
  for (const offer of offers) {
    const found = placeOf(offer, offers, wanted);
    if (found instanceof CondaDiffError) problems.push(found);
    else if (found === undefined) others.push(offer.path);
    else if (!matches.has(keyOf(found))) matches.set(keyOf(found), found);
  }
  const [first, ...more] = problems;
  if (first === undefined) return { matches: [...matches.values()], others };
  if (more.length === 0) throw first;
  throw new CondaDiffError(
    problems.some(({ code }) => code === 'malformed') ? 'malformed' : 'integrity',
    `${String(problems.length)} of ${String(offers.length)} files are not the volumes that they should be`,
    { details: problems.map(({ message, details }) => [message, ...details].join('; ')) },
  );
}

function keyOf({ id, i }: Match): string {
  return `${id} ${String(i)}`;
}

function placeOf(
  offer: Offer,
  offers: readonly Offer[],
  wanted: readonly Wanted[],
): Match | CondaDiffError | undefined {
  const { path, seen, isNamed } = offer;
  const beside = wanted.find((one) => one.medium === dirname(path) && indexByName(one, path) !== undefined);
  if (beside) return besideManifest(beside, indexByName(beside, path) ?? 0, offers, path);
  const { mark } = seen;
  if (mark === undefined) {
    const only = wanted.filter((one) => indexByName(one, path) !== undefined);
    const i = only[0] && indexByName(only[0], path);
    if (only.length === 1 && only[0] && i !== undefined) return sized(offer, only[0], i);
    return isNamed ? noVolume(path) : undefined;
  }
  const update = wanted.find(({ manifest }) => markedId(manifest.id) === mark.update);
  if (update === undefined) return isNamed ? unknownUpdate(path, mark) : undefined;
  if (update.manifest.volumes.length !== mark.count) return otherDivision(path, update, mark);
  return sized(offer, update, mark.number - 1);
}

function indexByName({ manifest }: Wanted, path: string): number | undefined {
  const i = manifest.volumes.findIndex(({ name }) => name === basename(path));
  return i < 0 ? undefined : i;
}

/** A file that lies beside the manifest with the name of a volume must be that. */
function besideManifest(
  { manifest, medium = '' }: Wanted,
  i: number,
  offers: readonly Offer[],
  path: string,
): Match | CondaDiffError {
  const seen = manifest.volumes.map(
    ({ name }) => offers.find((offer) => offer.path === join(medium, name))?.seen,
  );
  return volumeProblem(manifest, medium, seen, i) ?? { path, id: manifest.id, i };
}

function sized({ path, seen }: Offer, { manifest }: Wanted, i: number): Match | CondaDiffError {
  const { size } = manifest.volumes[i]!;
  return seen.size === size ? { path, id: manifest.id, i } : wrongSize(path, size, seen.size);
}

function noVolume(path: string): CondaDiffError {
  return new CondaDiffError('malformed', `${path} is not a volume of an update`, {
    hint: 'Name volumes, manifests, or directories that hold them',
  });
}

function unknownUpdate(path: string, { update, number, count }: MarkedVolume): CondaDiffError {
  return new CondaDiffError(
    'malformed',
    `${path} is a volume of another update, or its manifest is missing`,
    {
      details: [`it says that it is volume ${String(number)} of ${String(count)} of update ${update}`],
      hint: 'The manifest of an update must be staged before its volumes, or with them',
    },
  );
}

function otherDivision(path: string, { manifest }: Wanted, mark: MarkedVolume): CondaDiffError {
  return new CondaDiffError('malformed', `${path} is of another division of this update`, {
    details: [
      `update ${mark.update} has ${String(manifest.volumes.length)} volumes, and it is volume ${String(mark.number)} of ${String(mark.count)}`,
    ],
    hint: 'Take all volumes and the manifest from the same export',
  });
}
