import { existsSync } from 'node:fs';
import { CondaDiffError } from '../shared/errors.js';
import type { Layout } from './layout.js';

/** Whether a commit of this repository was begun and not ended. */
export function isInterrupted({ journal, committed }: Layout): boolean {
  return existsSync(journal) || existsSync(committed);
}

/**
 * A repository in the middle of a commit is in no state that could be told.
 *
 * @throws CondaDiffError fit, with the command that ends it
 */
export function requireSettled(layout: Layout): void {
  if (!isInterrupted(layout)) return;
  throw new CondaDiffError('fit', `An interrupted import of ${layout.repository} has not been ended yet`, {
    outcome: 'interrupted-import',
    hint: `Finish it, or take it back, with: conda-diff-import recover ${layout.repository}`,
  });
}
