import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { copyTree, temporaryDirectory } from '../support/channel.js';
import { runHere } from '../support/in-process.js';
import { mirrorState } from './scenarios/history.js';
import { solveWithRattler } from '../support/rattler.js';
import { parse } from '../support/read-repodata.js';
import { serve } from '../support/serve.js';
import {
  applyUpdate,
  assertReference,
  assertSameReferences,
  assertSameTrees,
  contents,
  type Created,
  createUpdate,
  cross,
  init,
  refuse,
  retired,
  type Sides,
  succeed,
  trackedContents,
  twoSides,
  visibleTree,
} from './two-sides.js';

const channels = process.env.CONDA_DIFF_CHANNELS;
const skip =
  channels === undefined &&
  'needs real channels: CONDA_DIFF_CHANNELS=<folder with jancaha-channel, pixi, …> npm run run-tests';
const folder = resolve(channels ?? '.');
const jancaha = join(folder, 'jancaha-channel');
/** The published states, oldest first. */
const states = skip ? [] : readdirSync(jancaha).sort();

/** What `sha256sum | LC_ALL=C sort -k2 | sha256sum` gives for the visible files of a folder. */
function coreutilsDigest(root: string, without: Readonly<Record<string, string>> = {}): string {
  const others = Object.keys(without).map((path) => `-not -path './${path}'`);
  const find = `find . -type f -not -path '*/.*' ${others.join(' ')} -printf '%P\\0'`;
  const command = `${find} | xargs -0 sha256sum | LC_ALL=C sort -k2 | sha256sum`;
  return execFileSync('bash', ['-o', 'pipefail', '-c', command], { cwd: root, encoding: 'utf8' }).slice(
    0,
    64,
  );
}

/** Moves a repository to a path that nobody has seen before. */
async function moved(path: string, step: number): Promise<string> {
  const place = join(dirname(dirname(path)), `place-${String(step)}`, basename(path));
  await mkdir(dirname(place), { recursive: true });
  await rename(path, place);
  return place;
}

/** Both sides below a folder of their own, so that they can be moved. */
async function movableSides(t: TestContext): Promise<Sides> {
  const sides = await twoSides(t);
  const mirror = join(sides.folder, 'place-0/mirror');
  await mkdir(mirror, { recursive: true });
  return { ...sides, mirror, copy: join(sides.folder, 'place-0/copy') };
}

function forthAndBack(): string[] {
  return [...states, ...states.slice(0, -1).reverse()].map((state) => join(jancaha, state));
}

describe('real channels', { skip, concurrency: 2 }, () => {
  test('seven states of a channel cross forwards and backwards, from moving places', async (t) => {
    let sides = await movableSides(t);
    const state = { mirror: '.conda-diff/kept here', copy: '.conda-diff/kept there' };
    const flags = (side: 'mirror' | 'copy'): string[] => ['--state-dir', join(sides[side], state[side])];
    await init(sides, '--empty', ...flags('mirror'));
    let replaced = 0;
    for (const [step, source] of forthAndBack().entries()) {
      await mirrorState(sides.mirror, source);
      const created = await createUpdate(sides, '--allow-removals', ...flags('mirror'));
      const imported = await applyUpdate(sides, created.outputs.volume, ...flags('copy'));
      assert.equal(imported.outcome, 'apply');
      assert.equal(imported.target.digest, created.target.digest);
      await assertSameTrees(sides);
      assert.deepEqual(await trackedContents(sides.copy), await contents(source));
      const own = join(sides.folder, 'reference.json');
      await succeed('conda-diff-export', ['reference', sides.mirror, '-o', own, '-q', ...flags('mirror')]);
      const theirs = join(sides.copy, state.copy, 'reference.json');
      execFileSync('cmp', [own, theirs]);
      assert.equal(coreutilsDigest(sides.mirror), created.target.digest);
      assert.equal(coreutilsDigest(sides.copy, await retired(sides.copy)), created.target.digest);
      replaced += created.files.filter((file) => file.kind === 'artifact' && 'replaces' in file).length;
      sides = {
        ...sides,
        mirror: await moved(sides.mirror, step + 1),
        copy: await moved(sides.copy, step + 1),
      };
    }
    assert.ok(replaced >= 42, `only ${String(replaced)} artifacts were replaced under their names`);
  });

  test('the way back needs --allow-removals, since a subdir goes', async (t) => {
    const sides = await twoSides(t);
    await init(sides, '--empty');
    await mirrorState(sides.mirror, join(jancaha, states[1] ?? ''));
    await cross(sides);
    await mirrorState(sides.mirror, join(jancaha, states[0] ?? ''));
    const { text } = await refuse('conda-diff-export', ['create', sides.mirror, '-o', sides.outbox], 10);
    assert.match(text, /osx-arm64\/repodata\.json is gone, the base had 1 artifact\b/);
    assert.match(text, /--allow-removals/);
    await cross(sides, '--allow-removals');
    const waiting = Object.keys(await retired(sides.copy)).filter((path) => path.startsWith('osx-arm64/'));
    const left = await readdir(join(sides.copy, 'osx-arm64'));
    assert.deepEqual(
      left.map((name) => `osx-arm64/${name}`),
      waiting,
    );
    await succeed('conda-diff-import', ['gc', sides.copy, '--older-than', '0m']);
    assert.ok(!existsSync(join(sides.copy, 'osx-arm64')));
    assert.deepEqual(await contents(sides.copy), await contents(sides.mirror));
  });

  test('seven states cross forwards with plain tar in place of the importer', async (t) => {
    const sides = await twoSides(t);
    await mkdir(sides.copy);
    await init(sides, '--empty');
    for (const state of states) {
      await mirrorState(sides.mirror, join(jancaha, state));
      const created = await createUpdate(sides, '--allow-removals');
      execFileSync('tar', ['xf', created.outputs.volume, '-C', sides.copy]);
      for (const path of created.removed) await rm(join(sides.copy, path));
      await assertSameTrees(sides);
      const [own, theirs] = [join(sides.folder, 'own.json'), join(sides.folder, 'theirs.json')];
      await succeed('conda-diff-export', ['reference', sides.mirror, '-o', own, '-q']);
      await succeed('conda-diff-import', ['reference', sides.copy, '-o', theirs, '-q']);
      execFileSync('cmp', [own, theirs]);
      assert.equal(coreutilsDigest(sides.copy), created.target.digest);
    }
  });

  test('a conda client solves from a channel that crossed, and the files are those it names', async (t) => {
    const sides = await twoSides(t);
    await copyTree(join(folder, 'pixi/dummy_channel_1'), sides.mirror);
    await init(sides, '--empty');
    await cross(sides);
    const server = await serve(sides.copy);
    t.after(() => server.close());
    const request = {
      channelUrls: [server.url],
      platform: 'linux-64',
      specs: ['dummy-a', 'dummy-g', 'pixi-foobar'],
    };
    const records = await solveWithRattler(request);
    assert.ok(records.length >= 3);
    for (const name of request.specs)
      assert.ok(
        records.some((record) => record.name === name),
        name,
      );
    for (const { url, sha256, size } of records) {
      assert.ok(url.startsWith(`${server.url}/`), url);
      const response = await fetch(url);
      assert.equal(response.status, 200, url);
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(bytes.length, size);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
    }
  });

  test('both formats of a package cross; records without a file are named, or stated as absent', async (t) => {
    const sides = await twoSides(t);
    await copyTree(join(folder, 'conda-format-repo'), sides.mirror);
    await init(sides, '--empty');
    const { text, details } = await refuse(
      'conda-diff-export',
      ['create', sides.mirror, '-o', sides.outbox],
      10,
    );
    assert.equal(details.length, 4, text);
    assert.ok(!existsSync(sides.outbox));
    for (const path of details) assert.ok(!existsSync(join(sides.mirror, path)), path);
    const created = await createUpdate(sides, '--allow-incomplete');
    assert.deepEqual(created.missing, details);
    const imported = await applyUpdate(sides, created.outputs.manifest);
    assert.deepEqual(imported.absent, details);
    await assertSameTrees(sides);
    await assertReference(sides.copy, created.target.digest);
    await assertSameReferences(sides);
    const paths = (await visibleTree(sides.copy)).map(({ path }) => path);
    for (const subdir of ['win-32', 'win-64', 'osx-64', 'linux-64']) {
      const artifacts = paths.filter((path) => path.startsWith(`${subdir}/zlib-`));
      assert.deepEqual(
        artifacts.map((path) => path.replace(/^.*_3/, '')),
        ['.conda', '.tar.bz2'],
      );
    }
  });
});

const limits = { timeoutMs: 30_000 };
/** Those that are refused, and what is said of them; `reference` tells the state of the second all the same. */
const REFUSED: ReadonlyMap<string, RegExp> = new Map([
  [
    'html-error-page/archive_linux-aarch64_is_html.json',
    /^noarch\/repodata\.json is not valid repodata: expected '\{' at byte 0, found '<'$/m,
  ],
  [
    'rattler/dummy-no-conda-packages/linux-64/repodata.json',
    /^"noarch\/baz-1\.0-unix_py36h1af98f8_2\\u0000\.tar\.bz2" has a backslash or a control character$/m,
  ],
]);

describe('real index files', { skip, concurrency: 2 }, () => {
  const indexes = resolve(folder, '../repodata');
  const files =
    skip || !existsSync(indexes) ? [] : readdirSync(indexes, { recursive: true, encoding: 'utf8' });
  for (const name of files.filter((file) => file.endsWith('.json')).sort()) {
    test(name, async (t) => {
      const root = await temporaryDirectory(t);
      await mkdir(join(root, 'mirror/noarch'), { recursive: true });
      const source = join(indexes, name);
      const variants = ['.zst', '.bz2', '.gz'].filter((encoding) => existsSync(source + encoding));
      for (const encoding of ['', ...variants])
        await copyFile(source + encoding, join(root, `mirror/noarch/repodata.json${encoding}`));
      const reference = ['reference', join(root, 'mirror'), '-o', join(root, 'reference.json')];
      const create = ['create', join(root, 'mirror'), '--base', 'empty', '--allow-incomplete', '--dry-run'];
      const refused = REFUSED.get(name);
      if (refused !== undefined) {
        assert.match((await refuse('conda-diff-export', create, 10, limits)).text, refused);
        const state = await runHere('conda-diff-export', reference, limits);
        assert.ok(
          state.code === 0 || (state.code === 10 && refused.test(state.stderr.replace(/^.*?: /, ''))),
        );
        return;
      }
      const { digest } = (await succeed('conda-diff-export', [...reference, '--json'], limits)).json<{
        digest: string;
      }>();
      assert.equal(digest, coreutilsDigest(join(root, 'mirror')));
      const created = (await succeed('conda-diff-export', [...create, '--json'], limits)).json<Created>();
      assert.equal(created.target.digest, digest);
      const { buckets, baseUrl } = parse(await readFile(source, 'utf8'));
      if (baseUrl !== undefined || [...buckets.keys()].some((bucket) => bucket.startsWith('v3.'))) return;
      const named = [...buckets.values()].flatMap((records) => [...records.keys()]);
      assert.deepEqual(created.missing, [...new Set(named)].map((key) => `noarch/${key}`).sort());
    });
  }
});
