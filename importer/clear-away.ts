import { existsSync, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bounds } from '../shared/bounds.js';
import { directoryOf } from '../shared/paths.js';
import { boundsOf, staysInside } from '../shared/real-path.js';
import { syncDirectories, type Workbench } from './commit.js';
import type { Retired } from './retired.js';

/** Why a retired file was not deleted: what is in its place is not what was retired there. */
export type Untouched = 'gone' | 'changed' | 'outside';

/** What became of retired files whose wait is over. */
export interface Cleared {
  readonly deleted: readonly Retired[];
  readonly left: readonly { readonly path: string; readonly reason: Untouched }[];
}

/** Deletes retired files that are still what they were when they were retired, as far as their size tells. */
export async function deleteRetired(bench: Workbench, entries: readonly Retired[]): Promise<Cleared> {
  const { disk, layout } = bench;
  const bounds = boundsOf(layout);
  const deleted: Retired[] = [];
  const left: { path: string; reason: Untouched }[] = [];
  for (const entry of entries) {
    const file = join(layout.repository, entry.path);
    const reason = reasonToLeave(bounds, file, entry);
    if (reason === undefined) {
      await disk.remove(file);
      deleted.push(entry);
    } else left.push({ path: entry.path, reason });
  }
  const directories = deleted.map(({ path }) => dirname(join(layout.repository, path)));
  await syncDirectories(bench, directories);
  await removeEmptied(
    bench,
    entries.map(({ path }) => path),
  );
  return { deleted, left };
}

function reasonToLeave(bounds: Bounds, file: string, { size }: Retired): Untouched | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  if (!stats.isFile() || stats.size !== size) return 'changed';
  return staysInside(bounds, dirname(file)) ? undefined : 'outside';
}

/** Removes the directories that the removal of these files emptied, upwards, never the repository itself. */
export async function removeEmptied(bench: Workbench, paths: readonly string[]): Promise<void> {
  const { disk, layout } = bench;
  const bounds = boundsOf(layout);
  const above = new Set<string>();
  for (const start of new Set(paths.map(directoryOf))) {
    for (let path = start; path !== ''; path = directoryOf(path)) {
      const directory = join(layout.repository, path);
      if (existsSync(directory) && !staysInside(bounds, directory)) break;
      if (!(await disk.removeDirectory(directory))) break;
      above.add(dirname(directory));
    }
  }
  await syncDirectories(bench, [...above]);
}
