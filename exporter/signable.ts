import { CondaDiffError } from '../shared/errors.js';
import { formatBytes } from '../shared/figures.js';
import { encodeManifest } from '../shared/manifest.js';
import { MAX_PATH_BYTES } from '../shared/paths.js';
import { MAX_SIGNED_BYTES } from '../shared/signature.js';
import type { ManifestDraft } from './publish.js';

/** No line of an entry is longer: each byte of a path may be escaped. */
const LINE_BYTES = 2 * MAX_PATH_BYTES + 512;
/** Room for what a draft does not say yet: the volumes and the base reference. */
const ROOM_BYTES = 1 << 24;

/**
 * Refuses an update whose manifest would be too long to sign, before any archive is written. Where it is surely short
 * enough, nothing is counted.
 *
 * @param limit most bytes of what is signed
 * @throws CondaDiffError usage
 */
export function requireSignable(draft: ManifestDraft, limit = MAX_SIGNED_BYTES): void {
  const { files, removed, absent, lineage } = draft;
  const entries = files.length + removed.length + absent.length + lineage.length;
  const most = limit - ROOM_BYTES;
  if (entries * LINE_BYTES <= most) return;
  let bytes = 0;
  const unknown = { volumes: [], baseReference: { name: '', size: 0, sha256: '' } };
  for (const chunk of encodeManifest({ ...draft, ...unknown })) bytes += chunk.length;
  if (bytes <= most) return;
  throw new CondaDiffError('usage', 'The manifest of this update would be too long to be signed', {
    details: [
      `expected at most ${formatBytes(most)}, found ${formatBytes(bytes)} for ${String(entries)} entries`,
    ],
    hint: "Carry it in several updates: leave subdirs out with --ignore '<glob>' now, and add them one after the other",
  });
}
