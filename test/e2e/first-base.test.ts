import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readManifest } from '../../shared/read-document.js';
import { type ChannelSpec, copyTree, listTree, writeChannel } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';
import {
  applyUpdate,
  assertSameReferences,
  assertSameTrees,
  createUpdate,
  cross,
  init,
  refuse,
  type Sides,
  succeed,
  twoSides,
} from './two-sides.js';

const one: ChannelSpec = { noarch: [{ name: 'a' }, { name: 'b' }], 'linux-64': [{ name: 'c' }] };
const two: ChannelSpec = {
  noarch: [{ name: 'a' }, { name: 'b' }],
  'linux-64': [{ name: 'c' }, { name: 'd' }],
};

const paths = (files: readonly { readonly path: string }[]): string[] => files.map(({ path }) => path);

/** Both sides with the same files, as people have them who come to conda-diff later. */
async function alike(sides: Sides, spec: ChannelSpec, options = {}): Promise<void> {
  await writeChannel(sides.mirror, spec, options);
  await copyTree(sides.mirror, sides.copy);
}

describe('the first base', { concurrency: 2 }, () => {
  test('in sync: artifacts are taken to be there, all metadata crosses, that of the copy alone goes', async (t) => {
    const sides = await twoSides(t);
    await alike(sides, one, { zst: true });
    await writeFile(join(sides.copy, 'noarch/old-notes.txt'), 'from an older mirror');
    await appendFile(join(sides.copy, 'linux-64/repodata.json'), '\n'); // another indexer wrote it
    await init(sides, '--in-sync');
    const created = await cross(sides);
    assert.equal(created.base.scope, 'artifacts');
    assert.deepEqual(
      paths(created.files).sort(),
      ['linux-64', 'noarch'].flatMap((x) => [`${x}/repodata.json`, `${x}/repodata.json.zst`]),
    );
    await writeChannel(sides.mirror, two, { zst: true });
    await cross(sides);
    await assertSameReferences(sides);
  });

  test('in sync, and yet the copy lacks an artifact: refused with its name', async (t) => {
    const sides = await twoSides(t);
    await alike(sides, one);
    await rm(join(sides.copy, 'noarch/b-1.0-0.conda'));
    await init(sides, '--in-sync');
    const { outputs } = await createUpdate(sides);
    const { outcome, text } = await refuse('conda-diff-import', ['apply', outputs.volume, sides.copy], 12);
    assert.equal(outcome, 'drifted');
    assert.match(text, /noarch\/b-1\.0-0\.conda: in the base, not here/);
  });

  test(
    'from a reference of the Python tool, wherever the mirror was then',
    { skip: skipWithout('bzip2') },
    async (t) => {
      const sides = await twoSides(t);
      const old: ChannelSpec = {
        'linux-64': [
          { name: 'x', format: 'tar.bz2' },
          { name: 'y', format: 'tar.bz2' },
        ],
        noarch: [],
      };
      await alike(sides, old);
      const now: ChannelSpec = {
        'linux-64': [...(old['linux-64'] ?? []), { name: 'z', format: 'tar.bz2' }, { name: 'x' }],
        noarch: [{ name: 'n' }],
      };
      const tree = await listTree(sides.mirror);
      const recordOf = (name: string) => {
        const { size, sha256 } = tree.find(({ path }) => path === `linux-64/${name}-1.0-0.tar.bz2`) ?? {};
        return { [`${name}-1.0-0.tar.bz2`]: { name, size, sha256, md5: 'd41d8cd98f00b204e9800998ecf8427e' } };
      };
      const python = join(sides.folder, 'python.json');
      const records = { ...recordOf('x'), ...recordOf('y') };
      await writeFile(
        python,
        JSON.stringify({ '/srv/old/place/linux-64': records, '/srv/old/place/noarch': {} }),
      );
      await writeChannel(sides.mirror, now);
      await init(sides, '--from', python);
      const created = await cross(sides);
      assert.equal(created.base.scope, 'tar.bz2');
      assert.equal(created.base.count, 2);
      assert.deepEqual(paths(created.files), [
        'linux-64/x-1.0-0.conda',
        'linux-64/z-1.0-0.tar.bz2',
        'noarch/n-1.0-0.conda',
        'linux-64/repodata.json',
        'noarch/repodata.json',
      ]);
      await assertSameReferences(sides);
      await writeFile(python, JSON.stringify({ '/srv/a/linux-64': records, '/srv/b/linux-64': records }));
      const { text } = await refuse('conda-diff-export', ['create', sides.mirror, '--base', python], 2);
      assert.match(text, /its directories are not those of this repository/);
    },
  );

  test('from a reference of the copy, or from a manifest when the state directory is lost', async (t) => {
    const sides = await twoSides(t);
    await alike(sides, one);
    await succeed('conda-diff-import', ['reference', sides.copy, '-o', join(sides.folder, 'carried.json')]);
    await init(sides, '--from', join(sides.folder, 'carried.json'));
    await writeChannel(sides.mirror, two);
    const first = await cross(sides);
    assert.deepEqual(paths(first.files), ['linux-64/d-1.0-0.conda', 'linux-64/repodata.json']);
    await rm(join(sides.mirror, '.conda-diff'), { recursive: true });
    await init(sides, '--from', first.outputs.manifest);
    await writeChannel(sides.mirror, { ...two, noarch: [{ name: 'a' }] });
    const second = await cross(sides, '--allow-removals');
    assert.equal(second.base.digest, first.target.digest);
    assert.equal(second.update.sequence, first.update.sequence + 1);
    assert.deepEqual(second.removed, ['noarch/b-1.0-0.conda']);
    const { lineage } = await readManifest(second.outputs.manifest);
    assert.deepEqual(
      lineage.map(({ id, sequence, target }) => ({ id, sequence, target })),
      [{ id: first.update.id, sequence: 1, target: first.target.digest }],
    );
  });

  test('from a manifest needs its base reference, and says so', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    await init(sides, '--empty');
    const { outputs } = await createUpdate(sides);
    const alone = join(sides.folder, 'alone.manifest.json');
    await copyFile(outputs.manifest, alone);
    await rm(join(sides.mirror, '.conda-diff'), { recursive: true });
    const { text } = await refuse('conda-diff-export', ['init', sides.mirror, '--from', alone], 2);
    assert.match(
      text,
      /update\.base\.json\.gz[^]*A manifest stands for a state only together with its base reference/,
    );
  });
});

describe('a state directory', () => {
  test('may stand elsewhere on both sides; lock and stage stay in the repository', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    const [ours, theirs] = [join(sides.folder, 'state/ours'), join(sides.folder, 'state/theirs')];
    await init(sides, '--empty', '--state-dir', ours);
    const { outputs } = await createUpdate(sides, '--state-dir', ours);
    await applyUpdate(sides, outputs.volume, '--state-dir', theirs);
    await assertSameTrees(sides);
    assert.deepEqual(
      (await listTree(theirs)).map(({ path }) => path),
      ['copy-ledger.json', 'receipts/1.json', 'reference.json'],
    );
    assert.ok(existsSync(join(ours, 'ledger.jsonl')));
    for (const name of ['ledger.jsonl', 'references', 'reference.json', 'copy-ledger.json', 'receipts'])
      for (const side of [sides.mirror, sides.copy])
        assert.ok(!existsSync(join(side, '.conda-diff', name)), name);
    assert.match((await refuse('conda-diff-export', ['create', sides.mirror], 2)).text, /It is not known/);
    await succeed('conda-diff-import', ['verify', sides.copy, '--state-dir', theirs]);
  });

  test('moves with its repository', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    await init(sides, '--empty');
    await cross(sides);
    const moved: Sides = {
      ...sides,
      mirror: join(sides.folder, 'new/mirror'),
      copy: join(sides.folder, 'new/copy'),
    };
    await mkdir(join(sides.folder, 'new'));
    await rename(sides.mirror, moved.mirror);
    await rename(sides.copy, moved.copy);
    await writeChannel(moved.mirror, two);
    assert.deepEqual(paths((await cross(moved)).files), ['linux-64/d-1.0-0.conda', 'linux-64/repodata.json']);
  });
});
