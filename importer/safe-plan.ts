import { NO_PERMISSIONS, type Permissions } from './fit.js';
import { requireInside } from './inside.js';
import type { Layout } from './layout.js';
import type { Prepared } from './prepare.js';
import { requireKnown, requireRemovable } from './removable.js';
import type { Retired } from './retired.js';

/**
 * Nothing outside of the repository is changed, and nothing is taken away in it that is not the update's to take.
 *
 * @param retired what earlier commits retired
 * @throws CondaDiffError malformed or fit, naming the links or files; io
 */
export function requireSafe(
  layout: Layout,
  {
    outcome,
    manifest,
    plan,
    local,
    target,
  }: Pick<Prepared, 'outcome' | 'manifest' | 'plan' | 'local' | 'target'>,
  retired: readonly Retired[],
  permissions: Permissions = NO_PERMISSIONS,
): void {
  requireInside(layout, plan);
  if (outcome === 'apply' && !permissions.acceptDrift) requireKnown(plan, manifest);
  requireRemovable(
    plan,
    local,
    target,
    retired.map(({ path }) => path),
  );
}
