import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryDirectory, writeChannel, type ChannelOptions, type ChannelSpec } from './channel.js';
import { solveWithRattler } from './rattler.js';
import { skipWithout } from './run-command.js';
import { serve } from './serve.js';

const spec: ChannelSpec = {
  noarch: [{ name: 'data', version: '2.1' }],
  'linux-64': [
    { name: 'app', version: '1.0', depends: ['lib >=1', 'data'] },
    { name: 'lib', version: '0.9' },
    { name: 'lib', version: '1.2', build: 'h1_1', buildNumber: 1 },
  ],
};

/** A channel of the builder behind the server; `answered` tells which files were there when asked for. */
async function publish(t: TestContext, options: ChannelOptions) {
  const root = await temporaryDirectory(t);
  await writeChannel(root, spec, options);
  const server = await serve(root);
  t.after(() => server.close());
  const answered = () => server.requests.filter(({ status }) => status === 200).map(({ path }) => path);
  const solve = () => solveWithRattler({ channelUrls: [server.url], platform: 'linux-64', specs: ['app'] });
  return { root, url: server.url, answered, solve };
}

for (const [name, options, read] of [
  ['repodata.json', {}, 'repodata.json'],
  ['repodata.json.zst', { zst: true }, 'repodata.json.zst'],
  ['repodata.json.bz2', { bz2: true }, 'repodata.json.bz2'],
  ['shards beside their index', { zst: true, shards: 'beside' }, 'repodata_shards.msgpack.zst'],
  ['shards in their folder', { zst: true, shards: 'shards' }, 'repodata_shards.msgpack.zst'],
] as const) {
  const skip = 'bz2' in options && skipWithout('bzip2');
  test(
    `rattler solves from ${name}, and the files are there with the hashes it gives`,
    { skip },
    async (t) => {
      const { root, url, answered, solve } = await publish(t, options);
      const records = await solve();
      assert.deepEqual(
        records.map((record) => [record.name, record.version, record.url]),
        [
          ['app', '1.0', `${url}/linux-64/app-1.0-0.conda`],
          ['data', '2.1', `${url}/noarch/data-2.1-0.conda`],
          ['lib', '1.2', `${url}/linux-64/lib-1.2-h1_1.conda`],
        ],
      );
      for (const record of records) {
        const bytes = await readFile(join(root, record.subdir, record.fileName));
        assert.equal(createHash('sha256').update(bytes).digest('hex'), record.sha256);
        assert.equal(bytes.length, record.size);
      }
      assert.ok(answered().includes(`/linux-64/${read}`), answered().join(' '));
      if (read !== 'repodata.json') assert.ok(!answered().includes('/linux-64/repodata.json'));
    },
  );
}

test('rattler reports what has no solution', async (t) => {
  const { url } = await publish(t, {});
  const request = { channelUrls: [url], platform: 'linux-64', specs: ['lib >=7'] };
  await assert.rejects(solveWithRattler(request), /rattler did not solve lib >=7/);
});

test('a damaged .zst ends the child and not the test', async (t) => {
  const { root, solve } = await publish(t, { zst: true });
  const path = join(root, 'linux-64/repodata.json.zst');
  await truncate(path, 100);
  await assert.rejects(solve());
  await writeFile(path, 'not zstd at all');
  await assert.rejects(solve());
});
