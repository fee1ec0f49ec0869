import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareCommitOrder } from '../../shared/commit-order.js';
import { diffStates } from '../../shared/diff.js';
import type { LineageEntry } from '../../shared/lineage.js';
import { collisions } from '../../shared/collisions.js';
import { encodeManifest, type Manifest, orderOf, targetOf, updateId } from '../../shared/manifest.js';
import { ManifestDecoder } from '../../shared/manifest-decoder.js';
import { type Reference, referenceOf, totalsOf } from '../../shared/reference.js';
import { isArtifactName, isIndexName, isJunkName, isShardName, type Kind } from '../../shared/rules.js';
import { nameOf } from '../../shared/paths.js';
import { archiveBytes } from '../../shared/tar-entry.js';
import { volumeMark } from '../../shared/volume-mark.js';
import { chunked, chunkSizes, hashOf, twoStates } from '../support/arbitrary.js';

async function decode(chunks: Iterable<Uint8Array>): Promise<Manifest> {
  const decoder = await ManifestDecoder.create('update.manifest.json');
  for (const chunk of chunks) decoder.push(chunk);
  return decoder.end();
}

function anyKind(path: string, chosen: Kind): Kind {
  const name = nameOf(path);
  if (isIndexName(name)) return 'index';
  if (isShardName(name)) return 'shard';
  return isArtifactName(name) ? 'artifact' : chosen;
}

const whole = fc.maxSafeNat();
const lineages: fc.Arbitrary<LineageEntry[]> = fc.array(fc.boolean(), { maxLength: 3 }).map((list) =>
  list.map((withdrawn, i): LineageEntry => {
    const [base, target] = [hashOf(String(i)), hashOf(String(i + 1))];
    const entry = { id: updateId('site-1', i + 1, base, target), sequence: i + 1, base, target };
    const created = '2023-01-02T03:04:05Z';
    return withdrawn ? { ...entry, created, withdrawn: true } : { ...entry, created };
  }),
);
const updates: fc.Arbitrary<{ manifest: Manifest; base: Reference }> = fc
  .tuple(
    twoStates,
    fc.constantFrom<Kind>('artifact', 'metadata', 'root'),
    fc.record({
      size: whole,
      mtime: fc.nat(),
      sequence: fc.integer({ min: 4, max: 1e6 }),
      lineage: lineages,
    }),
  )
  .filter(([[base, target]]) => [...base, ...target].every(({ path }) => !isJunkName(nameOf(path))))
  .filter(
    ([[, target]]) =>
      collisions(
        [...target].map(({ path }) => path),
        target,
      ).length === 0,
  )
  .map(([[baseState, target], kind, { size, mtime, sequence, lineage }]) => {
    const globs = { ignore: ['**/*.bak'], include: ['ö'] };
    const base = referenceOf(baseState, globs);
    const diff = diffStates(baseState, target);
    const files = [
      ...diff.added.map((entry) => ({ ...entry, kind: anyKind(entry.path, kind), mtime })),
      ...diff.replaced.map(({ before, after }) => ({
        ...{ ...after, kind: anyKind(after.path, kind), mtime },
        replaces: { size: before.size, sha256: before.sha256 },
      })),
    ].sort((a, b) => compareCommitOrder(orderOf(a), orderOf(b)));
    const id = updateId('site-1', sequence, baseState.digest, target.digest);
    const bytes = archiveBytes(files, volumeMark(id, 1, 1));
    const manifest: Manifest = {
      ...{ rules: 1, globs, site: 'site-1', sequence, id },
      base: { ...totalsOf(baseState), scope: 'all', ...globs },
      target: totalsOf(target),
      baseReference: { name: 'update.base.json.gz', size, sha256: hashOf('base') },
      ...{ generator: 'conda-diff 1.2.3', created: '2024-01-02T03:04:05Z' },
      volumes: [{ name: 'update.tar', size: bytes, sha256: hashOf('tar'), files: files.length }],
      ...{ files, removed: diff.removed, absent: [{ path: 'zz/a-1-0.conda', named: 'record' }] },
      lineage,
    };
    return { manifest, base };
  });

describe('a manifest', () => {
  it('is read as it was written, however it is cut; base and manifest together are the target', async () => {
    await fc.assert(
      fc.asyncProperty(updates, chunkSizes, async ({ manifest, base }, sizes) => {
        const bytes = Buffer.concat([...encodeManifest(manifest)]);
        const read = await decode(chunked(bytes, sizes));
        assert.deepEqual({ ...read, ...manifest }, read);
        assert.deepEqual(Buffer.concat([...encodeManifest(read)]), bytes);
        assert.equal(targetOf(read, base, 'name').digest, manifest.target.digest);
      }),
      { numRuns: 40 },
    );
  });

  it('has an id of what it leads from and to, and of nothing else', () => {
    const id = updateId('site', 1, 'base', 'target');
    assert.equal(id, hashOf('site\n1\nbase\ntarget\n'));
    const others = [
      updateId('site2', 1, 'base', 'target'),
      updateId('site', 2, 'base', 'target'),
      updateId('site', 1, 'other', 'target'),
      updateId('site', 1, 'base', 'other'),
    ];
    assert.equal(new Set([id, ...others]).size, 5);
  });

  it('with a byte changed anywhere is refused', async () => {
    const [sample] = fc.sample(updates, { numRuns: 1, seed: 7 });
    const bytes = Buffer.concat([...encodeManifest(sample!.manifest)]);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= change;
        await assert.rejects(decode([damaged]), { name: 'CondaDiffError', code: /^(malformed|integrity)$/ });
      }),
      { numRuns: 60 },
    );
  });
});
