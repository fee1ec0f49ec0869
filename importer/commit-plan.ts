import { compareCommitOrder, type Ordered, type Step, stepOf } from '../shared/commit-order.js';
import { hasPartialBase, type Manifest, type ShippedFile } from '../shared/manifest.js';
import { compareUtf8, nameOf } from '../shared/paths.js';
import { isIndexName, type Kind } from '../shared/rules.js';
import type { State } from '../shared/state.js';

/** One operation of a commit, as plain data. */
export type CommitAction =
  | {
      readonly action: 'publish';
      readonly step: Step;
      readonly path: string;
      readonly kind: Kind;
      readonly replacing: boolean;
      /** As in the archive: whole seconds since 1970. */
      readonly mtime: number;
    }
  | { readonly action: 'remove'; readonly step: 4 | 6; readonly path: string };

/**
 * The operations that lead from the local state to the target, in the order of DESIGN section 6. Shipped files
 * that are here already with the right content are left alone.
 *
 * @param local what the copy has
 * @param target what it shall have
 * @param kindOf the kind of each local path
 */
export function planCommit(
  manifest: Manifest,
  local: State,
  target: State,
  kindOf: (path: string) => Kind,
): CommitAction[] {
  const files = manifest.files.filter((file) => local.get(file.path)?.sha256 !== file.sha256);
  const published = files.map((file) => publish(file, local));
  const removed = [...removals(manifest, local, target, kindOf)].map(remove);
  const burst = [...published, ...removed.filter(({ step }) => step === 4)].sort(compareActions);
  const retired = removed.filter(({ step }) => step === 6).sort((a, b) => compareUtf8(a.path, b.path));
  return [...burst, ...retired];
}

function publish({ path, kind, mtime }: ShippedFile, local: State): CommitAction {
  const replacing = local.find(path) >= 0;
  return { action: 'publish', step: stepOf({ path, kind, replacing }), path, kind, replacing, mtime };
}

/** A variant that the target lacks goes in the burst: clients would prefer a stale one to the new repodata.json. */
function remove(path: string): Extract<CommitAction, { action: 'remove' }> {
  return { action: 'remove', step: isIndexName(nameOf(path)) ? 4 : 6, path };
}

/**
 * What has to go: what the manifest removes, and, where the base was partial, metadata of the copy that nobody
 * knew of. Artifacts that nobody knew of are left alone: without an index that names them they are not tracked.
 */
function removals(
  manifest: Manifest,
  local: State,
  target: State,
  kindOf: (path: string) => Kind,
): Set<string> {
  const paths = new Set(manifest.removed.map(({ path }) => path));
  if (!hasPartialBase(manifest)) return paths;
  for (const { path } of local) {
    const kind = kindOf(path);
    if (kind !== 'artifact' && kind !== 'shard' && target.find(path) < 0) paths.add(path);
  }
  return paths;
}

function compareActions(a: CommitAction, b: CommitAction): number {
  return compareCommitOrder(ordered(a), ordered(b));
}

function ordered(action: CommitAction): Ordered {
  if (action.action === 'remove') return { path: action.path, kind: 'index', replacing: true };
  return action;
}
