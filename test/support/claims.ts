import type { Claim } from '../../shared/identity.js';
import { joinClaims } from '../../shared/join-claims.js';
import { compareUtf8, joinPath } from '../../shared/paths.js';
import { MARK, type Rows } from '../../shared/rows.js';

export interface WholeClaim extends Claim {
  readonly optional: boolean;
}

/** What rows say once they are joined, sorted by path; they are changed by that. */
export function claimsIn(byDirectory: ReadonlyMap<string, Rows>, conflicts: string[] = []): WholeClaim[] {
  const claims: WholeClaim[] = [];
  for (const [directory, rows] of byDirectory) {
    conflicts.push(...joinClaims(rows, joinPath(directory, '')).conflicts);
    for (let row = 0; row < rows.count; row++) {
      const marks = rows.marks[row]!;
      if ((marks & MARK.dropped) !== 0) continue;
      const size = rows.sizes[row]!;
      claims.push({
        path: rows.path(row),
        size: Number.isNaN(size) ? undefined : size,
        sha256: (marks & MARK.sha256) !== 0 ? rows.sha256(row) : undefined,
        md5: (marks & MARK.md5) !== 0 ? rows.sha256(row).slice(0, 32) : undefined,
        optional: (marks & MARK.optional) !== 0,
      });
    }
  }
  return claims.sort((a, b) => compareUtf8(a.path, b.path));
}
