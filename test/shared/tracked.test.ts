import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Globs, NO_GLOBS } from '../../shared/globs.js';
import { Listing } from '../../shared/listing.js';
import { artifactTest, metadataFiles } from '../../shared/tracked.js';

const SHARD = `${'ab'.repeat(32)}.msgpack.zst`;

function listed(files: Readonly<Record<string, readonly string[]>>, globs: Partial<Globs> = {}): string[] {
  const isArtifact = artifactTest(new Map([['chan/noarch', ['zip']]]));
  const lists = Object.entries(files).map(([directory, names]) => [directory, Listing.of(names)] as const);
  const found = metadataFiles(new Map(lists), { ...NO_GLOBS, ...globs }, isArtifact);
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
