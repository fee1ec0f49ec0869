import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isArtifactName,
  isIndexName,
  isJunkName,
  isRootName,
  isShardName,
  type Kind,
  kindByName,
} from '../../shared/rules.js';

const UUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const HEX32 = '0123456789abcdef0123456789ABCDEF';
const HEX64 = 'ab'.repeat(32);

function table(
  what: string,
  test: (name: string) => boolean,
  yes: readonly string[],
  no: readonly string[],
): void {
  describe(what, () => {
    for (const name of yes) it(`yes: ${name}`, () => assert.ok(test(name)));
    for (const name of no) it(`no: ${name}`, () => assert.ok(!test(name)));
  });
}

table(
  'isJunkName',
  isJunkName,
  [
    ...['.hidden', '.conda-diff', 'a.conda.part', 'a.partial', 'a.tmp', 'a.aria2', 'a.lock', 'a.json~', '~'],
    ...[
      `repodata.json.${UUID}`,
      `a.conda.${UUID.toUpperCase()}`,
      `a.conda${HEX32}`,
      `repodata.json.${HEX32}`,
    ],
    ...['update.tar', 'update.001.tar', 'private.pem', 'reference.json', 'conda-diff.yaml'],
    ...['update.manifest.json', 'update.manifest.json.0a1b.sig', 'update.base.json.gz'],
  ],
  [
    ...[
      'repodata.json',
      'repodata.json.zst',
      'a-1-0.conda',
      'a-1-0.tar.bz2',
      'index.html',
      'run_exports.json.zst',
    ],
    ...['lock', 'part', 'tar', 'a.tarx', 'reference.json.zst', 'my-reference.json', 'x.tar.gz', 'x.pem.txt'],
    ...[
      `${HEX64}.msgpack.zst`,
      HEX32,
      `x${HEX32.slice(1)}`,
      `a.${UUID.replace('-41d3-', '-11d3-')}`,
      `a${UUID}`,
    ],
  ],
);

table(
  'isIndexName',
  isIndexName,
  [
    ...['repodata.json', 'repodata.json.zst', 'repodata.json.bz2', 'repodata.json.gz'],
    ...['current_repodata.json', 'current_repodata.json.zst', 'repodata_shards.msgpack.zst'],
  ],
  [
    'repodata.json.xz',
    'repodata_from_packages.json',
    'patch_instructions.json',
    'Repodata.json',
    'xrepodata.json',
  ],
);

table(
  'isRootName',
  isRootName,
  [
    ...['channeldata.json', 'channeldata.json.zst', 'index.html', 'index.html.gz', 'rss.xml', 'rss.xml.bz2'],
    ...['notices.json', 'key_mgr.json', 'key_mgr.json.sig', '1.root.json', '12.root.json.sig'],
  ],
  [
    '.root.json',
    'README.md',
    'key.pem',
    'channeldata.json.xz',
    'channeldata.json.zst.sig',
    'repodata.json',
    'root.json',
  ],
);

table(
  'isShardName',
  isShardName,
  [`${HEX64}.msgpack.zst`],
  [
    `${HEX64.toUpperCase()}.msgpack.zst`,
    `${HEX64}a.msgpack.zst`,
    `x${HEX64}.msgpack.zst`,
    `${HEX64}.msgpack`,
  ],
);

table(
  'isArtifactName',
  isArtifactName,
  ['a-1-0.conda', 'a-1-0.tar.bz2', 'a-1-py3-none-any.whl'],
  ['a.tar.gz', 'conda', 'a.conda.txt', 'repodata.json.bz2', 'a.zip'],
);

describe('isArtifactName', () => {
  it('knows extensions that a v3 bucket adds', () => {
    assert.ok(isArtifactName('a-1-0.zip', ['zip']));
    assert.ok(!isArtifactName('a-1-0.zipx', ['zip']));
  });
});

describe('kindByName', () => {
  const cases: readonly [path: string, kind: Kind][] = [
    ['noarch/a-1-0.conda', 'artifact'],
    ['elsewhere/a-1-0.tar.bz2', 'artifact'],
    [`noarch/shards/${HEX64}.msgpack.zst`, 'shard'],
    [`noarch/${HEX64}.msgpack.zst`, 'shard'],
    ['noarch/repodata.json', 'index'],
    ['noarch/repodata_shards.msgpack.zst', 'index'],
    ['elsewhere/repodata.json.zst', 'index'],
    ['noarch/run_exports.json.zst', 'metadata'],
    ['noarch/index.html', 'metadata'],
    ['index.html', 'root'],
    ['notes/readme.txt', 'root'],
  ];
  for (const [path, kind] of cases) {
    it(`${path} is ${kind}`, () => {
      assert.equal(
        kindByName(path, (directory) => directory === 'noarch'),
        kind,
      );
    });
  }
});
