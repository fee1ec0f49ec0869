import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryDirectory } from './channel.js';
import {
  buildConda,
  buildTarBz2,
  indexJson,
  zstdFrame,
  type Artifact,
  type PackageSpec,
} from './conda-package.js';
import { skipWithout } from './run-command.js';

const spec: PackageSpec = {
  name: 'demo',
  version: '1.2',
  build: 'h0_3',
  buildNumber: 3,
  depends: ['lib >=1'],
  subdir: 'linux-64',
  files: {
    'share/größe.txt': 'ß\n',
    [`share/${'deep/'.repeat(50)}${'n'.repeat(120)}`]: 'long path\n',
    'bin/demo': '#!/bin/sh\necho demo\n',
    'lib/big.bin': Buffer.alloc(300_000, 'more than two zstd blocks '),
    'share/empty': '',
  },
};

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function save(
  t: TestContext,
  { fileName, bytes }: Artifact,
): Promise<{ folder: string; file: string }> {
  const folder = await temporaryDirectory(t);
  const file = join(folder, fileName);
  await writeFile(file, bytes);
  return { folder, file };
}

/** The package's files and its index.json are in the folder it was unpacked to. */
async function assertUnpacked(folder: string): Promise<void> {
  for (const [path, content] of Object.entries(spec.files ?? {})) {
    assert.deepEqual(await readFile(join(folder, path)), Buffer.from(content), path);
  }
  const index: unknown = JSON.parse(await readFile(join(folder, 'info/index.json'), 'utf8'));
  assert.deepEqual(index, indexJson(spec));
}

test('unzip, zstd and tar read a built .conda', { skip: skipWithout('unzip', 'zstd', 'tar') }, async (t) => {
  const { folder, file } = await save(t, buildConda(spec));
  assert.match(run('unzip', '-t', file), /No errors detected/);
  run('unzip', '-q', file, '-d', folder);
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'metadata.json'), 'utf8')), {
    conda_pkg_format_version: 2,
  });
  for (const part of ['pkg', 'info']) {
    const archive = join(folder, `${part}-demo-1.2-h0_3.tar`);
    run('zstd', '-q', '-t', `${archive}.zst`);
    run('zstd', '-q', '-d', `${archive}.zst`);
    run('tar', '-xf', archive, '-C', folder);
  }
  await assertUnpacked(folder);
});

test('bzip2 and tar read a built .tar.bz2', { skip: skipWithout('bzip2', 'tar') }, async (t) => {
  const { folder, file } = await save(t, buildTarBz2(spec));
  run('bzip2', '-t', file);
  run('tar', '-xjf', file, '-C', folder);
  await assertUnpacked(folder);
});

test(
  'zstd gives back what a frame holds, at every edge of a block',
  { skip: skipWithout('zstd') },
  async (t) => {
    const folder = await temporaryDirectory(t);
    for (const size of [0, 1, 131_071, 131_072, 131_073, 262_144, 300_000]) {
      const file = join(folder, `${size}.zst`);
      const content = Buffer.alloc(size, `${size} `);
      await writeFile(file, zstdFrame(content));
      run('zstd', '-q', '-d', file);
      assert.deepEqual(await readFile(join(folder, `${size}`)), content);
      assert.match(run('zstd', '-lv', file), new RegExp(`Decompressed Size: .*\\(${size} B\\)`));
    }
  },
);

test('the same specification gives the same bytes, other content other bytes under the same name', () => {
  const [first, second] = [buildConda(spec), buildConda({ ...spec })];
  assert.deepEqual(first, second);
  const other = buildConda({ ...spec, files: { 'share/x': 'other' } });
  assert.equal(other.fileName, 'demo-1.2-h0_3.conda');
  assert.ok(!other.bytes.equals(first.bytes));
});
