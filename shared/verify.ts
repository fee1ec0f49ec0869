import { CondaDiffError } from './errors.js';
import { diffStates } from './diff.js';
import { formatCount } from './figures.js';
import { requireReadable } from './present-state.js';
import type { ReadOptions, Survey } from './read-state.js';
import type { State } from './state.js';

/** How much `verify` reads. */
export interface VerifyFlags {
  /** Presence and size only. */
  readonly quick?: boolean;
  /** Also the files that the hash cache proves unchanged. */
  readonly all?: boolean;
}

/** What of a repository is hashed for `verify`. */
export function hashedBy({ quick, all }: VerifyFlags): Pick<ReadOptions, 'mustHash'> {
  if (quick === true) return {};
  return { mustHash: all === true ? 'all' : 'unproven' };
}

/** What is added to the result. */
export function howFar({ quick }: VerifyFlags, unchanged: number): string {
  if (quick === true) return ' in presence and size';
  return unchanged === 0 ? '' : `; ${formatCount(unchanged, 'file')} unchanged since hashed earlier`;
}

/** What `verify` found to be right. */
export interface Verified {
  /** Tracked files. */
  readonly files: number;
  readonly bytes: number;
  readonly digest: string;
}

/**
 * Judges a repository that was read, every file of it hashed unless `--quick`: each artifact against its record,
 * and the whole against the state that it should have, where that is known.
 *
 * @param expected the state that `.conda-diff/reference.json` of an air-gapped copy says, if there is one
 * @param repair what to do about wrong and missing files
 * @throws CondaDiffError integrity, listing every wrong file; source, when nothing is wrong but records have no
 *   file
 */
export function judge(survey: Survey, expected: State | undefined, repair?: string): Verified {
  requireReadable(survey);
  const wrong = survey.mismatched.map(
    ({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`,
  );
  const known = new Set(survey.mismatched.map(({ path }) => path));
  if (expected !== undefined) wrong.push(...deviations(expected, survey.state, known));
  const absent = expected === undefined ? survey.missing : [];
  const missing = absent.map((path) => `${path}: no such file`);
  if (wrong.length > 0) {
    throw new CondaDiffError('integrity', `Files that are not what they should be: ${wrong.length}`, {
      details: [...wrong, ...missing],
      ...(repair !== undefined && { hint: repair }),
    });
  }
  if (missing.length > 0) {
    throw new CondaDiffError(
      'source',
      `Records without a file: ${missing.length}; all files that are there are right`,
      { details: missing, ...(repair !== undefined && { hint: repair }) },
    );
  }
  const { count, bytes, digest } = survey.state;
  return { files: count, bytes, digest };
}

function deviations(expected: State, found: State, known: ReadonlySet<string>): string[] {
  const { added, replaced, removed } = diffStates(expected, found);
  const wrong = replaced.filter(({ after }) => !known.has(after.path));
  return [
    ...wrong.map(
      ({ before, after }) => `${after.path}: expected sha256 ${before.sha256}, found sha256 ${after.sha256}`,
    ),
    ...removed.map(({ path }) => `${path}: no such file`),
    ...added.map(({ path }) => `${path}: not part of the last import`),
  ];
}
