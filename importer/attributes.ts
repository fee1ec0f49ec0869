import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CondaDiffError } from '../shared/errors.js';
import { directoryOf } from '../shared/paths.js';
import { all, ownershipOf, syncStage, type Workbench } from './commit.js';
import type { CommitAction, Publish } from './commit-plan.js';
import type { Ownership } from './disk.js';
import { describeObstacle } from './in-the-way.js';
import { stagedFile } from './layout.js';

const FILE_MODE = 0o644;

/** What a staged file gets besides its content. */
export interface Attributes {
  readonly ownership: Ownership;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/**
 * Which attributes the files of a plan get: those of what they replace, or of their neighbours.
 *
 * @param mtimeOf modification time of a shipped file, seconds since 1970
 */
export function attributesIn(
  repository: string,
  mtimeOf: (action: Publish) => number,
): (action: Publish) => Attributes {
  const models = new Map<string, Ownership>();
  return (action) => {
    const place = join(repository, action.path);
    const here = lstatSync(place, { throwIfNoEntry: false });
    if (here?.isDirectory()) throw inTheWay(place);
    const ownership = here?.isFile() ? fromStats(here) : modelIn(models, repository, place);
    return { ownership, mtime: timeFor(action, here, mtimeOf(action)) };
  };
}

/** Gives every staged file its attributes and makes it durable, so that the burst is renames only. */
export async function finishStage(
  { disk, layout }: Workbench,
  actions: readonly CommitAction[],
  attributesOf: (action: Publish) => Attributes,
): Promise<void> {
  for (const [n, action] of actions.entries()) {
    if (action.action !== 'publish') continue;
    const staged = stagedFile(layout, n, action.path);
    const { ownership, mtime } = attributesOf(action);
    await disk.setOwnership(staged, ownership);
    await disk.setTime(staged, mtime);
  }
  await all(actions.entries(), async ([n, { action, path }]) => {
    if (action === 'publish') await disk.syncFile(stagedFile(layout, n, path));
  });
  await syncStage({ disk, layout }, actions);
}

/** A directory that came after it was looked for. */
function inTheWay(path: string): CondaDiffError {
  return new CondaDiffError('io', describeObstacle({ path, is: 'directory' }), {
    hint: 'Move it to another place and run this again',
  });
}

/**
 * Replaced metadata gets a time later than before, because static servers make ETags of time and size;
 * everything else keeps its own.
 */
function timeFor({ kind }: Publish, here: Stats | undefined, own: number): number {
  if (here === undefined || kind === 'artifact' || kind === 'shard') return own;
  return Math.max(Math.floor(Date.now() / 1000), Math.floor(here.mtimeMs / 1000) + 1);
}

function fromStats({ mode, uid, gid }: Stats): Ownership {
  return { mode: mode & 0o777, uid, gid };
}

/** New files take mode and owner from the first file of their directory, else from the directory. */
function modelIn(models: Map<string, Ownership>, repository: string, place: string): Ownership {
  const directory = dirname(place);
  const known = models.get(directory);
  if (known !== undefined) return known;
  const model = firstFile(directory) ?? directoryModel(repository, directory);
  models.set(directory, model);
  return model;
}

function firstFile(directory: string): Ownership | undefined {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return undefined;
  const items = readdirSync(directory, { withFileTypes: true });
  const model = items.find((item) => item.isFile() && !item.name.startsWith('.'));
  return model && ownershipOf(join(directory, model.name), 0o777);
}

function directoryModel(repository: string, directory: string): Ownership {
  let existing = directory;
  while (existing !== repository && lstatSync(existing, { throwIfNoEntry: false }) === undefined) {
    existing = dirname(existing);
  }
  return { ...ownershipOf(existing, 0), mode: FILE_MODE };
}

/** The directories that the published files need and that are not there, parents first. */
export function missingDirectories(repository: string, actions: readonly CommitAction[]): string[] {
  const missing = new Set<string>();
  for (const { action, path } of actions) {
    if (action !== 'publish') continue;
    for (let directory = directoryOf(path); directory !== ''; directory = directoryOf(directory)) {
      if (missing.has(directory) || statSync(join(repository, directory), { throwIfNoEntry: false })) break;
      missing.add(directory);
    }
  }
  return [...missing].sort((a, b) => a.length - b.length);
}
