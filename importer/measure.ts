import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { asIoError } from '../shared/errors.js';
import { statIfThere } from '../shared/is-there.js';
import { directoryOf } from '../shared/paths.js';
import { type CommitAction, placesOf } from './commit-plan.js';
import { obstaclesTo } from './in-the-way.js';
import { type Area, areaOf, areasFor, type Layout } from './layout.js';
import type { Measures, Needs, Reach, Space } from './preflight.js';

/** Documents of ours grow with the number of files: bytes per entry of a reference, and per action of a journal. */
const BYTES_PER_ENTRY = 300;
const BYTES_PER_ACTION = 600;
/** Directories and the rounding of sizes to blocks. */
const BYTES_PER_FILE = 4096;
const RESERVE = 1 << 20;

/**
 * What a commit needs at its peak, and what there is, of each file system that the repository is on.
 *
 * @param entries of base and target
 * @param copiesUndo whether what is replaced is kept as a copy, in an area
 * @throws CondaDiffError io
 */
export function spacesFor(
  layout: Layout,
  actions: readonly CommitAction[],
  entries: number,
  copiesUndo: (area: Area) => boolean,
): Space[] {
  const found = new Map<number, { readonly place: string; readonly needs: Needs }>();
  try {
    for (const area of areasFor(
      layout,
      actions.map(({ path }) => path),
    )) {
      const place = placeOf(area);
      const { dev } = statSync(place);
      const before = found.get(dev) ?? { place, needs: { bytes: 0, inodes: 0 } };
      const own = actions.filter(({ path }) => areaOf(layout, path).own === area.own);
      const needs = needsOf(own, area.own === layout.own ? entries : 0, copiesUndo(area));
      found.set(dev, { place: before.place, needs: sumOf(before.needs, needs) });
    }
    return [...found.values()].map((space) => ({ ...space, ...freeAt(space.place) }));
  } catch (error) {
    throw asIoError(error, `Cannot measure ${layout.repository}`);
  }
}

function sumOf(a: Needs, b: Needs): Needs {
  return { bytes: a.bytes + b.bytes, inodes: a.inodes + b.inodes };
}

function freeAt(place: string): Pick<Space, 'freeBytes' | 'freeInodes'> {
  const { bavail, bsize, files, ffree } = statfsSync(place);
  return { freeBytes: bavail * bsize, freeInodes: files === 0 ? undefined : ffree };
}

/** Where an area is, or will be. */
function placeOf({ own }: Area): string {
  return existsSync(own) ? own : dirname(own);
}

/** What the actions of one area need at their peak. */
export function needsOf(actions: readonly CommitAction[], entries: number, copiesUndo: boolean): Needs {
  let bytes = RESERVE + entries * BYTES_PER_ENTRY + actions.length * BYTES_PER_ACTION;
  let inodes = 16;
  for (const action of actions) {
    if (action.action === 'publish') {
      bytes += action.after.size + BYTES_PER_FILE;
      inodes++;
    }
    if (copiesUndo && action.action !== 'retire' && action.before) {
      bytes += action.before.size + BYTES_PER_FILE;
      inodes++;
    }
  }
  return { bytes, inodes };
}

/**
 * Looks at the directories that a commit changes, and at what stands in its way.
 *
 * @throws CondaDiffError io
 */
export function measure(layout: Layout, actions: readonly CommitAction[]): Measures {
  try {
    const inTheWay = obstaclesTo(layout.repository, placesOf(actions));
    return { inTheWay, ...measureReach(layout, actions) };
  } catch (error) {
    throw asIoError(error, `Cannot measure ${layout.repository}`);
  }
}

/**
 * Looks at the directories that a commit changes.
 *
 * @throws CondaDiffError io
 */
export function measureReach(layout: Layout, actions: readonly CommitAction[]): Reach {
  const { repository } = layout;
  const changed = new Set(actions.filter(changes).map(({ path }) => directoryOf(path)));
  try {
    const areas = new Map(
      [...changed].map((path) => [nearest(repository, path), placeOf(areaOf(layout, path))]),
    );
    const behindLinks = [...areas.values()].filter((place) => place !== placeOf(layout));
    const directories = [...new Set([...areas.keys(), ...behindLinks])];
    const mountOf = mountTable();
    const isElsewhere = (directory: string, area: string): boolean =>
      statSync(directory).dev !== statSync(area).dev || mountOf(directory) !== mountOf(area);
    return {
      unwritable: directories.filter((directory) => !isWritable(directory)),
      elsewhere: [...areas]
        .filter(([directory, area]) => isElsewhere(directory, area))
        .map(([directory]) => directory),
    };
  } catch (error) {
    throw asIoError(error, `Cannot measure ${repository}`);
  }
}

/**
 * Tells where the file system of a directory is mounted: no rename leads from one mount to another, also where both
 * show the same file system (rename(2), EXDEV). Where the system does not tell (proc_pid_mountinfo(5)), all are one.
 */
function mountTable(): (directory: string) => string {
  const points = mountPoints();
  return (directory) => {
    let place = realpathSync(directory);
    while (!points.has(place) && place !== dirname(place)) place = dirname(place);
    return place;
  };
}

function mountPoints(): ReadonlySet<string> {
  let text: string;
  try {
    text = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return new Set();
  }
  const unescaped = (field: string): string =>
    field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return new Set(text.split('\n').map((line) => unescaped(line.split(' ')[4] ?? '')));
}

function changes({ action }: CommitAction): boolean {
  return action !== 'retire';
}

/** The directory itself, or the nearest one above it that is there. */
function nearest(repository: string, path: string): string {
  let directory = join(repository, path);
  while (!isDirectory(directory)) directory = dirname(directory);
  return directory;
}

function isDirectory(path: string): boolean {
  return statIfThere(path)?.isDirectory() === true;
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the file system of an area makes hard links, tried out with a file of ours; not where the area is still to be made. */
export function makesLinks({ own }: Area): boolean {
  const file = join(own, 'link-test.partial');
  const second = join(own, 'link-test-2.partial');
  try {
    rmSync(second, { force: true });
    writeFileSync(file, '');
    linkSync(file, second);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(file, { force: true });
    rmSync(second, { force: true });
  }
}
