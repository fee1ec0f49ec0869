import { NO_PERMISSIONS, type Permissions } from './fit.js';
import { requireInside } from './inside.js';
import type { Layout } from './layout.js';
import { readRetired } from './own-files.js';
import type { Prepared } from './prepare.js';
import { requireKnown, requireRemovable } from './removable.js';

/**
 * Nothing outside of the repository is changed, and nothing is taken away in it that is not the update's to take.
 *
 * @throws CondaDiffError malformed or fit, naming the links or files; io
 */
export async function requireSafe(
  layout: Layout,
  {
    outcome,
    manifest,
    plan,
    local,
    target,
  }: Pick<Prepared, 'outcome' | 'manifest' | 'plan' | 'local' | 'target'>,
  permissions: Permissions = NO_PERMISSIONS,
): Promise<void> {
  requireInside(layout, plan);
  if (outcome === 'apply' && !permissions.acceptDrift) requireKnown(plan, manifest);
  const retired = await readRetired(layout);
  requireRemovable(
    plan,
    local,
    target,
    retired.map(({ path }) => path),
  );
}
