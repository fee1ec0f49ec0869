import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { writeCondaPackage } from '../../packaging/conda-package.js';
import { VERSION } from '../../shared/version.js';
import { fileScope, temporaryDirectory, writeChannel } from '../support/channel.js';
import { runHere } from '../support/in-process.js';
import { solveWithRattler } from '../support/rattler.js';
import { skipWithout } from '../support/run-command.js';
import { serve } from '../support/serve.js';

const WHEN = new Date('2026-01-02T03:04:05Z');
const scope = fileScope();
const skip = skipWithout('zstd', 'unzip', 'tar');

/** Unpacks a `.conda` with the usual commands: its members, and from them a prefix and the metadata. */
async function unpack(file: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stem = basename(file, '.conda');
  shell(folder, 'unzip', '-q', file);
  for (const part of ['pkg', 'info']) {
    await mkdir(join(folder, part));
    shell(folder, 'tar', '--zstd', '-xf', `${part}-${stem}.tar.zst`, '-C', part);
  }
}

function shell(cwd: string, command: string, ...words: string[]): void {
  const { status, stderr } = spawnSync(command, words, { cwd, encoding: 'utf8' });
  assert.equal(status, 0, `${command}: ${stderr}`);
}

async function succeed(name: 'conda-diff-export' | 'conda-diff-import', ...words: string[]): Promise<void> {
  const { code, stderr } = await runHere(name, words);
  assert.equal(code, 0, stderr);
}

interface Index {
  readonly name: string;
  readonly depends: readonly string[];
}

describe('the conda package', { skip }, async () => {
  if (skip !== false) return;
  const file = await writeCondaPackage(await temporaryDirectory(scope), WHEN);
  const opened = await temporaryDirectory(scope);
  await unpack(file, opened);
  const text = (path: string): Promise<string> => readFile(join(opened, path), 'utf8');
  const index = JSON.parse(await text('info/info/index.json')) as Index;

  it('says of itself what a client needs', async () => {
    assert.equal(basename(file), `conda-diff-${VERSION}-0.conda`);
    assert.deepEqual(JSON.parse(await text('metadata.json')), { conda_pkg_format_version: 2 });
    assert.deepEqual(index, {
      ...{ name: 'conda-diff', version: VERSION, build: '0', build_number: 0, depends: ['nodejs >=20'] },
      ...{ license: 'BSD-3-Clause', noarch: 'generic', subdir: 'noarch', timestamp: WHEN.getTime() },
      ...{ arch: null, platform: null },
    });
    assert.match(await text('info/info/licenses/LICENSE'), /Redistribution and use/);
    assert.match(await text('info/info/licenses/LICENCES'), /^commander /m);
    assert.match(await text('info/info/recipe/recipe.yaml'), /noarch: generic/);
  });

  it('lists every file as it is', async () => {
    const { paths } = JSON.parse(await text('info/info/paths.json')) as {
      paths: { _path: string; sha256: string; size_in_bytes: number }[];
    };
    assert.equal(await text('info/info/files'), paths.map(({ _path }) => `${_path}\n`).join(''));
    for (const { _path, sha256, size_in_bytes: size } of paths) {
      const content = await readFile(join(opened, 'pkg', _path));
      assert.equal(content.length, size);
      assert.equal(createHash('sha256').update(content).digest('hex'), sha256);
    }
    const listed = spawnSync('find', ['-type', 'f', '-printf', '%P\n'], {
      cwd: join(opened, 'pkg'),
      encoding: 'utf8',
    });
    assert.deepEqual(listed.stdout.trim().split('\n').sort(), paths.map(({ _path }) => _path).sort());
  });

  it('is mirrored, carried across, solved for, and runs', async (t) => {
    const here = await temporaryDirectory(t);
    const [mirror, copy] = [join(here, 'mirror'), join(here, 'copy')];
    await writeChannel(mirror, { noarch: [{ name: 'nodejs', version: '22.1.0' }], 'linux-64': [] });
    await publish(join(mirror, 'noarch'), file, index);
    await succeed('conda-diff-export', 'init', mirror, '--empty');
    await succeed('conda-diff-export', 'create', mirror, '-o', `${join(here, 'outbox')}/`);
    await succeed('conda-diff-import', join(here, 'outbox/default-1'), copy);

    const server = await serve(copy);
    t.after(() => server.close());
    const records = await solveWithRattler({
      ...{ channelUrls: [server.url], platform: 'linux-64', specs: ['conda-diff'] },
    });
    assert.deepEqual(
      records.map(({ name }) => name),
      ['conda-diff', 'nodejs'],
    );
    const [record] = records;
    const arrived = Buffer.from(await (await fetch(record?.url ?? '')).arrayBuffer());
    assert.equal(createHash('sha256').update(arrived).digest('hex'), record?.sha256);

    const cache = join(here, basename(file));
    await writeFile(cache, arrived);
    const installed = join(here, 'env');
    await unpack(cache, installed);
    for (const name of ['conda-diff-export', 'conda-diff-import', 'conda-diff-tar']) {
      const command = join(installed, 'pkg/bin', name);
      assert.equal((await stat(command)).mode & 0o777, 0o755);
      assert.equal(await start(command, '--version'), `conda-diff ${VERSION}\n`);
    }
    assert.match(await start(join(installed, 'pkg/bin/conda-diff-import'), 'verify', copy), /are right/);
  });

  it('comes out the same each time', async () => {
    const again = await writeCondaPackage(await temporaryDirectory(scope), WHEN);
    assert.deepEqual(await readFile(again), await readFile(file));
  });
});

/** Puts a package into an index directory, as conda-index does. */
async function publish(directory: string, file: string, index: Index): Promise<void> {
  const bytes = await readFile(file);
  const place = join(directory, 'repodata.json');
  const repodata = JSON.parse(await readFile(place, 'utf8')) as { 'packages.conda': Record<string, object> };
  const hash = (kind: string): string => createHash(kind).update(bytes).digest('hex');
  const record = { ...index, size: bytes.length, sha256: hash('sha256'), md5: hash('md5') };
  repodata['packages.conda'][basename(file)] = record;
  await writeFile(join(directory, basename(file)), bytes);
  await writeFile(place, JSON.stringify(repodata));
}

/** Starts a command as a shell does, with this Node on the PATH. */
async function start(command: string, ...words: string[]): Promise<string> {
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`;
  const { stdout } = await promisify(execFile)(command, words, { env: { ...process.env, PATH } });
  return stdout;
}
