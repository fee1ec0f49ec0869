import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareCommitOrder, type Ordered, stepOf } from '../../shared/commit-order.js';
import { isIndexName, type Kind } from '../../shared/rules.js';
import { nameOf } from '../../shared/paths.js';

const SHARD = `${'ab'.repeat(32)}.msgpack.zst`;

/** In the order of the commit. */
const ORDER: readonly [path: string, kind: Kind, replacing?: boolean][] = [
  ['linux-64/new-1-0.conda', 'artifact'],
  ['noarch/new-1-0.tar.bz2', 'artifact'],
  [`noarch/${SHARD}`, 'shard'],
  ['noarch/index.html', 'metadata'],
  ['noarch/run_exports.json.zst', 'metadata', true],
  // the burst
  ['linux-64/same-1-0.conda', 'artifact', true],
  ['noarch/same-1-0.conda', 'artifact', true],
  [`noarch/shards/${SHARD}`, 'shard', true],
  ['linux-64/repodata.json.zst', 'index', true],
  ['noarch/repodata.json.zst', 'index'],
  ['linux-64/repodata.json.bz2', 'index', true],
  ['noarch/repodata.json.gz', 'index', true],
  ['noarch/current_repodata.json.zst', 'index', true],
  ['noarch/current_repodata.json.bz2', 'index', true],
  ['noarch/current_repodata.json.gz', 'index', true],
  ['noarch/current_repodata.json', 'index'],
  ['linux-64/repodata.json', 'index', true],
  ['noarch/repodata.json', 'index'],
  ['linux-64/repodata_shards.msgpack.zst', 'index', true],
  ['noarch/repodata_shards.msgpack.zst', 'index', true],
  ['channeldata.json', 'root', true],
  ['index.html', 'root'],
];

const toOrdered = ([path, kind, replacing = false]: (typeof ORDER)[number]): Ordered => ({
  path,
  kind,
  replacing,
});

describe('the commit order', () => {
  it('is that of the table: artifacts, shards, metadata, the burst, roots', () => {
    const files = ORDER.map(toOrdered);
    assert.deepEqual(files.map(stepOf), [1, 1, 2, 3, 3, ...Array<number>(15).fill(4), 5, 5]);
    fc.assert(
      fc.property(fc.shuffledSubarray(files), (some) => {
        const sorted = [...some].sort(compareCommitOrder);
        assert.deepEqual(
          sorted,
          files.filter((file) => some.includes(file)),
        );
      }),
    );
  });

  const name = fc.constantFrom(...ORDER.map(([path]) => nameOf(path)), 'a.conda', '\uffee', '\u{10000}');
  const ordered: fc.Arbitrary<Ordered> = fc
    .tuple(
      fc.constantFrom('noarch', 'linux-64', 'x/noarch'),
      name,
      fc.boolean(),
      fc.constantFrom<Kind[]>('artifact', 'metadata', 'root', 'shard'),
    )
    .map(([directory, file, replacing, kind]) => ({
      path: `${directory}/${file}`,
      replacing,
      kind: isIndexName(file) ? 'index' : kind,
    }));

  it('is total: it orders any two files that differ, and is transitive', () => {
    fc.assert(
      fc.property(ordered, ordered, ordered, (a, b, c) => {
        const [ab, ba] = [Math.sign(compareCommitOrder(a, b)), Math.sign(compareCommitOrder(b, a))];
        assert.equal(ab, 0 - ba);
        assert.equal(compareCommitOrder(a, a), 0);
        if (a.path !== b.path) assert.notEqual(ab, 0);
        if (ab <= 0 && compareCommitOrder(b, c) <= 0) assert.ok(compareCommitOrder(a, c) <= 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('puts every index after all artifacts and shards, and each repodata.json after its compressed variants', () => {
    fc.assert(
      fc.property(fc.array(ordered, { maxLength: 15 }), (files) => {
        const sorted = [...files].sort(compareCommitOrder);
        const firstIndex = sorted.findIndex(({ kind }) => kind === 'index');
        if (firstIndex < 0) return;
        const after = sorted.slice(firstIndex);
        assert.ok(after.every(({ kind }) => kind === 'index' || kind === 'root'));
        const places = after.filter(({ kind }) => kind === 'index').map(({ path }) => rank(nameOf(path)));
        assert.deepEqual(
          places,
          [...places].sort((x, y) => x - y),
        );
      }),
    );
  });
});

function rank(name: string): number {
  if (name === 'repodata_shards.msgpack.zst') return 2;
  return name === 'repodata.json' ? 1 : 0;
}
