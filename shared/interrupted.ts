import { join } from 'node:path';
import { CondaDiffError, type ErrorCode } from './errors.js';
import { isThere } from './is-there.js';
import { describeHolder, type Holder, isHere, lockOf, otherHolder } from './lock-holder.js';
import { STATE_DIRECTORY } from './rules.js';
import { shellWord } from './shell-word.js';

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
 * @throws CondaDiffError with the command that ends it; locked, when the commit is under way in another process
 */
export function requireSettled(repository: string, code: Extract<ErrorCode, 'fit' | 'source'>): void {
  if (!isInterrupted(repository)) return;
  const holder = otherHolder(repository);
  if (holder !== undefined) throw underWay(repository, holder);
  if (!isInterrupted(repository)) return; // it ended meanwhile
  throw new CondaDiffError(code, `An interrupted import of ${repository} has not been ended yet`, {
    outcome: 'interrupted-import',
    hint: `Finish it, or take it back, with: conda-diff-import recover ${shellWord(repository)}`,
  });
}

function underWay(repository: string, holder: Holder): CondaDiffError {
  const ending = `remove ${lockOf(repository)} and run: conda-diff-import recover ${shellWord(repository)}`;
  return new CondaDiffError(
    'locked',
    `${repository} is being changed by ${describeHolder(holder)}: there is no state to tell`,
    {
      outcome: 'import-running',
      hint: isHere(holder)
        ? 'Wait until it has finished'
        : `Wait until it has finished; if it does not run any more, ${ending}`,
    },
  );
}
