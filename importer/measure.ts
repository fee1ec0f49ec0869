import {
  accessSync,
  constants,
  existsSync,
  linkSync,
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
import type { Layout } from './layout.js';
import type { Measures, Needs } from './preflight.js';

/** Documents of ours grow with the number of files: bytes per entry of a reference, and per action of a journal. */
const BYTES_PER_ENTRY = 300;
const BYTES_PER_ACTION = 600;
/** Directories and the rounding of sizes to blocks. */
const BYTES_PER_FILE = 4096;
const RESERVE = 1 << 20;

/** What a commit needs at its peak. */
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
 * Measures the file system that the repository is on and the directories that a commit changes.
 *
 * @throws CondaDiffError io
 */
export function measure({ repository, own }: Layout, actions: readonly CommitAction[]): Measures {
  const place = existsSync(own) ? own : repository;
  try {
    const { bavail, bsize, files, ffree } = statfsSync(place);
    const directories = [
      ...new Set(actions.filter(changes).map(({ path }) => nearest(repository, directoryOf(path)))),
    ];
    const device = statSync(place).dev;
    return {
      freeBytes: bavail * bsize,
      freeInodes: files === 0 ? undefined : ffree,
      inTheWay: obstaclesTo(repository, placesOf(actions)),
      unwritable: directories.filter((directory) => !isWritable(directory)),
      elsewhere: directories.filter((directory) => statSync(directory).dev !== device),
    };
  } catch (error) {
    throw asIoError(error, `Cannot measure ${repository}`);
  }
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

/** Whether this file system makes hard links, tried out with a file of ours. */
export function makesLinks({ own }: Layout): boolean {
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
