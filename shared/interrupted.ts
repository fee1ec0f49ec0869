import { join } from 'node:path';
import { CondaDiffError, type ErrorCode } from './errors.js';
import { isThere } from './is-there.js';
import { STATE_DIRECTORY } from './rules.js';

/** The plan of a commit that is under way. */
export const JOURNAL = 'journal.json';
/** The same file once every action was performed; what is left is to note it. */
export const COMMIT_RECORD = 'committed.json';

/**
 * Whether an import of this repository was begun and not ended.
 *
 * @throws CondaDiffError io, when that cannot be told
 */
export function isInterrupted(repository: string): boolean {
  return [JOURNAL, COMMIT_RECORD].some((name) => isThere(join(repository, STATE_DIRECTORY, name)));
}

/**
 * A repository in the middle of a commit is in no state that could be told.
 *
 * @param code `fit` on the air-gapped side, `source` where the repository is exported from
 * @throws CondaDiffError with the command that ends it
 */
export function requireSettled(repository: string, code: Extract<ErrorCode, 'fit' | 'source'>): void {
  if (!isInterrupted(repository)) return;
  throw new CondaDiffError(code, `An interrupted import of ${repository} has not been ended yet`, {
    outcome: 'interrupted-import',
    hint: `Finish it, or take it back, with: conda-diff-import recover ${repository}`,
  });
}
