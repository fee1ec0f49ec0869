import { compareUtf8 } from '../paths.js';
import type { ChangedArtifact } from './changes.js';

/** One licence, and what an update ships under it. */
export interface LicenceUse {
  /** As the records state it; `undefined` for artifacts whose records state none. */
  readonly licence: string | undefined;
  readonly artifacts: number;
  /** Names of the packages, sorted. */
  readonly packages: readonly string[];
  readonly bytes: number;
  /** Whether no record of the base that could be read states it. */
  readonly isNew: boolean;
}

/**
 * The licences that shipped artifacts state, new ones first, then by number of artifacts.
 *
 * @param before licences that records of the base state
 */
export function licencesOf(shipped: readonly ChangedArtifact[], before: Iterable<string>): LicenceUse[] {
  const known = new Set([...before].map(licenceKey));
  const uses = new Map<string | undefined, { names: Set<string>; artifacts: number; bytes: number }>();
  for (const { licence, name, size } of shipped) {
    const use = uses.get(licence) ?? { names: new Set<string>(), artifacts: 0, bytes: 0 };
    uses.set(licence, use);
    use.names.add(name);
    use.artifacts++;
    use.bytes += size;
  }
  return [...uses]
    .map(([licence, { names, artifacts, bytes }]) => ({
      licence,
      ...{ artifacts, bytes, packages: [...names].sort(compareUtf8) },
      isNew: licence !== undefined && !known.has(licenceKey(licence)),
    }))
    .sort(
      (a, b) =>
        Number(b.isNew) - Number(a.isNew) ||
        b.artifacts - a.artifacts ||
        compareUtf8(a.licence ?? '', b.licence ?? ''),
    );
}

/** Case and white space make no other licence. */
function licenceKey(licence: string): string {
  return licence.trim().replace(/\s+/g, ' ').toLowerCase();
}
