import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type ChannelSpec, listTree, writeChannel } from '../support/channel.js';
import { buildConda } from '../support/conda-package.js';
import { skipWithout } from '../support/run-command.js';
import {
  applyUpdate,
  assertReference,
  assertSameReferences,
  assertSameTrees,
  contents,
  createUpdate,
  cross,
  init,
  refuse,
  retired,
  type Sides,
  succeed,
  twoSides,
} from './two-sides.js';

const one: ChannelSpec = { noarch: [{ name: 'a' }, { name: 'b' }], 'linux-64': [{ name: 'c' }] };
/** One package replaced under its name, one removed, one added. */
const two: ChannelSpec = {
  noarch: [{ name: 'a', files: { x: 'new' } }],
  'linux-64': [{ name: 'c' }, { name: 'd' }],
};

const paths = (files: readonly { readonly path: string }[]): string[] => files.map(({ path }) => path);

async function writeJson(file: string, value: unknown): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, JSON.stringify(value));
}

/** Writes a package file and returns what a record says of it. */
async function writePackage(file: string, name: string): Promise<{ sha256: string; size: number }> {
  const { bytes } = buildConda({ name });
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, bytes);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
}

describe('a repository', { concurrency: 2 }, () => {
  test('holds several channels and a label channel, each of which may change and go', async (t) => {
    const sides = await twoSides(t);
    const at = (channel: string): string => join(sides.mirror, channel);
    for (const channel of ['main', 'extra/deep', 'main/label/dev'])
      await writeChannel(at(channel), one, { channeldata: true, zst: true });
    await writeFile(join(sides.mirror, 'README.txt'), 'not tracked');
    await init(sides, '--empty');
    const first = await createUpdate(sides);
    assert.equal(first.files.length, 3 * 8);
    await applyUpdate(sides, first.outputs.volume);
    await writeChannel(at('main/label/dev'), two, { channeldata: true, zst: true });
    await rm(at('extra'), { recursive: true });
    await rm(join(sides.mirror, 'README.txt'));
    const second = await cross(sides, '--allow-removals');
    assert.deepEqual(
      paths(second.files).filter((path) => !path.startsWith('main/label/dev/')),
      [],
    );
    assert.deepEqual(
      (await listTree(join(sides.copy, 'extra'))).map(({ path }) => `extra/${path}`),
      Object.keys(await retired(sides.copy)).filter((path) => path.startsWith('extra/')),
    );
    await writeChannel(at('main'), { ...one, noarch: [{ name: 'a' }] }, { channeldata: true, zst: true });
    await cross(sides, '--allow-removals');
    assert.deepEqual(await readdir(sides.copy), ['.conda-diff', 'main']);
    await assertSameReferences(sides);
  });

  test('may itself be an index directory, and hold its own updates', async (t) => {
    const own = await twoSides(t);
    const sides = { ...own, mirror: join(own.folder, 'channel/mirror') };
    await writeChannel(join(own.folder, 'channel'), { mirror: [{ name: 'a' }] }, { zst: true });
    await init(sides, '--empty');
    const first = await succeed('conda-diff-export', ['create', '.'], { cwd: sides.mirror });
    assert.match(first.stdout, /^Wrote: .*\/mirror\/update\.tar\n[^]*Update 1 carries 3 files/);
    await applyUpdate(sides, sides.mirror);
    assert.deepEqual(Object.keys(await contents(sides.copy)), [
      'a-1.0-0.conda',
      'repodata.json',
      'repodata.json.zst',
    ]);
    const again = await succeed('conda-diff-export', ['create', '.'], { cwd: sides.mirror });
    assert.match(again.stdout, /^No difference/);
    const more = { mirror: [{ name: 'a' }, { name: 'b' }] };
    await writeChannel(join(own.folder, 'channel'), more, { zst: true });
    const second = await createUpdate(sides, '-o', join(sides.mirror, 'outbox/'));
    assert.deepEqual(paths(second.files), ['b-1.0-0.conda', 'repodata.json.zst', 'repodata.json']);
    await applyUpdate(sides, join(sides.mirror, 'outbox/default-2'));
    await assertSameReferences(sides);
  });

  test('never tracks updates and references that are written into it', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    await init(sides, '--empty');
    await succeed('conda-diff-export', ['create', sides.mirror, '-o', join(sides.mirror, 'update.tar')]);
    await succeed('conda-diff-export', ['reference', '.'], { cwd: sides.mirror });
    await applyUpdate(sides, join(sides.mirror, 'update.tar'));
    await copyFile(join(sides.mirror, 'update.tar'), join(sides.mirror, 'noarch/update.tar'));
    await copyFile(join(sides.mirror, 'reference.json'), join(sides.mirror, 'noarch/reference.json'));
    const second = await createUpdate(sides, '-o', join(sides.mirror, 'outbox/'));
    assert.equal(second.outcome, 'no-difference');
    await assertReference(sides.copy, second.target.digest);
  });

  test('may hold links: those that stay inside are read through, others are reported', async (t) => {
    const sides = await twoSides(t);
    const outside = join(sides.folder, 'outside');
    await writeChannel(join(sides.mirror, 'v1'), one);
    await writeChannel(outside, one);
    await symlink('v1', join(sides.mirror, 'latest'));
    await symlink('repodata.json', join(sides.mirror, 'v1/noarch/repodata_from_packages.json'));
    await symlink(outside, join(sides.mirror, 'elsewhere'));
    await symlink('nowhere', join(sides.mirror, 'broken'));
    await symlink('..', join(sides.mirror, 'v1/circle'));
    await init(sides, '--empty');
    const { stderr } = await succeed('conda-diff-export', ['create', sides.mirror, '-o', sides.outbox]);
    assert.match(stderr, /^Symbolic links that lead out of the repository or nowhere, left out: 4 \(/m);
    assert.ok(stderr.includes(`elsewhere -> ${outside}`), stderr);
    await applyUpdate(sides, join(sides.outbox, 'default-1'));
    const copied = await contents(sides.copy);
    assert.deepEqual(Object.keys(copied).length, 2 * 6);
    assert.equal(copied['latest/noarch/a-1.0-0.conda'], copied['v1/noarch/a-1.0-0.conda']);
    assert.ok(!(await stat(join(sides.copy, 'latest'))).isSymbolicLink());
    await assertSameReferences(sides);
  });

  test('may keep artifacts elsewhere: relative base_url is followed, absolute ones are external', async (t) => {
    const sides = await twoSides(t);
    const { mirror } = sides;
    const a = await writePackage(join(mirror, 'pool/a-1.0-0.conda'), 'a');
    await writeJson(join(mirror, 'linux-64/repodata.json'), {
      info: { subdir: 'linux-64', base_url: '../pool/' },
      'packages.conda': { 'a-1.0-0.conda': a },
    });
    await writeJson(join(mirror, 'noarch/repodata.json'), {
      info: { subdir: 'noarch', base_url: 'https://example.org/noarch/' },
      'packages.conda': { 'far-1.0-0.conda': a },
    });
    await init(sides, '--empty');
    const created = await cross(sides);
    assert.deepEqual(paths(created.files), [
      'pool/a-1.0-0.conda',
      'linux-64/repodata.json',
      'noarch/repodata.json',
    ]);
    assert.deepEqual(created.missing, []);
    await assertSameReferences(sides);
    await writePackage(join(mirror, 'pool/a-1.0-0.conda'), 'b');
    const { text } = await refuse('conda-diff-export', ['verify', mirror], 13);
    assert.match(text, /pool\/a-1\.0-0\.conda: expected/);
  });

  test('keeps artifacts that its index calls removed, for as long as they are on disk', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    await init(sides, '--empty');
    await cross(sides);
    const removed = { noarch: ['b-1.0-0.conda', 'never-there-1.0-0.conda'] };
    await writeChannel(sides.mirror, { ...one, noarch: [{ name: 'a' }] }, { removed });
    const second = await cross(sides);
    assert.deepEqual([paths(second.files), second.removed], [['noarch/repodata.json'], []]);
    assert.ok(existsSync(join(sides.copy, 'noarch/b-1.0-0.conda')));
    await rm(join(sides.mirror, 'noarch/b-1.0-0.conda'));
    const third = await createUpdate(sides, '--allow-removals');
    assert.deepEqual(third.removed, ['noarch/b-1.0-0.conda']);
  });

  test('may have v3 records: keys without extension, other extensions, wheels at relative URLs', async (t) => {
    const sides = await twoSides(t);
    const { mirror } = sides;
    const a = await writePackage(join(mirror, 'noarch/a-1.0-0.conda'), 'a');
    const z = await writePackage(join(mirror, 'noarch/z-1.0-0.zipx'), 'z');
    const w = await writePackage(join(mirror, 'noarch/wheels/w-1.0-py3-none-any.whl'), 'w');
    const fn = await writePackage(join(mirror, 'noarch/v-1.0-py3-none-any.whl'), 'v');
    await writeJson(join(mirror, 'noarch/repodata.json'), {
      v3: {
        conda: { 'a-1.0-0': a },
        zipx: { 'z-1.0-0': z },
        whl: {
          'w-1.0-0': { ...w, url: 'wheels/w-1.0-py3-none-any.whl' },
          'v-1.0-0': { ...fn, fn: 'v-1.0-py3-none-any.whl' },
          'far-1.0-0': { ...w, url: 'https://files.example.org/far-1.0-py3-none-any.whl' },
        },
      },
    });
    await init(sides, '--empty');
    const created = await cross(sides);
    assert.deepEqual(
      created.files.map(({ path, kind }) => `${kind} ${path}`),
      [
        'artifact noarch/a-1.0-0.conda',
        'artifact noarch/v-1.0-py3-none-any.whl',
        'artifact noarch/wheels/w-1.0-py3-none-any.whl',
        'artifact noarch/z-1.0-0.zipx',
        'index noarch/repodata.json',
      ],
    );
    await writeFile(join(mirror, 'noarch/z-1.0-0.zipx'), Buffer.alloc(z.size));
    assert.match(
      (await refuse('conda-diff-export', ['verify', mirror], 13)).text,
      /z-1\.0-0\.zipx: expected sha256/,
    );
  });
});

describe('index variants', { concurrency: 2 }, () => {
  const options = { zst: true, gz: true, current: true, shards: 'shards' } as const;

  async function withVariants(sides: Sides): Promise<void> {
    await writeChannel(sides.mirror, one, options);
    await init(sides, '--empty');
    await cross(sides);
  }

  test('that are not written any more go from the copy in the burst, before the new repodata.json comes', async (t) => {
    const sides = await twoSides(t);
    await withVariants(sides);
    await writeChannel(sides.mirror, two);
    const created = await createUpdate(sides, '--allow-removals');
    const { plan = [] } = await applyUpdate(sides, created.outputs.volume, '--dry-run');
    const burst = plan.filter(({ step }) => step === 4).map(({ action, path }) => `${action} ${path}`);
    const variants = [
      'repodata.json.zst',
      'repodata.json.gz',
      'current_repodata.json.zst',
      'current_repodata.json.gz',
      'current_repodata.json',
    ];
    assert.deepEqual(burst, [
      'publish noarch/a-1.0-0.conda',
      ...variants.flatMap((name) => [`remove linux-64/${name}`, `remove noarch/${name}`]),
      'publish linux-64/repodata.json',
      'publish noarch/repodata.json',
      'remove linux-64/repodata_shards.msgpack.zst',
      'remove noarch/repodata_shards.msgpack.zst',
    ]);
    assert.deepEqual(
      plan.map(({ step }) => step),
      plan.map(({ step }) => step).sort(),
    );
    await applyUpdate(sides, created.outputs.volume);
    await assertSameTrees(sides);
    await assertSameReferences(sides);
  });

  test('that begin to be written cross, and come in the burst, too', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    await init(sides, '--empty');
    await cross(sides);
    await writeChannel(sides.mirror, one, options);
    const created = await createUpdate(sides);
    const { plan = [] } = await applyUpdate(sides, created.outputs.volume, '--dry-run');
    assert.deepEqual(new Set(plan.map(({ step }) => step)), new Set([2, 4]));
    assert.equal(plan.at(-1)?.path, 'noarch/repodata_shards.msgpack.zst');
    await applyUpdate(sides, created.outputs.volume);
    await assertSameTrees(sides);
  });

  for (const [left, said] of [
    ['repodata.json.zst', /noarch\/repodata\.json\.zst names noarch\/b-1\.0-0\.conda, which is not tracked/],
    ['repodata.json.gz', /noarch\/repodata\.json\.gz: noarch\/a-1\.0-0\.conda: expected sha256/],
    ['repodata.json.bz2', /noarch\/repodata\.json\.bz2 names noarch\/b-1\.0-0\.conda, which is not tracked/],
    ['current_repodata.json', /noarch\/current_repodata\.json names noarch\/b-1\.0-0\.conda/],
    [
      'repodata_shards.msgpack.zst',
      /noarch\/shards\/[0-9a-f]{64}\.msgpack\.zst names noarch\/b-1\.0-0\.conda/,
    ],
  ] as const) {
    const skip = left.endsWith('.bz2') && skipWithout('bzip2');
    test(`that a mirror left behind stale are refused: ${left}`, { skip }, async (t) => {
      const sides = await twoSides(t);
      const all = { ...options, bz2: left.endsWith('.bz2') };
      await writeChannel(sides.mirror, one, all);
      const kept = join(sides.folder, 'kept');
      await rename(join(sides.mirror, 'noarch'), kept);
      await writeChannel(sides.mirror, two);
      await rename(join(kept, left), join(sides.mirror, 'noarch', left));
      if (left.includes('shards')) await rename(join(kept, 'shards'), join(sides.mirror, 'noarch/shards'));
      const create = ['create', sides.mirror, '--base', 'empty', '-o', sides.outbox];
      const { text } = await refuse('conda-diff-export', create, 10);
      assert.match(text, said);
      assert.match(text, /Let the mirror index again; delete variants that it does not write any more/);
    });
  }

  test('in shards beside the index cross, and go when nothing names them', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one, { shards: 'beside', zst: true });
    await init(sides, '--empty');
    const first = await cross(sides);
    assert.equal(first.files.filter(({ kind }) => kind === 'shard').length, 3);
    await writeChannel(sides.mirror, two, { shards: 'beside', zst: true });
    const second = await cross(sides, '--allow-removals');
    assert.equal(second.removed.filter((path) => path.endsWith('.msgpack.zst')).length, 2);
    await writeFile(join(sides.mirror, 'noarch', `${'0'.repeat(64)}.msgpack.zst`), 'no index names it');
    assert.equal((await createUpdate(sides)).outcome, 'no-difference');
    const shard = second.files.find(({ kind }) => kind === 'shard')?.path ?? '';
    await writeFile(join(sides.mirror, shard), (await readFile(join(sides.mirror, shard))).reverse());
    const { text } = await refuse('conda-diff-export', ['verify', sides.mirror], 13);
    assert.ok(text.includes(`${shard}: expected sha256`), text);
  });

  test('without a repodata.json are reported and not tracked', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one, { zst: true });
    await init(sides, '--empty');
    await rm(join(sides.mirror, 'linux-64/repodata.json'));
    const { stderr } = await succeed('conda-diff-export', ['create', sides.mirror, '-o', sides.outbox]);
    assert.match(stderr, /^Directories with index variants but no repodata\.json: 1 \(linux-64\)$/m);
    await applyUpdate(sides, join(sides.outbox, 'default-1'));
    assert.deepEqual(
      (await listTree(sides.copy)).filter(({ path }) => path.startsWith('linux-64')),
      [],
    );
  });
});
