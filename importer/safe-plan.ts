import type { State } from '../shared/state.js';
import type { CommitAction } from './commit-plan.js';
import { requireInside } from './inside.js';
import type { Layout } from './layout.js';
import { readRetired } from './own-files.js';
import { requireRemovable } from './removable.js';

/**
 * Nothing outside of the repository is changed, and nothing is taken away in it that is not the update's to take.
 *
 * @throws CondaDiffError malformed, naming the links or files; io
 */
export async function requireSafe(
  layout: Layout,
  { plan, local, target }: { plan: readonly CommitAction[]; local: State; target: State },
): Promise<void> {
  requireInside(layout, plan);
  const retired = await readRetired(layout);
  requireRemovable(
    plan,
    local,
    target,
    retired.map(({ path }) => path),
  );
}
