/**
 * What it must show, 1: for every k the first k changes of an import, an undo or a recovery are made, the rest is
 * not, and what is run next ends in the state before or after.
 *
 * CONDA_DIFF_CRASH_ROUNDS above 1: for every k everything that can be run next is run. Else readers look at every k, and
 * at some of them, which CONDA_DIFF_SEED chooses, one thing is run after the other.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import process from 'node:process';
import { before, test } from 'node:test';
import type { Disk } from '../../../importer/disk.js';
import { CondaDiffError } from '../../../shared/errors.js';
import { fileScope } from '../../support/channel.js';
import { command } from '../../support/crossing.js';
import { apply, recover, undo } from '../../support/importing.js';
import { memoryDirectory } from '../../support/memory-directory.js';
import { seedFromEnvironment } from '../../support/random.js';
import { differences, isBurstStep, type Passage, passage, readerProblems } from './checks.js';
import { type Image, readImage, withoutStage } from './image.js';
import { Crashed, StoppingDisk } from './stopping-disk.js';
import { type Step, StepDisk } from './step-disk.js';
import { leaveLock, makeUpdates, onCopy, type Updates } from './updates.js';

const IS_THOROUGH = Number(process.env['CONDA_DIFF_CRASH_ROUNDS'] ?? 1) > 1;
const SEED = seedFromEnvironment();

const folder = await memoryDirectory(fileScope());
let updates: Updates;
/** v2 as an uninterrupted import leaves it, and v1 as an uninterrupted undo of that does. */
let imported: Image;
let undone: Image;

/** What the next command makes of a state that was recovered. */
let afterwards: Readonly<Record<'again' | 'other' | 'otherAgain' | 'further', Image>>;

before(async () => {
  updates = await makeUpdates(folder);
  imported = await uninterrupted(updates.copy, (repository) => apply(repository, updates.update.v2));
  undone = await uninterrupted(imported, undo);
  const { copy, update } = updates;
  afterwards = {
    again: await uninterrupted(undone, (repository) => apply(repository, update.v2)),
    other: await uninterrupted(copy, (repository) => apply(repository, update.v2b)),
    otherAgain: await uninterrupted(undone, (repository) => apply(repository, update.v2b)),
    further: await uninterrupted(copy, undo),
  };
});

type Work = (repository: string, disk?: Disk) => Promise<unknown>;

async function uninterrupted(start: Image, work: Work): Promise<Image> {
  return (await onCopy(start, join(folder, 'uninterrupted'), (repository) => work(repository))).image;
}

/** A commit, or the recovery of one, that is stopped. */
interface Commit {
  readonly start: Image;
  readonly work: Work;
  readonly passage: Passage;
  readonly makesLinks?: boolean;
  /** Whether the start lies in the burst. */
  readonly isInBurst?: boolean;
}

interface Crash {
  readonly image: Image;
  /** The steps that were taken. */
  readonly taken: readonly Step[];
}

/** What runs next is tried after one of so many steps; readers look after each. */
const TRIED = IS_THOROUGH ? 1 : 7;
/** So many of these crashes are a process that is really stopped, with the code that would clear up; else it goes on. */
const STOPPED = IS_THOROUGH ? 1 : 3;

/**
 * What is there before a step, where the step before changed anything, and at the end. Readers find everything right
 * each time.
 */
async function* crashes(commit: Commit): AsyncGenerator<Crash> {
  const root = join(folder, 'crash');
  const isOfBurst = (step: Step): boolean => isBurstStep(step, root, commit.passage);
  const all = await looks(commit, root);
  const burstSteps = all.at(-1)!.taken.filter(isOfBurst).length;
  const changed = all.filter(({ taken }) => taken.at(-1)?.call.startsWith('sync') !== true);
  for (const [n, look] of changed.entries()) {
    const turn = n + SEED;
    const isTried = turn % TRIED === 0 || look === changed.at(-1);
    const isStopped = isTried && (turn / TRIED) % STOPPED < 1;
    const crash = isStopped ? await stop(commit, root, look.taken.length) : look;
    const done = crash.taken.filter(isOfBurst).length;
    const isBurst = done < burstSteps && (done > 0 || commit.isInBurst === true);
    assert.deepEqual(readerProblems(crash.image, commit.passage, isBurst), [], `a reader ${where(crash)}`);
    if (isTried) yield crash;
  }
}

/** Looks at the files before every step and at the end. */
async function looks({ start, work, makesLinks }: Commit, root: string): Promise<Crash[]> {
  const found: Crash[] = [];
  const taken: Step[] = [];
  const look = (): void => void found.push({ image: readImage(root), taken: [...taken] });
  const disk = new StepDisk(async (step, act) => {
    look();
    const result = await act();
    taken.push(step);
    return result;
  }, makesLinks);
  await onCopy(start, root, (repository) => work(repository, disk));
  look();
  return found;
}

/** Stops after so many steps. */
async function stop({ start, work, makesLinks }: Commit, root: string, steps: number): Promise<Crash> {
  const disk = new StoppingDisk(steps, makesLinks);
  const { image } = await onCopy(start, root, async (repository) => {
    await work(repository, disk).catch((error: unknown) => {
      if (!(error instanceof Crashed)) throw error;
    });
  });
  return { image, taken: disk.taken };
}

function where({ taken }: Pick<Crash, 'taken'>): string {
  const last = taken.at(-1);
  return `after ${taken.length} steps (seed ${SEED}), the last: ${last ? `${last.call} ${last.path.slice(folder.length)}` : 'none'}`;
}

/** Whether the journal was durable: then the commit is finished as long as the stage is there. */
function wasJournalled({ taken }: Crash): boolean {
  return taken.some(({ call, path }) => call === 'rename' && path.endsWith('/journal.json'));
}

/** What can be run after a crash, and what must come of it. */
interface Next {
  readonly name: string;
  readonly run: (repository: string) => Promise<unknown>;
  /** The error's code or outcome, when it must be refused. */
  readonly refused?: string;
  readonly expected: Image;
  /** Where that is as good. */
  readonly or?: Image;
}

async function checkNext(
  crash: Crash,
  { name, run, refused, expected, or }: Next,
  image = crash.image,
): Promise<void> {
  const what = `${name} ${where(crash)}`;
  const ended = await onCopy(image, join(folder, 'next'), async (repository) => {
    leaveLock(repository);
    try {
      await run(repository);
      return 'done';
    } catch (error) {
      if (!(error instanceof CondaDiffError)) throw new Error(what, { cause: error });
      return error.outcome ?? `${error.code}: ${error.message}`;
    }
  });
  assert.equal(ended.result.split(':')[0], refused ?? 'done', `${what}: ${ended.result}`);
  const unlike = differences(ended.image, expected);
  if (or === undefined || differences(ended.image, or).length > 0) assert.deepEqual(unlike, [], what);
  for (const [path, { bytes }] of image.files) {
    const isReceipt = /^\.conda-diff\/receipts\/\d+\.json$/.test(path);
    if (isReceipt) assert.ok(ended.image.files.get(path)?.bytes.equals(bytes), `${path} changed: ${what}`);
  }
}

function hasStagedFiles({ files }: Image): boolean {
  return [...files.keys()].some((path) => path.startsWith('.conda-diff/stage/'));
}

/** What an interrupted commit from `start` to `end` becomes, with the stage and without it. */
async function checkRecovery(crash: Crash, start: Image, end: Image): Promise<Image> {
  const expected = wasJournalled(crash) ? end : start;
  await checkNext(crash, { name: 'recover', run: recover, expected });
  if (!wasJournalled(crash) || !hasStagedFiles(crash.image)) return expected;
  const name = 'recover without the stage';
  await checkNext(crash, { name, run: recover, expected: start }, withoutStage(crash.image));
  return expected;
}

/** Runs one of these, or all of them. */
async function checkInTurn(
  crash: Crash,
  turn: number,
  all: readonly Next[],
  image = crash.image,
): Promise<void> {
  for (const next of IS_THOROUGH ? all : [all[turn % all.length]!]) await checkNext(crash, next, image);
}

/**
 * All that can be run next where the interrupted commit ends in one of these states: the same update, another one, an
 * undo, an update whose media are gone, and nothing but the recovery.
 */
function nextsFrom(state: Image): readonly Next[] {
  const { update } = updates;
  const { again, other, otherAgain, further } = afterwards;
  const isImported = state === imported;
  const isUndone = state === undone;
  return [
    { name: 'recover', run: recover, expected: state },
    {
      name: 'apply',
      run: (repository) => apply(repository, update.v2),
      expected: isUndone ? again : imported,
    },
    {
      name: 'apply of another update',
      run: (repository) => apply(repository, update.v2b),
      ...(isImported ? { refused: 'behind' } : {}),
      expected: isImported ? imported : isUndone ? otherAgain : other,
    },
    {
      name: 'undo',
      run: undo,
      ...(isUndone ? { refused: 'nothing-to-undo' } : {}),
      expected: isImported || isUndone ? undone : further,
    },
    {
      name: 'apply without the media',
      run: (repository) => apply(repository, join(folder, 'unplugged')),
      ...{ refused: 'usage', expected: state },
    },
  ];
}

test('an import that stops at any step is finished or taken back by whatever runs next', async () => {
  const { copy, tracked, update } = updates;
  const work: Work = (repository, disk) => apply(repository, update.v2, disk && { disk });
  let turn = 0;
  let isTarget = false;
  for await (const crash of crashes({ start: copy, work, passage: passage(copy, tracked.v1, tracked.v2) })) {
    const state = await checkRecovery(crash, copy, imported);
    isTarget = state === imported;
    await checkInTurn(crash, turn++, nextsFrom(state));
  }
  assert.ok(isTarget);
});

test('an undo that stops at any step is finished or taken back by whatever runs next', async () => {
  const { tracked } = updates;
  const states = passage(imported, tracked.v2, tracked.v1, undone);
  let turn = 0;
  for await (const crash of crashes({ start: imported, work: undo, passage: states })) {
    await checkInTurn(crash, turn++, nextsFrom(await checkRecovery(crash, imported, undone)));
  }
});

test('an import that keeps nothing for undo and removes at once is finished', async () => {
  const { copy, tracked, update } = updates;
  const options = { keepsUndo: false, removeNow: true };
  const work: Work = (repository, disk) =>
    apply(repository, update.v2, { ...options, ...(disk && { disk }) });
  const end = await uninterrupted(copy, work);
  for await (const crash of crashes({ start: copy, work, passage: passage(copy, tracked.v1, tracked.v2) })) {
    const expected = wasJournalled(crash) ? end : copy;
    await checkNext(crash, { name: 'recover', run: recover, expected });
  }
});

test('an import on a file system without hard links is finished or taken back', async () => {
  const { copy, tracked, update } = updates;
  const work: Work = (repository, disk) => apply(repository, update.v2b, disk && { disk });
  const end = await uninterrupted(copy, work);
  const states = passage(copy, tracked.v1, tracked.v2b);
  for await (const crash of crashes({ start: copy, work, passage: states, makesLinks: false })) {
    await checkRecovery(crash, copy, end);
  }
});

test('a first import into an empty directory is finished or taken back', async () => {
  const { tracked, update } = updates;
  const start: Image = { directories: new Map([['.conda-diff', 0o700]]), files: new Map() };
  const work: Work = (repository, disk) => apply(repository, update.v0, disk && { disk });
  const end = await uninterrupted(start, work);
  for await (const crash of crashes({ start, work, passage: passage(start, new Map(), tracked.v0) })) {
    await checkRecovery(crash, start, end);
  }
});

/** Crashes of a commit: with the journal written, in the middle of each phase, and while its end is noted. */
async function someCrashes(commit: Commit, parts: readonly number[]): Promise<Crash[]> {
  const found: Crash[] = [];
  for await (const crash of crashes(commit)) if (wasJournalled(crash)) found.push(crash);
  return parts.map((part) => found[Math.floor(part * found.length)]!);
}

test('a recovery that stops at any step is ended by the next one', async () => {
  const { copy, tracked, update } = updates;
  const parts = [0, 0.3, 0.5, 0.62];
  const importing = {
    ...{ start: copy, passage: passage(copy, tracked.v1, tracked.v2), end: imported, parts },
    work: (repository: string, disk?: Disk) => apply(repository, update.v2, disk && { disk }),
  };
  const undoing = {
    ...{
      start: imported,
      passage: passage(imported, tracked.v2, tracked.v1, undone),
      end: undone,
      parts: [0.3, 0.9],
    },
    work: undo,
  };
  for (const commit of [importing, undoing]) {
    const parts = IS_THOROUGH ? commit.parts : [commit.parts[SEED % commit.parts.length]!];
    for (const first of await someCrashes(commit, parts)) {
      const begins = [[first.image, commit.end]] as [Image, Image][];
      if (hasStagedFiles(first.image)) begins.push([withoutStage(first.image), commit.start]);
      for (const [start, expected] of begins) {
        const recovery = { start, work: recover, passage: commit.passage, isInBurst: true };
        let turn = SEED;
        for await (const crash of crashes(recovery)) {
          await checkInTurn(crash, turn++, nextsFrom(expected));
          await checkStageLost(crash, commit);
        }
      }
    }
  }
});

/** The stage is deleted by hand after a recovery was cut off: what is not published yet cannot be finished any more. */
async function checkStageLost(crash: Crash, { start, end }: Pick<Commit, 'start'> & { readonly end: Image }) {
  if (!hasStagedFiles(crash.image)) return;
  const name = 'recover again without the stage';
  await checkNext(crash, { name, run: recover, expected: start, or: end }, withoutStage(crash.image));
}

test('processes of their own end an interrupted import', async () => {
  const { copy, tracked, update } = updates;
  const work: Work = (repository, disk) => apply(repository, update.v2, disk && { disk });
  const all: Crash[] = [];
  for await (const crash of crashes({ start: copy, work, passage: passage(copy, tracked.v1, tracked.v2) })) {
    all.push(crash);
  }
  const sample = IS_THOROUGH ? all : all.filter((_, n) => n % Math.ceil(all.length / 3) === 1);
  for (const [n, crash] of sample.entries()) {
    const expected = wasJournalled(crash) ? imported : copy;
    const nexts: Next[] = [
      { name: 'recover', run: (root) => command('conda-diff-import', ['recover', root]), expected },
      {
        name: 'apply',
        run: (root) => command('conda-diff-import', ['apply', update.v2, root]),
        expected: imported,
      },
      {
        name: 'apply without the media',
        run: (root) => command('conda-diff-import', ['apply', join(folder, 'unplugged'), root], 2),
        expected,
      },
    ];
    await checkNext(crash, nexts[n % nexts.length]!);
  }
});
