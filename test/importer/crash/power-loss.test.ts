/**
 * What it must show, 2: the power fails after every step of an import, an undo and a recovery, and of what was not
 * synced anything may be lost. Readers find what the invariants promise, and recovery ends in the state before or
 * after. Then syncs are taken out, one kind after the other: for each there must be a state that shows it.
 *
 * CONDA_DIFF_CRASH_ROUNDS: random states for each step; above 1, every state is recovered, not some. CONDA_DIFF_SEED:
 * where their choice begins.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { before, test } from 'node:test';
import type { Disk } from '../../../importer/disk.js';
import { fileScope } from '../../support/channel.js';
import { apply, recover, undo } from '../../support/importing.js';
import { memoryDirectory } from '../../support/memory-directory.js';
import { seedFromEnvironment } from '../../support/random.js';
import { burstOf, type Passage, passage } from './checks.js';
import { type Image, leaveOut, withoutStage } from './image.js';
import { failEverywhere, record, type Recording, type Scenario, takeOut } from './power-loss.js';
import type { Step } from './step-disk.js';
import { Crashed, StoppingDisk } from './stopping-disk.js';
import { makeUpdates, onCopy, type Updates } from './updates.js';

const SEED = seedFromEnvironment();
const ROUNDS = Number(process.env['CONDA_DIFF_CRASH_ROUNDS'] ?? 1);
const IS_THOROUGH = ROUNDS > 1;
const EVERY = IS_THOROUGH ? 1 : 8;

const folder = await memoryDirectory(fileScope());
let updates: Updates;
let imported: Image;
let undone: Image;
let forward: Passage;

before(async () => {
  updates = await makeUpdates(folder);
  const { copy, tracked, update } = updates;
  imported = await ended(copy, (repository) => apply(repository, update.v2));
  undone = await ended(imported, undo);
  forward = passage(copy, tracked.v1, tracked.v2);
});

async function ended(start: Image, work: (repository: string) => Promise<unknown>): Promise<Image> {
  return (await onCopy(start, `${folder}/uninterrupted`, work)).image;
}

/** A `--state-dir` that has to be made; here, so that it is looked at as our own files are. */
const ELSEWHERE = '.conda-diff/elsewhere/deep';

/** The scenarios by name. A copy is made or resumed, undone, finished and taken back. */
const scenarios: Readonly<Record<string, () => Promise<Scenario>>> = {
  'an import': () => Promise.resolve(importing()),
  'an import that keeps nothing and removes at once': async () => {
    const { copy, update } = updates;
    const work = (repository: string, disk?: Disk): Promise<unknown> => {
      const stateDirectory = join(repository, ELSEWHERE);
      const options = { keepsUndo: false, removeNow: true, stateDirectory };
      return apply(repository, update.v2, { ...options, ...(disk && { disk }) });
    };
    const target = await ended(copy, work);
    return { start: copy, base: copy, target, passage: forward, work };
  },
  'an import without hard links': async () => {
    const { copy, tracked, update } = updates;
    const target = await ended(copy, (repository) => apply(repository, update.v2b));
    const work: Scenario['work'] = (repository, disk) => apply(repository, update.v2b, { disk });
    const states = passage(copy, tracked.v1, tracked.v2b);
    return { start: copy, base: copy, target, passage: states, work, makesLinks: false, losesStage: true };
  },
  'a first import into a copy that was made otherwise': async () => {
    const { copy, tracked, update } = updates;
    const start = leaveOut(copy, (path) => path.startsWith('.conda-diff'));
    const target = await ended(start, (repository) => apply(repository, update.v2b));
    const work: Scenario['work'] = (repository, disk) => apply(repository, update.v2b, { disk });
    return { start, base: start, target, passage: passage(start, tracked.v1, tracked.v2b), work };
  },
  'a first import into nothing': async () => {
    const { tracked, update } = updates;
    const nothing: Image = { directories: new Map(), files: new Map() };
    const target = await ended(nothing, (repository) => apply(repository, update.v0));
    const work: Scenario['work'] = (repository, disk) => apply(repository, update.v0, { disk });
    const states = passage(nothing, new Map(), tracked.v0);
    return { start: undefined, base: nothing, target, passage: states, work };
  },
  'an undo': () => {
    const { tracked } = updates;
    const states = passage(imported, tracked.v2, tracked.v1, undone);
    return Promise.resolve({ start: imported, base: imported, target: undone, passage: states, work: undo });
  },
  'a recovery that finishes': async () => {
    const start = await interrupted();
    return { start, base: imported, target: imported, passage: forward, work: recover, isResumed: true };
  },
  'a recovery that takes back': async () => {
    const { copy } = updates;
    const start = withoutStage(await interrupted());
    return { start, base: copy, target: copy, passage: forward, work: recover, isResumed: true };
  },
};

function importing(): Scenario {
  const { copy, update } = updates;
  return {
    ...{ start: copy, base: copy, target: imported, passage: forward, losesStage: true },
    work: (repository, disk) => apply(repository, update.v2, { disk }),
    again: (repository) => apply(repository, update.v2),
  };
}

/** An import in the middle of its burst. */
async function interrupted(): Promise<Image> {
  const { copy, update } = updates;
  const whole = await recordingOf('an import');
  const { begin, end } = burstOf(whole.steps, `${whole.root}/copy`, forward);
  const disk = new StoppingDisk(Math.floor((begin + end) / 2));
  return ended(copy, async (repository) => {
    await assert.rejects(apply(repository, update.v2, { disk }), Crashed);
  });
}

const recordings = new Map<string, Promise<Recording>>();

async function recordingOf(name: string): Promise<Recording> {
  const scenario = scenarios[name];
  assert.ok(scenario);
  const known = recordings.get(name) ?? scenario().then((one) => record(one, folder));
  recordings.set(name, known);
  return known;
}

for (const name of Object.keys(scenarios)) {
  test(`the power fails during ${name}`, async (t) => {
    const recording = await recordingOf(name);
    const started = Date.now();
    const search = { folder, seed: SEED, rounds: ROUNDS, every: EVERY };
    const { violations, states } = await failEverywhere(recording, search);
    const steps = recording.steps.length;
    t.diagnostic(`seed ${SEED}: ${steps} steps, ${states} states, ${Date.now() - started} ms`);
    assert.deepEqual(violations.slice(0, 20), [], `${violations.length} violations, seed ${SEED}`);
  });
}

/** A kind of syncs, the scenario that shows what it is good for, and whether it is. */
interface Kind {
  readonly name: string;
  readonly scenario: string;
  readonly isOf: (step: Step, n: number, at: Landmarks) => boolean;
  /** Why nothing goes wrong without it, where that is so. */
  readonly spare?: string;
  /** The step from which on its absence shows: there the short form begins to look. */
  readonly shows?: (at: Landmarks) => number;
}

/** Numbers of the steps that divide a recording into phases; -1 for those that it has not. */
interface Landmarks {
  readonly journal: number;
  /** The first file is put in its place. */
  readonly published: number;
  readonly begin: number;
  readonly end: number;
  readonly committed: number;
  /** An undo removes the record of the import. */
  readonly forgotten: number;
  readonly closed: number;
  readonly last: number;
  readonly repository: string;
}

function landmarksOf({ steps, root, passage: states }: Recording): Landmarks {
  const repository = `${root}/copy`;
  const find = (wanted: string, name: string): number =>
    steps.findIndex(({ call, path }) => call === wanted && path === `${repository}/.conda-diff/${name}.json`);
  return {
    ...{ journal: find('rename', 'journal'), committed: find('rename', 'committed') },
    ...{ forgotten: find('remove', 'last-import'), closed: find('rename', 'last-import') },
    ...burstOf(steps, repository, states),
    last: steps.length - 1,
    published: steps.findIndex((step) => step.call === 'rename' && isVisible(step)),
    repository,
  };
}

const isOwn = ({ path }: Step, name: string): boolean => path.includes(`/.conda-diff/${name}`);
const isOwnDirectory = ({ path }: Step): boolean => path.endsWith('/.conda-diff');
const isVisible = ({ path }: Step): boolean => !path.includes('/.conda-diff');
const IMPORT = 'an import';
const UNDO = 'an undo';
const TAKING_BACK = 'a recovery that takes back';

const KINDS: readonly Kind[] = [
  {
    name: 'files of the stage',
    scenario: IMPORT,
    isOf: (step) => isOwn(step, 'stage/'),
  },
  {
    name: 'the stage, before the journal',
    scenario: IMPORT,
    isOf: (step, n, { journal }) => n < journal && step.path.endsWith('/stage'),
  },
  {
    name: 'files kept for undo, where they are copies',
    scenario: 'an import without hard links',
    isOf: (step) => step.call === 'sync-file' && isOwn(step, 'undo/'),
  },
  {
    name: 'directories kept for undo',
    scenario: IMPORT,
    isOf: (step) => step.call === 'sync-directory' && isOwn(step, 'undo'),
  },
  {
    name: 'the repository, before the first journal',
    scenario: 'a first import into a copy that was made otherwise',
    isOf: ({ path }, n, { journal, repository }) => n < journal && path === repository,
  },
  {
    name: 'the directory of a repository that is made',
    scenario: 'a first import into nothing',
    isOf: ({ path }, _, { repository }) => path === dirname(repository),
    shows: ({ closed }) => closed,
  },
  { name: 'the journal', scenario: IMPORT, isOf: (step) => isOwn(step, 'journal.json.partial') },
  {
    name: 'our directory, after the journal',
    scenario: IMPORT,
    isOf: (_, n, { journal }) => n === journal + 1,
  },
  {
    name: 'directories that are made',
    scenario: IMPORT,
    isOf: (step, n, { journal, published }) => n > journal && n < published && isVisible(step),
  },
  {
    name: 'directories of steps 1 to 3, and of the stage with them',
    scenario: IMPORT,
    isOf: (_, n, { published, begin }) => n > published && n < begin,
    shows: ({ begin }) => begin,
  },
  {
    name: 'directories of the burst',
    scenario: IMPORT,
    isOf: (step, n, { begin, end }) => n > begin && n < end && isVisible(step),
    shows: ({ end }) => end,
  },
  {
    name: 'directories of the burst, where artifacts are removed at once',
    scenario: 'an import that keeps nothing and removes at once',
    isOf: (step, n, { begin, end }) => n > begin && n < end && isVisible(step),
    shows: ({ end }) => end,
  },
  {
    name: 'directories of steps 5 and 6',
    scenario: IMPORT,
    isOf: (step, n, { end, committed }) => n >= end && n < committed && isVisible(step),
  },
  {
    name: 'the reference',
    scenario: IMPORT,
    isOf: (step) => isOwn(step, 'reference.json.partial'),
    shows: ({ closed }) => closed,
  },
  {
    name: 'the ledger of the copy',
    scenario: IMPORT,
    isOf: (step) => isOwn(step, 'copy-ledger.json.partial'),
  },
  {
    name: 'the receipt',
    scenario: UNDO,
    isOf: (step) => /\/receipts\/\d+\.json\.partial$/.test(step.path),
    shows: ({ forgotten }) => forgotten,
  },
  {
    name: 'the directory of receipts',
    scenario: IMPORT,
    isOf: (step) => step.path.endsWith('/receipts'),
    shows: ({ closed }) => closed,
  },
  ...['elsewhere', 'elsewhere/deep'].map((name): Kind => ({
    name: `${name}, where the state directory is to be`,
    scenario: 'an import that keeps nothing and removes at once',
    isOf: (step) => step.path.endsWith(`/${name}`),
    shows: ({ closed }) => closed,
  })),
  {
    name: 'the list of what is retired',
    scenario: IMPORT,
    isOf: (step) => isOwn(step, 'retired.json.partial'),
  },
  {
    name: 'directories of retired files that are deleted',
    scenario: IMPORT,
    isOf: (step, n, { committed }) => n > committed && isVisible(step),
  },
  {
    name: 'our directory, at the end',
    scenario: IMPORT,
    isOf: (step, n, { closed }) => n > closed && isOwnDirectory(step),
  },
  {
    name: 'our directory, between the two removals that end an undo',
    scenario: UNDO,
    isOf: (_, n, { forgotten }) => n === forgotten + 1,
  },
  {
    name: 'directories of the burst that is taken back',
    scenario: TAKING_BACK,
    isOf: (step, n, { begin, end }) => n > begin && n < end && isVisible(step),
    shows: ({ end }) => end,
  },
  {
    name: 'directories of steps 1 to 3 that are taken back, and above those that are removed',
    scenario: TAKING_BACK,
    isOf: (step, n, { end }) => isVisible(step) && n >= end,
  },
  {
    name: 'our directory, after a commit was taken back',
    scenario: TAKING_BACK,
    isOf: (step) => isOwnDirectory(step),
    shows: ({ last }) => last,
  },
  {
    name: 'the stage and what is taken away, after the journal',
    scenario: IMPORT,
    isOf: (step, n, { journal }) => n > journal && /\/(stage|trash)$/.test(step.path),
    spare: 'a rename takes the old name away no sooner than it gives the new one, whose directory is synced',
  },
  {
    name: 'our directory, after the commit record',
    scenario: IMPORT,
    isOf: (_, n, { committed }) => n === committed + 1,
    spare: 'with the journal back every action is found done, and the record is written again',
  },
];

for (const { name, scenario, isOf, spare, shows } of KINDS) {
  const outcome = spare === undefined ? 'is seen' : `does no harm: ${spare}`;
  test(`a missing sync of ${name} ${outcome}`, async (t) => {
    const recording = await recordingOf(scenario);
    const landmarks = landmarksOf(recording);
    const reduced = takeOut(recording, (step, n) => isOf(step, n, landmarks));
    assert.ok(reduced.dropped > 0, 'there is none to take out');
    const from = Math.max(reduced.first, landmarks.journal - reduced.dropped);
    const first = IS_THOROUGH ? from : Math.max(from, (shows?.(landmarks) ?? 0) - reduced.dropped);
    const rounds = spare === undefined ? Math.max(ROUNDS, 3) : ROUNDS - 1;
    const every = spare === undefined ? 1 : EVERY;
    const search = { folder, seed: SEED, rounds, first, every, isQuick: spare === undefined };
    const losesStage = spare === undefined && recording.losesStage === true;
    const { violations, states } = await failEverywhere({ ...reduced.recording, losesStage }, search);
    t.diagnostic(
      `${reduced.dropped} syncs taken out, ${states} states: ${violations[0]?.slice(0, 300) ?? ''}`,
    );
    assert.equal(violations.length > 0, spare === undefined, `seed ${SEED}`);
  });
}
