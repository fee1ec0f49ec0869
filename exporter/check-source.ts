import { collisions } from '../shared/collisions.js';
import { CondaDiffError, type ErrorCode } from '../shared/errors.js';
import type { Diff } from '../shared/diff.js';
import type { Mismatch } from '../shared/identity.js';
import { joinPath } from '../shared/paths.js';
import type { Survey } from '../shared/read-state.js';
import { REPODATA } from '../shared/rules.js';
import { type State, stateOf } from '../shared/state.js';
import { artifactsPerDirectory } from './count-artifacts.js';
import { turned } from './turned.js';

export interface SourcePolicy {
  /** Records without a file are known to be absent instead of a fault. */
  readonly allowIncomplete: boolean;
  /** Vanished and emptied indexes and any number of removals are meant. */
  readonly allowRemovals: boolean;
  /** Largest share of a subdir's artifacts that may be removed at once, 0 to 1. */
  readonly maxRemovals: number;
}

/** A group of like problems of the source repository. */
export interface Fault {
  readonly code: Extract<ErrorCode, 'source' | 'integrity'>;
  readonly message: string;
  readonly details: readonly string[];
  readonly hint: string;
}

/**
 * Finds everything that makes a repository unfit to be exported (DESIGN section 5): an update must never carry a
 * corrupt or half-mirrored state, and a broken mirror must not look like a removal.
 */
export function sourceFaults(survey: Survey, base: State, diff: Diff, policy: SourcePolicy): Fault[] {
  const faults = [
    unreadable(survey),
    mismatched(survey.mismatched),
    fault(
      'Two indexes say different things of the same artifact',
      survey.conflicts,
      'Let the mirror index again',
    ),
    fault(
      'Names in the repository cannot be carried',
      survey.refused,
      "Rename these files, or leave them out with --ignore '<glob>'",
    ),
    fault(
      'Names in the repository cannot stand beside each other on every file system',
      collisions(
        diff.added.map(({ path }) => path),
        survey.state,
      ),
      "Rename one of each two, or leave it out with --ignore '<glob>'",
    ),
    fault(
      'A file turned into a directory of the same name, or the reverse',
      turned(base, survey.state, diff),
      "Give one of the two another name, or leave it out with --ignore '<glob>'; if neither can be, make an update while\n" +
        'neither is there, and when it is imported: conda-diff-import gc <repository> --older-than 0h',
    ),
    fault(
      'Symbolic links lead out of the repository, and the base has files behind them',
      survey.strayLinks
        .filter(({ path }) => hasBehind(base, path))
        .map(({ path, target }) => `${path} -> ${target}`),
      'Put the files into the repository instead of linking to them',
    ),
    policy.allowIncomplete
      ? undefined
      : fault(
          'The repository is incomplete: records without a file',
          survey.missing,
          'Let the mirror finish, or use --allow-incomplete to export the rest and state these as absent',
        ),
    policy.allowRemovals
      ? undefined
      : fault(
          'The repository looks broken rather than changed',
          brokenIndexes(survey, base, diff, policy.maxRemovals),
          'If these removals are meant, run again with --allow-removals',
        ),
  ];
  return faults.filter((one) => one !== undefined);
}

/**
 * @throws CondaDiffError integrity when a file is corrupt, else source, with all faults in its details
 */
export function throwFaults(faults: readonly Fault[]): void {
  const worst = faults.find(({ code }) => code === 'integrity') ?? faults[0];
  if (worst === undefined) return;
  const others = faults.filter((one) => one !== worst);
  throw new CondaDiffError(worst.code, worst.message, {
    details: [
      ...worst.details,
      ...others.flatMap(({ message, details }) => [`${message}:`, ...details.map((line) => `  ${line}`)]),
    ],
    hint: [worst, ...others].map(({ hint }) => hint).join('\n'),
  });
}

function fault(message: string, details: readonly string[], hint: string): Fault | undefined {
  return details.length === 0 ? undefined : { code: 'source', message, details, hint };
}

function unreadable({ unreadable }: Survey): Fault | undefined {
  const hints = [...new Set(unreadable.map(({ hint }) => hint ?? 'Let the mirror download it again'))];
  return fault(
    'An index cannot be read',
    unreadable.map(({ message }) => message),
    hints.join('\n'),
  );
}

function mismatched(files: readonly Mismatch[]): Fault | undefined {
  if (files.length === 0) return undefined;
  return {
    code: 'integrity',
    message: 'Files do not match what the index says',
    details: files.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`),
    hint: 'Let the mirror download these files again; if they are right, its index is wrong or out of date',
  };
}

function hasBehind(base: State, link: string): boolean {
  for (let i = 0; i < base.count; i++) {
    const path = base.path(i);
    if (path === link || path.startsWith(`${link}/`)) return true;
  }
  return false;
}

/** Index directories of the base that vanished or became empty, and those that lose too many artifacts. */
function brokenIndexes(survey: Survey, base: State, diff: Diff, maxRemovals: number): string[] {
  const before = artifactsPerDirectory(base);
  const removed = artifactsPerDirectory(stateOf(diff.removed));
  const now = new Map(survey.indexes.map((index) => [index.directory, index]));
  const broken: string[] = [];
  for (const [directory, count] of before) {
    const index = now.get(directory);
    const name = joinPath(directory, REPODATA);
    const gone = removed.get(directory) ?? 0;
    if (index === undefined && base.find(name) >= 0)
      broken.push(`${name} is gone, the base had ${artifacts(count)} in it`);
    else if (index?.artifacts === 0 && count > 0)
      broken.push(`${name} names nothing, the base had ${artifacts(count)}`);
    else if (gone > count * maxRemovals) {
      broken.push(
        `${name}: ${String(gone)} of ${artifacts(count)} removed, more than ${String(Number((maxRemovals * 100).toFixed(3)))} %`,
      );
    }
  }
  return broken;
}

function artifacts(count: number): string {
  return count === 1 ? '1 artifact' : `${String(count)} artifacts`;
}
