import { compareCommitOrder } from '../shared/commit-order.js';
import type { Diff } from '../shared/diff.js';
import type { Fingerprint } from '../shared/fingerprint.js';
import { orderOf, type ShippedFile } from '../shared/manifest.js';
import type { Kind } from '../shared/rules.js';

/** What is on disk at a path when the update is planned. */
export interface FileStatus {
  /** Whole seconds since 1970. */
  readonly mtime: number;
  readonly fingerprint: Fingerprint;
}

/**
 * The files that an update ships, in commit order, which is also their order in the archive.
 *
 * @param kindOf the kind of each path of the target
 * @param statusOf what is on disk at each path of the target
 */
export function planFiles(
  diff: Diff,
  kindOf: (path: string) => Kind,
  statusOf: (path: string) => Pick<FileStatus, 'mtime'>,
): ShippedFile[] {
  const added = diff.added.map(({ path, size, sha256 }): ShippedFile => {
    return { path, size, sha256, kind: kindOf(path), mtime: statusOf(path).mtime };
  });
  const replaced = diff.replaced.map(({ before, after: { path, size, sha256 } }): ShippedFile => {
    const replaces = { size: before.size, sha256: before.sha256 };
    return { path, size, sha256, kind: kindOf(path), mtime: statusOf(path).mtime, replaces };
  });
  return [...added, ...replaced].sort((a, b) => compareCommitOrder(orderOf(a), orderOf(b)));
}
