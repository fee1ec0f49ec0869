import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireSignable } from '../../exporter/signable.js';
import { encodeManifest, updateId } from '../../shared/manifest.js';
import type { ManifestDraft } from '../../exporter/publish.js';
import { hashOf } from '../support/arbitrary.js';
import { refuses } from '../support/refusal.js';

const ENTRIES = 10_000;
const GLOBS = { ignore: [], include: [] };
const TOTALS = { digest: hashOf('state'), count: 0, bytes: 0 };

function draft(): ManifestDraft {
  const files = Array.from({ length: ENTRIES }, (_, n) => {
    const path = `noarch/a-${String(n).padStart(5, '0')}-0.conda`;
    return { path, size: 1, sha256: hashOf(path), kind: 'artifact' as const, mtime: 1 };
  });
  return {
    ...{ rules: 1, globs: GLOBS, site: 'default', sequence: 1, target: TOTALS, files },
    id: updateId('default', 1, TOTALS.digest, TOTALS.digest),
    base: { ...TOTALS, scope: 'all', ...GLOBS },
    ...{ generator: 'conda-diff 1.2.3', created: '2024-01-02T03:04:05Z' },
    ...{ removed: [], absent: [], lineage: [] },
  };
}

test('an update whose manifest would be too long to be signed is refused, with what it would be', () => {
  const whole = { ...draft(), volumes: [], baseReference: { name: '', size: 0, sha256: '' } };
  const bytes = [...encodeManifest(whole)].reduce((sum, { length }) => sum + length, 0);
  const room = 1 << 24;
  requireSignable(draft());
  requireSignable(draft(), bytes + room);
  assert.match(
    refuses(() => requireSignable(draft(), bytes + room - 1), 'usage').details.join('\n'),
    /^expected at most 1\.[0-9] MB, found 1\.[0-9] MB for 10000 entries$/,
  );
});
