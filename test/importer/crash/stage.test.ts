/**
 * Collecting volumes stops at any change that it makes: what is there is never half a file, the next run goes on where it
 * stopped, and the rest of the copy is as it was. So does discarding, and an import of what was collected.
 *
 * CONDA_DIFF_CRASH_ROUNDS above 1: at every step. Else at some of them, which CONDA_DIFF_SEED chooses.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { before, test } from 'node:test';
import { collect } from '../../../importer/collect.js';
import { collectedIds, discardCollected } from '../../../importer/collected.js';
import type { Disk } from '../../../importer/disk.js';
import { benchFor } from '../../../importer/import.js';
import { withLock } from '../../../shared/lock.js';
import { NO_PROGRESS } from '../../../shared/progress.js';
import { fileScope, writeChannel } from '../../support/channel.js';
import { setFirstBase } from '../../support/exporting.js';
import { apply, recover } from '../../support/importing.js';
import { command } from '../../support/crossing.js';
import { memoryDirectory } from '../../support/memory-directory.js';
import { seedFromEnvironment } from '../../support/random.js';
import { differences } from './checks.js';
import { type Image, leaveOut } from './image.js';
import { type Step, StepDisk } from './step-disk.js';
import { Crashed, StoppingDisk } from './stopping-disk.js';
import { leaveLock, onCopy } from './updates.js';

const IS_THOROUGH = Number(process.env['CONDA_DIFF_CRASH_ROUNDS'] ?? 1) > 1;
const EVERY = IS_THOROUGH ? 1 : 3;
const SEED = seedFromEnvironment();
const NEVER = new AbortController().signal;

const folder = await memoryDirectory(fileScope());
const update = join(folder, 'update');
let id = '';
const nothing: Image = { directories: new Map(), files: new Map([]) };
/** With all three volumes, and with what an import of them leaves. */
let collected: Image;
let imported: Image;

before(async () => {
  const noise = (name: string) => ({ name, files: { noise: name.repeat(40_000) } });
  const mirror = join(folder, 'mirror');
  await writeChannel(mirror, { noarch: [noise('a'), noise('b'), noise('c')] });
  await setFirstBase(mirror);
  await command('conda-diff-export', [
    ...['create', mirror, '-o', join(update, 'update.tar'), '--volume-size', '60k'],
  ]);
  collected = (await onCopy(nothing, join(folder, 'whole'), (root) => stage(root))).image;
  [id = ''] = collectedIds(benchFor({ repository: join(folder, 'whole'), signal: NEVER }).layout);
  const volumes = [...collected.files.keys()].filter((path) => path.endsWith('.tar'));
  assert.equal(volumes.length, 3);
  imported = (await onCopy(collected, join(folder, 'whole'), (root) => applyStaged(root))).image;
});

function stage(repository: string, disk?: Disk): Promise<unknown> {
  return collect({
    ...{ repository, stateDirectory: join(repository, '.conda-diff'), paths: [update], signal: NEVER },
    ...{ note: () => undefined, progress: NO_PROGRESS, ...(disk && { disk }) },
  });
}

function applyStaged(repository: string, disk?: Disk): Promise<unknown> {
  return apply(repository, join(repository, '.conda-diff/collected', id), disk && { disk });
}

function discard(repository: string, disk?: Disk): Promise<unknown> {
  const bench = benchFor({ repository, signal: NEVER, ...(disk && { disk }) });
  return withLock(repository, 'test', () => discardCollected(bench, [id]));
}

type Work = (repository: string, disk?: Disk) => Promise<unknown>;

/** What is there when a run stops after so many steps, for some of all steps. */
async function* stops(
  start: Image,
  work: Work,
): AsyncGenerator<{ readonly image: Image; readonly where: string }> {
  const root = join(folder, 'crash');
  for (let steps = SEED % EVERY; ; steps += EVERY) {
    const disk = new StoppingDisk(steps);
    const { result: isWhole, image } = await onCopy(start, root, async (repository) => {
      try {
        await work(repository, disk);
        return true;
      } catch (error) {
        if (!(error instanceof Crashed)) throw error;
        return false;
      }
    });
    const last = disk.taken.at(-1);
    yield { image, where: `after ${steps} steps (seed ${SEED}), the last: ${last?.call} ${last?.path}` };
    if (isWhole) return;
  }
}

/** Every file in its place is the one that a whole run leaves there. */
function assertNoHalves(image: Image, where: string): void {
  for (const [path, { bytes }] of image.files) {
    if (!path.includes('/collected/') || path.endsWith('.partial')) continue;
    assert.ok(collected.files.get(path)?.bytes.equals(bytes), `${path} is not whole ${where}`);
  }
}

async function next(image: Image, work: Work): Promise<Image> {
  const ended = await onCopy(image, join(folder, 'next'), async (repository) => {
    leaveLock(repository);
    await work(repository);
  });
  return ended.image;
}

const isOwn = (path: string): boolean => path.startsWith('.conda-diff');

test('staging that stops at any step goes on with the next call', async () => {
  let turns = 0;
  for await (const { image, where } of stops(nothing, stage)) {
    if (image.directories.size === 0) continue;
    assertNoHalves(image, where);
    assert.deepEqual(leaveOut(image, isOwn).files.size, 0, where);
    assert.deepEqual(differences(await next(image, stage), collected), [], where);
    if (turns++ % 4 === 0) {
      // What was collected so far outlives other commands.
      const kept = [...image.files.keys()].filter((path) => /collected\/.*\.(tar|json|gz)$/.test(path));
      const left = await next(image, recover);
      for (const path of kept) assert.ok(left.files.has(path), `${path} is gone ${where}`);
    }
  }
  assert.ok(turns > 5);
});

test('discarding that stops at any step leaves all or nothing, and is done by the next call', async () => {
  for await (const { image, where } of stops(collected, discard)) {
    const left = [...image.files.keys()].filter((path) => path.includes('/collected/'));
    assert.ok(left.length === 0 || left.length === 5, `${left.join()} ${where}`);
    const after = await next(await next(image, discard), recover);
    assert.deepEqual(
      [...after.files.keys()].filter((path) => /collected/.test(path)),
      [],
      where,
    );
  }
});

test('an import of what was staged that stops at any step is ended, and can be made again', async () => {
  for await (const { image, where } of stops(collected, applyStaged)) {
    const isThere = image.files.has(`.conda-diff/collected/${id}/update.manifest.json`);
    const ended = await next(image, isThere ? applyStaged : recover);
    assert.deepEqual(differences(ended, imported), [], where);
  }
});

test('a volume has its name only when it is durable, and its name is then made so', async () => {
  const steps: Step[] = [];
  const disk = new StepDisk(async (step, act) => {
    const result = await act();
    steps.push(step);
    return result;
  });
  await onCopy(nothing, join(folder, 'synced'), (root) => stage(root, disk));
  const renames = steps.filter(({ call, path }) => call === 'rename' && path.includes('/collected/'));
  assert.equal(renames.length, 5);
  for (const { path, from } of renames as (Step & { from?: string })[]) {
    const at = steps.findIndex((step) => step.call === 'rename' && step.path === path);
    const before = steps.slice(0, at).findLast(({ call }) => call !== 'sync-directory');
    assert.deepEqual([before?.call, before?.path], ['sync-file', from], path);
    assert.deepEqual([steps[at + 1]?.call, steps[at + 1]?.path], ['sync-directory', dirname(path)]);
  }
});
