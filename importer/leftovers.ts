import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RepositoryParts } from '../shared/bounds.js';
import { statFile } from '../shared/fingerprint.js';
import { hashFile } from '../shared/hashing.js';
import type { Manifest } from '../shared/manifest.js';
import { nameOf } from '../shared/paths.js';
import { isArtifactName, isShardName } from '../shared/rules.js';
import { boundsOf, staysInside } from '../shared/real-path.js';
import type { Entry } from '../shared/state.js';

/**
 * Artifacts and shards that an update removes and that are still on disk, unchanged, although the state is the
 * target: they were retired, or someone unpacked the archive with plain tar. Other files would be tracked, or are not
 * the update's.
 */
export async function leftovers(
  place: RepositoryParts,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Entry[]> {
  const { repository } = place;
  if (!existsSync(repository)) return [];
  const bounds = boundsOf(place);
  const found: Entry[] = [];
  for (const entry of manifest.removed) {
    if (!isArtifactName(entry.path) && !isShardName(nameOf(entry.path))) continue;
    const file = join(repository, entry.path);
    if (statFile(file)?.size !== entry.size || !staysInside(bounds, dirname(file))) continue;
    if ((await hashFile(file, { signal })).sha256 === entry.sha256) found.push(entry);
  }
  return found;
}
