import { join } from 'node:path';
import type { Disk } from '../../../importer/disk.js';
import { recover } from '../../support/importing.js';
import { Random } from '../../support/random.js';
import { burstOf, differences, type Passage, readerProblems } from './checks.js';
import { byChance, DiskModel, FATES, type Fate } from './disk-model.js';
import { type Image, type ImageFile, keyOf, leaveOut, readImage, withoutStage } from './image.js';
import { RecordingDisk } from './recording-disk.js';
import type { Step } from './step-disk.js';
import { leaveLock, onCopy } from './updates.js';

/** Something during which the power fails. */
export interface Scenario {
  /** The repository before it; `undefined` when it is made. */
  readonly start: Image | undefined;
  readonly work: (repository: string, disk: Disk) => Promise<unknown>;
  readonly passage: Passage;
  /** What the repository becomes when nothing of it was done, and when all of it was. */
  readonly base: Image;
  readonly target: Image;
  /** Whether the start is a commit that is under way. */
  readonly isResumed?: boolean;
  readonly makesLinks?: boolean;
  /** What is run after the recovery and must lead to the target. */
  readonly again?: ((repository: string) => Promise<unknown>) | undefined;
  /** Also deletes the stage after the power failure, so that the commit has to be taken back. */
  readonly losesStage?: boolean;
}

/** A scenario that was carried out once. */
export interface Recording extends Scenario {
  readonly root: string;
  readonly steps: readonly Step[];
}

const COPY = 'copy';

/** Carries a scenario out on a real disk. */
export async function record(scenario: Scenario, folder: string): Promise<Recording> {
  const root = join(folder, 'recorded');
  const disk = new RecordingDisk(scenario.makesLinks);
  const ended = await onCopy(rooted(scenario.start), root, () => scenario.work(join(root, COPY), disk));
  const model = new DiskModel(rooted(scenario.start), root);
  for (const step of disk.taken) model.take(step);
  const unlike = differences(model.crash(FATES[1]!), ended.image);
  if (unlike.length > 0) throw new Error(`The model is not what the disk holds: ${unlike.join('\n')}`);
  return { ...scenario, root, steps: disk.taken };
}

/** How hard to look. */
export interface Search {
  readonly folder: string;
  readonly seed: number;
  /** Random states for each step. */
  readonly rounds: number;
  /** Stops at the first violation. */
  readonly isQuick?: boolean;
  /** Looks only after so many steps. */
  readonly first?: number;
  /** Recovers only one of so many states; readers look at all of them. */
  readonly every?: number;
}

export interface Found {
  readonly violations: readonly string[];
  /** Different states that were looked at. */
  readonly states: number;
}

/**
 * Lets the power fail after every step and looks at what may then be on the disk: what a reader finds before any
 * recovery, and what becomes of it by recovery.
 */
export async function failEverywhere(recording: Recording, search: Search): Promise<Found> {
  const { root, steps, start } = recording;
  const { every = 1 } = search;
  const random = new Random(search.seed);
  const model = new DiskModel(rooted(start), root);
  const burst = burstOf(steps, join(root, COPY), recording.passage);
  const seen = new Set<string>();
  const violations: string[] = [];
  for (let taken = 0; taken <= steps.length; taken++) {
    if (taken > 0) model.take(steps[taken - 1]!);
    if (taken < (search.first ?? 0)) continue;
    const moment: Moment = {
      isBurst:
        taken <= burst.end && burst.begin >= 0 && (taken > burst.begin || recording.isResumed === true),
      isOver: taken === steps.length,
    };
    const chances = Array.from({ length: search.rounds }, () => byChance(() => random.next()));
    for (const fate of [...FATES, ...chances]) {
      const image = unrooted(model.crash(fate));
      const key = `${keyOf(isJournalled(image) ? image : withoutBytes(image))} ${JSON.stringify(moment)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const isTried = moment.isOver || (seen.size + search.seed) % every === 0;
      const work = isTried ? lighter(recording, Math.floor(seen.size / every)) : undefined;
      const problems = await examine(image, moment, recording, work, search.folder);
      violations.push(...problems.map((problem) => `${where(recording, taken, fate)}: ${problem}`));
      if (search.isQuick && violations.length > 0) return { violations, states: seen.size };
    }
  }
  return { violations, states: seen.size };
}

/** What takes long is tried for one of so many states. */
const EVERY = { again: 15, losesStage: 3 };

function lighter(recording: Recording, n: number): Recording {
  const { again, losesStage = false } = recording;
  return {
    ...recording,
    again: n % EVERY.again === 0 ? again : undefined,
    losesStage: losesStage && n % EVERY.losesStage === 0,
  };
}

interface Moment {
  /** Same-name replacements may be on their way. */
  readonly isBurst: boolean;
  /** The command has said that it is done. */
  readonly isOver: boolean;
}

/** @param tried the recoveries to be tried, if any */
async function examine(
  image: Image,
  { isBurst, isOver }: Moment,
  { base, target, passage }: Recording,
  tried: Recording | undefined,
  folder: string,
): Promise<string[]> {
  const problems = readerProblems(image, passage, isBurst).map((problem) => `a reader finds that ${problem}`);
  if (isOver) {
    const unlike = differences(withoutLeftovers(image), target);
    problems.push(...unlike.map((one) => `it is over, and yet ${one}`));
  }
  if (!image.directories.has('.conda-diff')) return [...problems, ...differences(image, base)];
  if (tried === undefined) return problems;
  const recovered = async (lost: Image, expected: readonly Image[]): Promise<string[]> =>
    recoverTo(lost, expected, tried, folder);
  // A journal is written when all is durable that it takes to finish.
  problems.push(...(await recovered(image, isJournalled(image) ? [target] : [base, target])));
  if (tried.losesStage === true && isJournalled(image))
    problems.push(...(await recovered(withoutStage(image), [base, target])));
  return problems;
}

/** Without a journal nobody looks into what is staged and kept: states that differ only in that are one. */
function withoutBytes({ directories, files }: Image): Image {
  const isWork = (path: string): boolean => /^\.conda-diff\/(stage|trash|undo)\/|\.partial$/.test(path);
  return {
    directories,
    files: new Map([...files].map(([path, file]) => [path, isWork(path) ? EMPTY : file])),
  };
}

const EMPTY: ImageFile = { bytes: Buffer.alloc(0), mode: 0, mtime: 0 };

function isJournalled({ files }: Image): boolean {
  return ['journal', 'committed'].some((name) => files.has(`.conda-diff/${name}.json`));
}

/** Recovers, and tells how the result differs from the nearest of what it may be; then runs what is left to do. */
async function recoverTo(
  image: Image,
  expected: readonly Image[],
  { target, again }: Recording,
  folder: string,
): Promise<string[]> {
  const root = join(folder, 'failed');
  const { result: error, image: ended } = await onCopy(image, root, async (repository) => {
    leaveLock(repository);
    return recover(repository).then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
  });
  if (error) return [`recovery fails: ${error.message}`];
  const unlike = expected
    .map((one) => differences(ended, one))
    .reduce((a, b) => (a.length <= b.length ? a : b));
  if (unlike.length > 0 || again === undefined) return unlike.map((one) => `after recovery ${one}`);
  await again(root);
  return differences(readImage(root), target).map((one) => `after the next run ${one}`);
}

function where({ steps, root }: Recording, taken: number, { name }: Fate): string {
  const last = steps[taken - 1];
  const step = last ? `${last.call} ${last.path.slice(root.length + COPY.length + 2)}` : 'nothing';
  return `power fails after step ${taken} (${step}), ${name}`;
}

/** The image without what the clean-up removes: it is not durable, the next run does it again. */
function withoutLeftovers(image: Image): Image {
  const last = image.files.get('.conda-diff/last-import.json')?.bytes.toString() ?? '';
  const undo = `.conda-diff/undo/${/"attempt":"([0-9a-f]{16})"/.exec(last)?.[1] ?? '-'}`;
  const isWork = (path: string): boolean => /^\.conda-diff\/(stage|trash|undo)(\/|$)/.test(path);
  return leaveOut(image, (path) => isWork(path) && !path.startsWith(undo));
}

/** The image of the directory that the repository is in. */
function rooted(image: Image | undefined): Image {
  if (image === undefined) return { directories: new Map(), files: new Map() };
  const below = <T>(entries: ReadonlyMap<string, T>): [string, T][] =>
    [...entries].map(([path, value]) => [`${COPY}/${path}`, value]);
  return {
    directories: new Map([[COPY, 0o755], ...below(image.directories)]),
    files: new Map(below(image.files)),
  };
}

function unrooted({ directories, files }: Image): Image {
  const above = <T>(entries: ReadonlyMap<string, T>): [string, T][] =>
    [...entries].flatMap(([path, value]) =>
      path.startsWith(`${COPY}/`) ? [[path.slice(COPY.length + 1), value] as [string, T]] : [],
    );
  return { directories: new Map(above(directories)), files: new Map(above(files)) };
}

/** A recording with some syncs taken out: how many, and how far it is the same. */
export interface Reduced {
  readonly recording: Recording;
  readonly dropped: number;
  readonly first: number;
}

/** Takes syncs out of a recording. */
export function takeOut(recording: Recording, isDropped: (step: Step, n: number) => boolean): Reduced {
  const isOut = recording.steps.map((step, n) => step.call.startsWith('sync') && isDropped(step, n));
  const steps = recording.steps.filter((_, n) => !isOut[n]);
  const dropped = recording.steps.length - steps.length;
  return { recording: { ...recording, steps }, dropped, first: isOut.indexOf(true) };
}
