import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareCommitOrder } from '../../shared/commit-order.js';
import { diffStates } from '../../shared/diff.js';
import type { LineageEntry } from '../../shared/lineage.js';
import { collisions } from '../../shared/collisions.js';
import { CondaDiffError } from '../../shared/errors.js';
import {
  encodeManifest,
  type Manifest,
  orderOf,
  type ShippedFile,
  targetOf,
  updateId,
} from '../../shared/manifest.js';
import { ManifestDecoder } from '../../shared/manifest-decoder.js';
import { type Reference, referenceOf, totalsOf } from '../../shared/reference.js';
import { isArtifactName, isIndexName, isJunkName, isShardName, type Kind } from '../../shared/rules.js';
import { nameOf } from '../../shared/paths.js';
import { type State, stateOf } from '../../shared/state.js';
import { archiveBytes } from '../../shared/tar-entry.js';
import { volumeMark } from '../../shared/volume-mark.js';
import { chunked, chunkSizes, entryOf, hashOf, twoStates } from '../support/arbitrary.js';

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
  .map(([states, kind, rest]) => manifestOf(states, kind, rest));

/** The manifest that leads from one state to another, and its base. */
function manifestOf(
  [baseState, target]: readonly [State, State],
  kind: Kind,
  {
    size,
    mtime,
    sequence,
    lineage,
  }: Pick<Manifest, 'sequence' | 'lineage'> & Pick<ShippedFile, 'size' | 'mtime'>,
): { manifest: Manifest; base: Reference } {
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
}

/** A manifest whose files, replaced and removed ones have usual names, so that their lines are taken as bytes. */
const usual: fc.Arbitrary<string> = fc.uniqueArray(fc.nat(20), { minLength: 3 }).map((numbers) => {
  const before = stateOf(numbers.map((n) => entryOf(`noarch/a-${n}-0.conda`)));
  const kept = numbers
    .slice(2)
    .map((n) => entryOf(`noarch/a-${n}-0.conda`, n % 3 === 0 ? 'other' : undefined));
  const target = stateOf([...kept, entryOf('noarch/b.tar.bz2'), entryOf('noarch/repodata.json')]);
  const manifest = manifestOf([before, target], 'artifact', {
    size: 1,
    mtime: 8e9,
    sequence: 4,
    lineage: [],
  });
  return Buffer.concat([...encodeManifest(manifest.manifest)]).toString();
});

/** A document cut in three: the lines of its files, removed and other entries are in the middle; without its checksum. */
function linesOf(text: string): [before: string, lines: string, after: string] {
  const [start, end] = [text.indexOf('"files":['), text.indexOf('"checksum"')];
  return [text.slice(0, start), text.slice(start, end), text.slice(end)];
}

/** Changes the lines of a document; whole and byte by byte it must mean the same. Returns 1 when it is accepted, else 0. */
async function meansTheSame(text: string, change: (lines: string) => string): Promise<number> {
  const outcome = (chunks: Iterable<Uint8Array>): Promise<unknown> =>
    decode(chunks).catch((error: unknown) => {
      assert.ok(error instanceof CondaDiffError);
      return [error.message, error.details];
    });
  const [before, lines] = linesOf(text);
  const body = before + change(lines);
  const bytes = Buffer.from(`${body}"checksum":"${hashOf(body)}"\n}\n`);
  const [asBytes, parsed] = [await outcome([bytes]), await outcome(chunked(bytes, [1]))];
  assert.deepEqual(asBytes, parsed);
  return Array.isArray(parsed) ? 0 : 1;
}

describe('a manifest', () => {
  it('is the same, or refused with the same words, whether its lines are taken as bytes or parsed', async () => {
    const character = fc.constantFrom('', ...Array.from('"\\/.,:{}[] 0189afAFxé~\0'));
    const change = fc.tuple(fc.nat(), character, fc.nat(1));
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(usual, fc.array(change, { maxLength: 2 }), async (text, changes) => {
        accepted += await meansTheSame(text, (lines) => {
          let changed = lines;
          for (const [place, put, gone] of changes) {
            const at = place % changed.length;
            changed = changed.slice(0, at) + put + changed.slice(at + gone);
          }
          return changed;
        });
      }),
      { numRuns: 300 },
    );
    assert.ok(accepted > 50, String(accepted));
  });

  it('is so with any character left out', async () => {
    const [text = ''] = fc.sample(usual, { numRuns: 1, seed: 3 });
    assert.match(text, /"replaces"[^]*"removed":\[\n\{/);
    for (let at = 0, { length } = linesOf(text)[1]; at < length; at++)
      await meansTheSame(text, (lines) => lines.slice(0, at) + lines.slice(at + 1));
  });

  it('with an mtime or a size that no file has is refused', async () => {
    const [text = ''] = fc.sample(usual, { numRuns: 1, seed: 1 });
    for (const [from, to, message] of [
      ['"mtime":8000000000', '"mtime":8640000000001', /'mtime' must be <= 8640000000000/],
      ['"mtime":8000000000', '"mtime":08', /is not JSON/],
      [/"size":\d+,/, '"size":9007199254740992,', /'size' must be <= 9007199254740991/],
    ] as const) {
      const [before, lines] = linesOf(text);
      const body = before + lines.replace(from, to);
      const bytes = Buffer.from(`${body}"checksum":"${hashOf(body)}"\n}\n`);
      await assert.rejects(decode([bytes]), { name: 'CondaDiffError', code: 'malformed', message });
    }
  });

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
