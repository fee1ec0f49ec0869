import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type ChannelSpec, writeChannel } from '../support/channel.js';
import {
  applyUpdate,
  assertSameReferences,
  assertSameTrees,
  contents,
  createUpdate,
  cross,
  init,
  refuse,
  succeed,
  twoSides,
} from './two-sides.js';

const one: ChannelSpec = { noarch: [{ name: 'a' }], 'linux-64': [{ name: 'c' }], 'win-64': [{ name: 'w' }] };

const paths = (files: readonly { readonly path: string }[]): string[] => files.map(({ path }) => path);

describe('globs', { concurrency: 2 }, () => {
  test('keep files out of the state; the site remembers them, and the importer uses them', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one, { channeldata: true });
    await init(sides, '--empty', '--ignore', 'win-64/**', '--ignore', '*/no-such');
    const first = await createUpdate(sides);
    assert.deepEqual(
      paths(first.files).filter((path) => path.startsWith('win-64')),
      [],
    );
    assert.equal(first.files.length, 5);
    await applyUpdate(sides, first.outputs.volume);
    await mkdir(join(sides.copy, 'win-64'));
    await writeFile(join(sides.copy, 'win-64/repodata.json'), '{}'); // of the other side's own making
    await writeChannel(
      sides.mirror,
      { ...one, noarch: [{ name: 'a' }, { name: 'b' }] },
      { channeldata: true },
    );
    const second = await createUpdate(sides);
    assert.deepEqual(paths(second.files), [
      'noarch/b-1.0-0.conda',
      'noarch/repodata.json',
      'channeldata.json',
    ]);
    await applyUpdate(sides, second.outputs.volume);
    await assertSameReferences(sides);
  });

  test('that come later release files: they stay on the copy and are not tracked any more', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    await mkdir(join(sides.mirror, 'keys'));
    await writeFile(join(sides.mirror, 'keys/team.asc'), 'key 1');
    await init(sides, '--empty', '--include', 'keys/*.asc');
    const first = await cross(sides);
    assert.ok(paths(first.files).includes('keys/team.asc'));
    await writeChannel(sides.mirror, { ...one, 'linux-64': [{ name: 'c', files: { x: 'new' } }] });
    const second = await createUpdate(sides, '--ignore', 'win-64/**', '--no-include');
    assert.deepEqual(second.released, ['keys/team.asc', 'win-64/repodata.json', 'win-64/w-1.0-0.conda']);
    assert.deepEqual(second.removed, []);
    await applyUpdate(sides, second.outputs.volume);
    await assertSameTrees(sides);
    await writeFile(join(sides.mirror, 'keys/team.asc'), 'key 2');
    assert.equal((await createUpdate(sides)).outcome, 'no-difference');
    await writeChannel(sides.mirror, { ...one, 'win-64': [{ name: 'w' }, { name: 'v' }] });
    const third = await cross(sides, '--no-ignore', '--include', 'keys/*.asc');
    assert.equal(third.target.count, 8);
    await assertSameReferences(sides);
  });

  test('that are no paths below the repository are refused', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    for (const glob of ['/noarch/*', '!noarch', '']) {
      const args = ['create', sides.mirror, '--base', 'empty', '--dry-run', `--include=${glob}`];
      assert.match(
        (await refuse('conda-diff-export', args, 2)).text,
        /is not a path pattern relative to the repository/,
      );
    }
  });
});

describe('conda-diff.yaml', { concurrency: 2 }, () => {
  test('sets what flags do not; its paths are relative to it', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    const config = join(sides.folder, 'conf/conda-diff.yaml');
    await mkdir(join(sides.folder, 'conf'));
    const settings = [
      'repository: ../mirror',
      'output: ../outbox/',
      "ignore: ['win-64/**']",
      'state-dir: ../state',
    ];
    await writeFile(config, `${settings.join('\n')}\n`);
    await succeed('conda-diff-export', ['init', '--empty', '--config', config]);
    await succeed('conda-diff-export', ['create', '--config', config], { cwd: sides.mirror });
    assert.ok(existsSync(join(sides.folder, 'state/ledger.jsonl')));
    await applyUpdate(sides, join(sides.outbox, 'default-1'));
    assert.equal(Object.keys(await contents(sides.copy)).length, 4);
    const flags = [
      'create',
      sides.mirror,
      '--config',
      config,
      '--base',
      'empty',
      '--no-ignore',
      '-o',
      join(sides.folder, 'all.tar'),
    ];
    await succeed('conda-diff-export', flags);
    const other = { ...sides, copy: join(sides.folder, 'other') };
    await applyUpdate(other, join(sides.folder, 'all.tar'));
    await assertSameTrees(other);
    const copy = join(sides.folder, 'copy.yaml');
    await writeFile(copy, 'repository: other\n');
    await succeed('conda-diff-import', ['verify', '--config', copy]);
  });

  test('with an unknown key, a wrong type or no YAML is refused, and is never looked for', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, one);
    const config = join(sides.folder, 'conda-diff.yaml');
    for (const [text, said] of [
      [
        'repositry: mirror',
        /conda-diff\.yaml: there is no setting 'repositry'\n[^]*Did you mean 'repository'\?/,
      ],
      ['repository: mirror\nignore: 5', /conda-diff\.yaml[^]*ignore/],
      ['repository: [', /conda-diff\.yaml is not YAML/],
      ['- a list', /conda-diff\.yaml/],
    ] as const) {
      await writeFile(config, text);
      const { message, text: all } = await refuse('conda-diff-export', ['create', '--config', config], 2);
      assert.match(all, said, message);
    }
    for (const folder of [sides.folder, sides.mirror]) {
      await writeFile(join(folder, 'conda-diff.yaml'), 'repositry: wrong');
      await succeed('conda-diff-export', ['show', sides.mirror, '--base', 'empty'], { cwd: folder });
    }
    const missing = await refuse(
      'conda-diff-export',
      ['create', '--config', join(sides.folder, 'none.yaml')],
      15,
    );
    assert.match(missing.text, /none\.yaml/);
  });
});
