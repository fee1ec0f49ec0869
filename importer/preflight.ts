import { CondaDiffError } from '../shared/errors.js';
import { formatBytes } from '../shared/figures.js';
import { describeObstacle, type Obstacle } from './in-the-way.js';
import { shellWord } from '../shared/shell-word.js';

/** What an import needs at its peak and what there is, measured before anything is written. */
export interface Needs {
  /** Bytes of the files to stage, of copies where links cannot be made, and of our own documents. */
  readonly bytes: number;
  /** New files and directories. */
  readonly inodes: number;
}

export interface Measures {
  readonly freeBytes: number;
  /** `undefined` where the file system has no fixed number. */
  readonly freeInodes: number | undefined;
  /** Directories that will change and are not writable for this user. */
  readonly unwritable: readonly string[];
  readonly inTheWay: readonly Obstacle[];
  /** Directories on another file system than `.conda-diff`, which no rename can reach. */
  readonly elsewhere: readonly string[];
}

/**
 * Every reason why an import could not be carried out here.
 *
 * @throws CondaDiffError io, with all of them
 */
export function requireFeasible(repository: string, needs: Needs, measures: Measures): void {
  const obstacles = measures.inTheWay.map(describeObstacle);
  const wants = [
    ...measures.unwritable.map((directory) => `${directory} is not writable`),
    ...measures.elsewhere.map(
      (directory) => `${directory} is on another file system than ${repository}/.conda-diff`,
    ),
    ...(measures.freeBytes < needs.bytes
      ? [`${formatBytes(needs.bytes)} are needed, ${formatBytes(measures.freeBytes)} are free`]
      : []),
    ...(measures.freeInodes !== undefined && measures.freeInodes < needs.inodes
      ? [`${String(needs.inodes)} inodes are needed, ${String(measures.freeInodes)} are free`]
      : []),
  ];
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
