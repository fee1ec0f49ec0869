import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claim } from '../../shared/claims.js';
import { type Globs, NO_GLOBS } from '../../shared/globs.js';
import { artifactTest, mergeClaims, metadataFiles } from '../../shared/tracked.js';

const SHARD = `${'ab'.repeat(32)}.msgpack.zst`;

function listed(files: Readonly<Record<string, readonly string[]>>, globs: Partial<Globs> = {}): string[] {
  const isArtifact = artifactTest(new Map([['chan/noarch', ['zip']]]));
  const found = metadataFiles(new Map(Object.entries(files)), { ...NO_GLOBS, ...globs }, isArtifact);
  return found.map(({ path, kind }) => `${kind} ${path}`).sort();
}

const TREE = {
  '': ['channeldata.json', 'index.html'],
  chan: [
    'channeldata.json',
    'index.html',
    'notes.txt',
    'key.pem',
    '1.root.json',
    'update.tar',
    'repodata.json.zst',
  ],
  'chan/noarch': [
    'repodata.json',
    'a-1-0.conda',
    'b.zip',
    'index.html',
    'future.kind',
    'repodata.json.zst',
    SHARD,
    'x.part',
    `x${'0'.repeat(32)}`,
  ],
  'chan/noarch/shards': [SHARD, 'index.html'],
  'chan/sources': ['a.tar.gz', 'index.html'],
};

describe('metadataFiles', () => {
  it('lists every other file of index directories and known names of channel roots', () => {
    assert.deepEqual(listed(TREE), [
      'index chan/noarch/repodata.json',
      'index chan/noarch/repodata.json.zst',
      'metadata chan/noarch/future.kind',
      'metadata chan/noarch/index.html',
      'root chan/1.root.json',
      'root chan/channeldata.json',
      'root chan/index.html',
    ]);
  });

  it('has no channel root above the repository: its own index directory has none', () => {
    assert.deepEqual(listed({ '': ['repodata.json', 'channeldata.json', 'index.html'] }), [
      'index repodata.json',
      'metadata channeldata.json',
      'metadata index.html',
    ]);
  });

  it('reads labels: an index directory can be a channel root, too', () => {
    const files = {
      '': ['index.html'],
      chan: ['repodata.json', 'x'],
      'chan/dev': ['repodata.json', 'index.html'],
    };
    assert.deepEqual(listed(files), [
      'index chan/dev/repodata.json',
      'index chan/repodata.json',
      'metadata chan/dev/index.html',
      'metadata chan/x',
      'root index.html',
    ]);
  });

  it('follows the globs: ignore wins, junk stays out', () => {
    const globs = {
      ignore: ['**/index.html', 'chan/sources/b*'],
      include: ['chan/sources/**', 'chan/*', 'chan/noarch/b.zip'],
    };
    assert.deepEqual(listed({ ...TREE, 'chan/sources': ['a.tar.gz', 'b.tar.gz', 'index.html'] }, globs), [
      'artifact chan/noarch/b.zip',
      'index chan/noarch/repodata.json',
      'index chan/noarch/repodata.json.zst',
      'index chan/repodata.json.zst',
      'metadata chan/noarch/future.kind',
      'root chan/1.root.json',
      'root chan/channeldata.json',
      'root chan/notes.txt',
      'root chan/sources/a.tar.gz',
    ]);
  });
});

const claim = (changes: Partial<Claim> = {}): Claim => ({
  ...{ path: 'a', kind: 'artifact', size: undefined, sha256: undefined, md5: undefined, optional: false },
  ...changes,
});

describe('mergeClaims', () => {
  const cases: readonly [
    what: string,
    claims: readonly Claim[],
    merged: Claim | undefined,
    conflicts: number,
  ][] = [
    ['one', [claim({ size: 1 })], claim({ size: 1 }), 0],
    ['the same twice', [claim({ sha256: 'x' }), claim({ sha256: 'x' })], claim({ sha256: 'x' }), 0],
    [
      'two that complete each other',
      [claim({ size: 1, md5: 'm' }), claim({ sha256: 'x' })],
      claim({ size: 1, md5: 'm', sha256: 'x' }),
      0,
    ],
    ['two hashes', [claim({ sha256: 'x' }), claim({ sha256: 'y' })], claim({ sha256: 'x' }), 1],
    ['two sizes', [claim({ size: 1 }), claim({ size: 2 })], claim({ size: 1 }), 1],
    [
      'two hashes, the third and the second',
      [claim(), claim({ sha256: 'x' }), claim({ sha256: 'y' })],
      claim({ sha256: 'x' }),
      1,
    ],
    ['removed after a record', [claim({ size: 1 }), claim({ optional: true })], claim({ size: 1 }), 0],
    ['removed before a record', [claim({ optional: true }), claim({ size: 1 })], claim({ size: 1 }), 0],
    ['only removed', [claim({ optional: true })], claim({ optional: true }), 0],
    ['ignored', [claim({ path: 'b' })], undefined, 0],
  ];
  for (const [what, claims, merged, conflicts] of cases) {
    it(what, () => {
      const indexes = claims.map((one) => ({ claims: [one], external: [], refused: [] }));
      const result = mergeClaims(indexes, { ignore: ['b'], include: [] });
      assert.deepEqual([...result.byPath.values()], merged === undefined ? [] : [merged]);
      assert.equal(result.conflicts.length, conflicts);
    });
  }
});
