import { CondaDiffError } from '../shared/errors.js';
import { formatBytes } from '../shared/figures.js';
import { describeObstacle, type Obstacle } from './in-the-way.js';
import { shellWord } from '../shared/shell-word.js';

/** What an import needs at its peak of a file system. */
export interface Needs {
  /** Bytes of the files to stage, of copies where links cannot be made, and of our own documents. */
  readonly bytes: number;
  /** New files and directories. */
  readonly inodes: number;
}

/** A file system that an import writes to, measured before anything is written. */
export interface Space {
  /** A directory on it. */
  readonly place: string;
  readonly needs: Needs;
  readonly freeBytes: number;
  /** `undefined` where the file system has no fixed number. */
  readonly freeInodes: number | undefined;
}

/** The directories that a commit changes and cannot reach. */
export interface Reach {
  /** Directories that will change and are not writable for this user. */
  readonly unwritable: readonly string[];
  /** Directories on another file system than the `.conda-diff` in which their files wait, so that no rename can reach them. */
  readonly elsewhere: readonly string[];
}

/** What an import meets where it changes something. */
export interface Measures extends Reach {
  readonly inTheWay: readonly Obstacle[];
}

/**
 * Every reason why an import could not be carried out here.
 *
 * @throws CondaDiffError io, with all of them
 */
export function requireFeasible(repository: string, spaces: readonly Space[], measures: Measures): void {
  const obstacles = measures.inTheWay.map(describeObstacle);
  const wants = [...outOfReach(repository, measures), ...spaces.flatMap(spaceProblems)];
  const problems = [...obstacles, ...wants];
  if (problems.length === 0) return;
  throw new CondaDiffError('io', `The update cannot be applied to ${repository}; nothing was changed`, {
    details: problems,
    hint: [
      ...(obstacles.length > 0 ? ['Move what is in the way to another place; it may be a retired file'] : []),
      ...(wants.length > 0
        ? ['Run as the user that owns the repository; free space, or give up undo with --no-undo']
        : []),
      `Delete retired files with: conda-diff-import gc ${shellWord(repository)} --older-than 0h`,
    ].join('\n'),
  });
}

/**
 * An undo must reach every directory that it changes: file systems may have been mounted there since the import.
 *
 * @throws CondaDiffError io, with all that it does not reach
 */
export function requireReachable(repository: string, reach: Reach): void {
  const problems = outOfReach(repository, reach);
  if (problems.length === 0) return;
  throw new CondaDiffError('io', `The last import of ${repository} cannot be undone; nothing was changed`, {
    details: problems,
    hint: [
      'Run as the user that owns the repository, with its file systems mounted as they were at the import:',
      `  conda-diff-import undo ${shellWord(repository)}`,
    ].join('\n'),
  });
}

function outOfReach(repository: string, { unwritable, elsewhere }: Reach): string[] {
  return [
    ...unwritable.map((directory) => `${directory} is not writable`),
    ...elsewhere.map((directory) => `${directory} is on another file system than ${repository}/.conda-diff`),
  ];
}

function spaceProblems({ place, needs, freeBytes, freeInodes }: Space): string[] {
  return [
    ...(freeBytes < needs.bytes
      ? [`${place}: ${formatBytes(needs.bytes)} are needed, ${formatBytes(freeBytes)} are free`]
      : []),
    ...(freeInodes !== undefined && freeInodes < needs.inodes
      ? [`${place}: ${String(needs.inodes)} inodes are needed, ${String(freeInodes)} are free`]
      : []),
  ];
}
