import { existsSync, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { chmod, chown, mkdir, rename, rm, rmdir, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { syncDirectory } from '../shared/atomic-file.js';
import { asIoError, CondaDiffError, isSystemError } from '../shared/errors.js';
import { directoryOf } from '../shared/paths.js';
import { staysInside } from '../shared/real-path.js';
import type { CommitAction } from './commit-plan.js';

const FILE_MODE = 0o644;
const SYNCED_AT_ONCE = 8;

/**
 * Publishes the staged files and removes what has to go, in the order of the plan. Everything that can be done
 * beforehand is: during the burst there are only renames.
 *
 * @param stage where every file of the plan lies, verified
 * @throws CondaDiffError io; malformed, when a path leads out of the repository through a link
 */
export async function commit(
  repository: string,
  stage: string,
  plan: readonly CommitAction[],
): Promise<void> {
  const place: Place = { repository, root: realpathSync(repository), stage, models: new Map() };
  try {
    for (const action of plan) await prepare(place, action);
    for (const action of plan) await perform(place, action);
    await syncDirectories(touchedDirectories(repository, plan));
    await removeEmptyDirectories(repository, plan);
  } catch (error) {
    throw asIoError(error);
  }
}

interface Place {
  readonly repository: string;
  /** Its real path. */
  readonly root: string;
  readonly stage: string;
  /** Directory → the file that new files in it take mode and owner from. */
  readonly models: Map<string, Stats | undefined>;
}

/** Makes the directory of a file and gives the staged file the mode, owner and time that it will have. */
async function prepare(place: Place, action: CommitAction): Promise<void> {
  const destination = join(place.repository, action.path);
  const directory = dirname(destination);
  if (action.action === 'remove') {
    if (existsSync(directory)) requireInside(place.root, directory);
    return;
  }
  await makeDirectory(place, directory);
  const staged = join(place.stage, action.path);
  const replaced = lstatSync(destination, { throwIfNoEntry: false });
  const model = replaced?.isFile() ? replaced : modelFileIn(place, directory);
  await chmod(staged, (model?.mode ?? FILE_MODE) & 0o777);
  const { uid, gid } = model ?? statSync(directory);
  await own(staged, uid, gid);
  await utimes(staged, Date.now() / 1000, mtimeFor(action, replaced));
}

/**
 * Modification time, in seconds. Replaced metadata gets a time later than before, because static servers make
 * ETags of time and size; everything else keeps the archive's.
 */
function mtimeFor({ kind, mtime, path }: Publish, replaced: Stats | undefined): number {
  if (replaced?.isDirectory()) throw notAFile(path);
  if (replaced === undefined || kind === 'artifact' || kind === 'shard') return mtime;
  return Math.max(Math.floor(Date.now() / 1000), Math.floor(replaced.mtimeMs / 1000) + 1);
}

type Publish = Extract<CommitAction, { action: 'publish' }>;

function notAFile(path: string): CondaDiffError {
  return new CondaDiffError('io', `${path} is in the way: it is not a regular file`, {
    hint: 'Move it away and import again',
  });
}

/** The first regular file of a directory: new files get its mode and owner. */
function modelFileIn({ models }: Place, directory: string): Stats | undefined {
  if (models.has(directory)) return models.get(directory);
  const model = readdirSync(directory, { withFileTypes: true }).find(
    (item) => item.isFile() && !item.name.startsWith('.'),
  );
  const stats = model && statSync(join(directory, model.name));
  models.set(directory, stats);
  return stats;
}

/** Only root may give files away; for anyone else they stay their own. */
async function own(path: string, uid: number, gid: number): Promise<void> {
  try {
    await chown(path, uid, gid);
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EPERM') throw error;
  }
}

/** Makes a directory with mode and owner of the one above it. */
async function makeDirectory(place: Place, directory: string): Promise<void> {
  if (existsSync(directory)) {
    requireInside(place.root, directory);
    return;
  }
  await makeDirectory(place, dirname(directory));
  await mkdir(directory);
  const above = statSync(dirname(directory));
  await chmod(directory, above.mode & 0o7777);
  await own(directory, above.uid, above.gid);
}

function requireInside(root: string, directory: string): void {
  if (staysInside(root, directory)) return;
  throw new CondaDiffError(
    'malformed',
    `${directory} leads out of the repository, to ${realpathSync(directory)}`,
    {
      hint: 'Replace this link by a directory in the repository',
    },
  );
}

async function perform({ repository, stage }: Place, action: CommitAction): Promise<void> {
  const destination = join(repository, action.path);
  if (action.action === 'publish') await rename(join(stage, action.path), destination);
  else await rm(destination, { force: true });
}

function touchedDirectories(repository: string, plan: readonly CommitAction[]): string[] {
  return [...new Set(plan.map(({ path }) => join(repository, directoryOf(path))))].filter((one) =>
    existsSync(one),
  );
}

async function syncDirectories(directories: readonly string[]): Promise<void> {
  const limit = pLimit(SYNCED_AT_ONCE);
  const results = await Promise.allSettled(directories.map((directory) => limit(syncDirectory, directory)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Removes the directories that the removals emptied, upwards, never the repository itself. */
async function removeEmptyDirectories(repository: string, plan: readonly CommitAction[]): Promise<void> {
  const removed = plan.filter(({ action }) => action === 'remove').map(({ path }) => directoryOf(path));
  for (const start of new Set(removed)) {
    for (let directory = start; directory !== ''; directory = directoryOf(directory)) {
      if (!(await removeIfEmpty(join(repository, directory)))) break;
    }
  }
}

async function removeIfEmpty(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    if (isSystemError(error) && ['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EBUSY'].includes(error.code))
      return error.code === 'ENOENT';
    throw error;
  }
}
