import { type CommitAction, goneOf, inOrder, publishOf } from './commit-plan.js';
import type { Journal } from './journal.js';

/** One action of an undo, and the number under which the import kept the file that it brings back. */
export interface UndoAction {
  readonly action: CommitAction;
  readonly keptAs: number | undefined;
}

/**
 * The plan that leads from an import's target back to the state before it. Files that the import added are
 * retired, because readers may hold its index, unless the state before names them. Files that it retired are still there and need nothing.
 */
export function planUndo(last: Journal): UndoAction[] {
  const kept = new Map<CommitAction, number>();
  const actions: CommitAction[] = [];
  for (const [n, done] of last.actions.entries()) {
    const { path, kind } = done;
    if (done.action === 'retire') continue;
    if (done.action === 'publish' && done.before === undefined) {
      actions.push(goneOf({ path, ...done.after }, kind, { removeNow: done.wasNamed === true }));
      continue;
    }
    const before = done.before as NonNullable<typeof done.before>;
    const here = done.action === 'publish' ? { path, ...done.after } : undefined;
    const action = publishOf({ path, kind, ...before }, here);
    kept.set(action, n);
    actions.push(action);
  }
  return inOrder(actions).map((action) => ({ action, keptAs: kept.get(action) }));
}
