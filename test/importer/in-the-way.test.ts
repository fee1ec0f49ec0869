/**
 * Whoever puts a directory where a file is to be put back, or a file where a directory is to be made, is told what to
 * move; nothing is changed before that, and afterwards the same command works.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { CondaDiffError } from '../../shared/errors.js';
import { fileScope } from '../support/channel.js';
import { apply, recover, undo } from '../support/importing.js';
import { memoryDirectory } from '../support/memory-directory.js';
import { differences } from './crash/checks.js';
import { type Image, readImage, withoutStage } from './crash/image.js';
import { Crashed, StoppingDisk } from './crash/stopping-disk.js';
import type { Step } from './crash/step-disk.js';
import { leaveLock, makeUpdates, onCopy, type Updates } from './crash/updates.js';

const folder = await memoryDirectory(fileScope());
let updates: Updates;
/** The copy after the update, and after the undo of it. */
let imported: Image;
let undone: Image;

before(async () => {
  updates = await makeUpdates(folder);
  imported = await ended(updates.copy, (repository) => apply(repository, updates.update.v2));
  undone = await ended(imported, undo);
});

async function ended(start: Image, work: (repository: string) => Promise<unknown>): Promise<Image> {
  return (await onCopy(start, join(folder, 'copy'), work)).image;
}

/** The import from v1 to v2, stopped behind the first such step. */
async function stoppedAfter(isLast: (step: Step) => boolean): Promise<Image> {
  const all = new StoppingDisk(Infinity);
  await ended(updates.copy, (repository) => apply(repository, updates.update.v2, { disk: all }));
  const disk = new StoppingDisk(all.taken.findIndex(isLast) + 1);
  const stopped = await ended(updates.copy, async (repository) => {
    await assert.rejects(apply(repository, updates.update.v2, { disk }), Crashed);
    leaveLock(repository);
  });
  assert.ok(stopped.files.has('.conda-diff/journal.json'));
  return stopped;
}

interface Blocked {
  readonly start: Image;
  readonly command: 'recover' | 'undo';
  readonly directories: readonly string[];
  readonly files?: readonly string[];
  readonly end: Image;
}

async function blocked({ start, command, directories, files = [], end }: Blocked): Promise<void> {
  const run = { recover, undo }[command];
  const { image } = await onCopy(start, join(folder, 'copy'), async (repository) => {
    const at = (path: string): string => join(repository, path);
    for (const path of directories) mkdirSync(at(path));
    for (const path of files) writeFileSync(at(path), 'precious');
    const before = readImage(repository);
    const error: unknown = await run(repository).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof CondaDiffError, String(error));
    assert.equal(error.code, 'io', error.message);
    const verb = command === 'undo' ? 'undone' : 'ended';
    assert.match(
      error.message,
      new RegExp(`import of ${repository} cannot be ${verb}: .*nothing was changed$`),
    );
    assert.deepEqual(error.details.toSorted(), [
      ...directories.map((path) => `${at(path)} is in the way: it is a directory`),
      ...files.map((path) => `${at(path)} is in the way: it is a file`),
    ]);
    assert.equal(
      error.hint,
      `Move it to another place, then run: conda-diff-import ${command} ${repository}`,
    );
    assert.deepEqual(differences(readImage(repository), before), []);
    for (const path of [...directories, ...files]) rmSync(at(path), { recursive: true });
    await run(repository);
  });
  assert.deepEqual(differences(image, end), []);
}

describe('What is in the way', () => {
  it('of a recovery that finishes', async () => {
    const isJournal = ({ call, path }: Step): boolean => call === 'rename' && path.endsWith('/journal.json');
    await blocked({
      ...{ start: await stoppedAfter(isJournal), command: 'recover', end: imported },
      directories: ['linux-64/fresh.json', 'linux-64/new-1.0-0.conda'],
      files: ['osx-64'],
    });
  });

  it('of a recovery that takes back', async () => {
    // In the burst: an index variant is gone, and without the stage the indexes that follow cannot be published.
    const isTrash = ({ call, path }: Step): boolean => call === 'rename' && path.includes('/trash/');
    const start = withoutStage(await stoppedAfter(isTrash));
    const gone = [...updates.copy.files.keys()].filter(
      (path) => path.endsWith('/repodata.json.zst') && !start.files.has(path),
    );
    assert.equal(gone.length, 1);
    await blocked({ start, command: 'recover', directories: gone, end: updates.copy });
  });

  it('of an undo', async () => {
    await blocked({
      ...{ start: imported, command: 'undo', end: undone },
      directories: ['noarch/patch_instructions.json', 'rss.xml'],
    });
  });

  it('of an undo that makes a directory again', async () => {
    const start = await ended(updates.copy, (repository) =>
      apply(repository, updates.update.v2, { removeNow: true }),
    );
    assert.ok(!start.directories.has('win-64'));
    const end = await ended(start, undo);
    await blocked({ start, command: 'undo', directories: [], files: ['win-64'], end });
  });
});
