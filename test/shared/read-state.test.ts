import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { type Globs, NO_GLOBS } from '../../shared/globs.js';
import { HashCache } from '../../shared/hash-cache.js';
import { type ReadOptions, readState, type Survey } from '../../shared/read-state.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory, writeChannel } from '../support/channel.js';
import { zstdFrame } from '../support/conda-package.js';
import { rejects } from '../support/refusal.js';
import { type Contents, stateOfContents, writeFiles } from '../support/update.js';

const SHARD = `${hashOf('a shard')}.msgpack.zst`;

async function survey(root: string, options: Partial<ReadOptions> = {}): Promise<Survey> {
  return readState(root, { globs: NO_GLOBS, cache: await HashCache.open(root), ...options });
}

/** A repository with these files; an object is written as JSON. */
async function repository(t: TestContext, files: Readonly<Record<string, unknown>>): Promise<string> {
  const root = await temporaryDirectory(t);
  const texts = Object.entries(files).map(([path, value]) => [
    path,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  await writeFiles(root, Object.fromEntries(texts) as Contents);
  return root;
}

const tracked = ({ state, kindOf }: Survey): string[] =>
  [...state].map(({ path }) => `${kindOf(path)} ${path}`);

/** A record as an index has it of a file with this text. */
const record = (text: string): object => ({ sha256: hashOf(text), size: Buffer.byteLength(text) });

/** Everything of a survey that should be empty where nothing is wrong. */
function findings({
  missing,
  mismatched,
  conflicts,
  refused,
  unreadable,
  external,
  unindexed,
  withoutRepodata,
  strayLinks,
}: Survey): unknown[] {
  return [
    missing,
    mismatched,
    conflicts,
    refused,
    unreadable,
    external,
    unindexed,
    withoutRepodata,
    strayLinks,
  ].flat();
}

describe('readState tracks', () => {
  it('artifacts, shards, metadata and roots of channels at any depth, and nothing else', async (t) => {
    const root = await repository(t, {
      'chan/label/dev/linux-64/repodata.json': { 'packages.conda': { 'a-1-0.conda': record('a') } },
      'chan/label/dev/linux-64/a-1-0.conda': 'a',
      'chan/label/dev/channeldata.json': '{}',
      'chan/noarch/repodata.json': {
        packages: { 'b-1-0.tar.bz2': record('b') },
        removed: ['old-1-0.conda', 'gone.conda'],
      },
      'chan/noarch/b-1-0.tar.bz2': 'b',
      'chan/noarch/old-1-0.conda': 'old',
      'chan/noarch/future.kind': 'x',
      'chan/noarch/.hidden': 'x',
      'chan/noarch/sub/file.txt': 'x',
      'chan/channeldata.json': '{}',
      'chan/notes.txt': 'x',
      'chan/label/channeldata.json': '{}',
      'index.html': 'x',
      'any name/repodata.json': '',
      '.conda-diff/reference.json': 'x',
    });
    const result = await survey(root);
    assert.deepEqual(tracked(result), [
      'index any name/repodata.json',
      'root chan/channeldata.json',
      'root chan/label/dev/channeldata.json',
      'artifact chan/label/dev/linux-64/a-1-0.conda',
      'index chan/label/dev/linux-64/repodata.json',
      'artifact chan/noarch/b-1-0.tar.bz2',
      'metadata chan/noarch/future.kind',
      'artifact chan/noarch/old-1-0.conda',
      'index chan/noarch/repodata.json',
      'root index.html',
    ]);
    assert.deepEqual(findings(result), []);
    assert.deepEqual(
      result.indexes.map(({ directory, artifacts }) => [directory, artifacts]),
      [
        ['any name', 0],
        ['chan/label/dev/linux-64', 1],
        ['chan/noarch', 1],
      ],
    );
  });

  it('exactly what a whole channel has, and its digest is that of the files', async (t) => {
    const root = await temporaryDirectory(t);
    const packages = [{ name: 'a' }, { name: 'b', version: '2.0' }];
    await writeChannel(
      root,
      { noarch: packages, 'linux-64': packages },
      { zst: true, gz: true, current: true, shards: 'shards', channeldata: true },
    );
    const first = await survey(root);
    assert.deepEqual(findings(first), []);
    const hashed = await survey(root, { mustHash: 'all' });
    assert.equal(first.state.digest, hashed.state.digest);
    for (const subdir of ['noarch', 'linux-64']) {
      assert.ok(first.state.get(`${subdir}/repodata_shards.msgpack.zst`));
      const shards = [...first.state].filter(({ path }) => path.startsWith(`${subdir}/shards/`));
      assert.deepEqual(
        shards.map(({ path }) => first.kindOf(path)),
        ['shard', 'shard'],
      );
    }
  });

  it('the repository itself as index directory, without a root above it', async (t) => {
    const root = await repository(t, { 'repodata.json': '{}', 'channeldata.json': '{}', 'sub/x': '' });
    assert.deepEqual(tracked(await survey(root)), ['metadata channeldata.json', 'index repodata.json']);
  });

  it('shards that the index names, others not', async (t) => {
    const root = await repository(t, { 'noarch/repodata.json': '{}', [`noarch/s/${SHARD}`]: 'a shard' });
    const other = `${hashOf('other')}.msgpack.zst`;
    await writeFiles(root, { [`noarch/${other}`]: 'other', [`noarch/s/${other}`]: 'other' });
    const shards = {
      a: Buffer.from(hashOf('a shard'), 'hex'),
      missing: Buffer.from(hashOf('missing'), 'hex'),
    };
    const index = encode({ version: 1, info: { base_url: '', shards_base_url: 's/' }, shards });
    await writeFile(join(root, 'noarch/repodata_shards.msgpack.zst'), zstdFrame(Buffer.from(index)));
    const result = await survey(root);
    assert.deepEqual(tracked(result), [
      'index noarch/repodata.json',
      'index noarch/repodata_shards.msgpack.zst',
      `shard noarch/s/${SHARD}`,
    ]);
    assert.deepEqual(result.missing, [`noarch/s/${hashOf('missing')}.msgpack.zst`]);
  });

  it('v3: key and extension, wheels by url or fn', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': {
        v3: {
          conda: { 'a-1-0': record('a') },
          zip: { 'z-1-0': record('z') },
          whl: {
            'b-1': { ...record('b'), url: '../wheels/b-1-py3-none-any.whl' },
            'c-1': { ...record('c'), fn: 'c-1-py3-none-any.whl' },
            'd-1': { ...record('d'), url: 'https://pypi.example/d.whl' },
          },
        },
      },
      'noarch/a-1-0.conda': 'a',
      'noarch/z-1-0.zip': 'z',
      'noarch/unindexed.zip': 'z',
      'wheels/b-1-py3-none-any.whl': 'b',
      'noarch/c-1-py3-none-any.whl': 'c',
    });
    const result = await survey(root);
    assert.deepEqual(tracked(result), [
      'artifact noarch/a-1-0.conda',
      'artifact noarch/c-1-py3-none-any.whl',
      'index noarch/repodata.json',
      'artifact noarch/z-1-0.zip',
      'artifact wheels/b-1-py3-none-any.whl',
    ]);
    assert.deepEqual(
      [result.external, result.unindexed],
      [['https://pypi.example/d.whl'], ['noarch/unindexed.zip']],
    );
  });

  it('artifacts where base_url leads; absolute ones are external, not missing', async (t) => {
    const named = (base_url: string): object => ({
      info: { base_url },
      packages: { 'a-1-0.conda': record('a') },
    });
    const root = await repository(t, {
      'chan/noarch/repodata.json': named('../../pool/'),
      'chan/linux-64/repodata.json': named('https://conda.example/linux-64/'),
      'chan/win-64/repodata.json': named('../../../above/'),
      'pool/a-1-0.conda': 'a',
      'chan/linux-64/a-1-0.conda': 'left over',
    });
    const result = await survey(root);
    assert.deepEqual(result.state.get('pool/a-1-0.conda')?.sha256, hashOf('a'));
    assert.deepEqual([result.external, result.missing], [['a-1-0.conda', 'a-1-0.conda'], []]);
    assert.deepEqual(result.unindexed, ['chan/linux-64/a-1-0.conda']);
  });

  it('no junk, whatever kind of directory it lies in', async (t) => {
    const junk = [
      ...[
        '.x',
        'a.part',
        'a.partial',
        'a.tmp',
        'a.aria2',
        'a.lock',
        'a~',
        'x.tar',
        'key.pem',
        'reference.json',
      ],
      ...['update.manifest.json', 'update.manifest.json.k.sig', 'update.base.json.gz', 'conda-diff.yaml'],
      ...['repodata.json.3f2504e0-4f89-41d3-9a0c-0305e82c3301', `a.conda${'0f'.repeat(16)}`],
    ];
    const root = await repository(t, {
      'repodata.json': '{}',
      ...Object.fromEntries(junk.flatMap((name) => [name, `noarch/${name}`]).map((path) => [path, 'junk'])),
      'noarch/repodata.json': { packages: { 'a.part': record('junk') } },
    });
    const result = await survey(root, { globs: { ignore: [], include: ['**', '**/*'] } });
    assert.deepEqual(tracked(result), ['index noarch/repodata.json', 'index repodata.json']);
    assert.match(result.refused.join(), /"noarch\/a.part" has a name that is never tracked/);
  });

  it('what the globs say', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': { packages: { 'a-1-0.conda': record('a'), 'b-1-0.conda': record('b') } },
      ...{
        'noarch/a-1-0.conda': 'a',
        'noarch/x.html': '',
        'keys/k.txt': '',
        'keys/deep/k.txt': '',
        'index.html': '',
      },
    });
    const globs: Globs = { ignore: ['**/b-*', '**/*.html', 'index.html'], include: ['keys/*'] };
    const result = await survey(root, { globs });
    assert.deepEqual(tracked(result), [
      'root keys/k.txt',
      'artifact noarch/a-1-0.conda',
      'index noarch/repodata.json',
    ]);
    assert.deepEqual(result.missing, []);
    await rejects(survey(root, { globs: { ignore: ['/x'], include: [] } }), 'usage');
  });

  it('links that stay inside as what they point at; others are reported', async (t) => {
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { 'b-1-0.conda': 'b' });
    const root = await repository(t, {
      'noarch/repodata.json': {
        packages: { 'a-1-0.conda': record('a'), 'b-1-0.conda': record('b'), 'c-1-0.conda': record('c') },
      },
      'pool/a-1-0.conda': 'a',
    });
    await symlink('../pool/a-1-0.conda', join(root, 'noarch/a-1-0.conda'));
    await symlink(join(outside, 'b-1-0.conda'), join(root, 'noarch/b-1-0.conda'));
    await symlink('nothing', join(root, 'noarch/c-1-0.conda'));
    await symlink('..', join(root, 'noarch/circle'));
    await symlink('noarch', join(root, 'twin'));
    const result = await survey(root);
    const inTwin = ['artifact twin/a-1-0.conda', 'index twin/repodata.json'];
    assert.deepEqual(tracked(result), [
      'artifact noarch/a-1-0.conda',
      'index noarch/repodata.json',
      ...inTwin,
    ]);
    assert.deepEqual(result.missing, [
      'noarch/b-1-0.conda',
      'noarch/c-1-0.conda',
      'twin/b-1-0.conda',
      'twin/c-1-0.conda',
    ]);
    const stray = new Map(result.strayLinks.map(({ path, target }) => [path, target]));
    assert.equal(stray.get('noarch/b-1-0.conda'), join(outside, 'b-1-0.conda'));
    assert.equal(stray.get('noarch/c-1-0.conda'), 'nothing');
    assert.ok(stray.has('noarch/circle'));
    assert.equal(stray.size, 6);
  });
});

describe('readState reports', () => {
  it('records without a file, unindexed artifacts, variants without repodata.json', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': { packages: { 'z-1-0.conda': record('z'), 'a-1-0.conda': record('a') } },
      'noarch/extra-1-0.conda': 'extra',
      'linux-64/repodata.json.zst': 'x',
      'linux-64/lost-1-0.conda': 'x',
    });
    const result = await survey(root);
    assert.deepEqual(result.missing, ['noarch/a-1-0.conda', 'noarch/z-1-0.conda']);
    assert.deepEqual(result.unindexed, ['noarch/extra-1-0.conda']);
    assert.deepEqual(result.withoutRepodata, ['linux-64']);
    assert.deepEqual(tracked(result), ['index noarch/repodata.json']);
  });

  it('a directory where an artifact should be as missing', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': { packages: { 'a-1-0.conda': record('a') } },
    });
    await mkdir(join(root, 'noarch/a-1-0.conda'));
    assert.deepEqual((await survey(root)).missing, ['noarch/a-1-0.conda']);
  });

  it('files that are not what their record says, by size, sha256 or md5', async (t) => {
    const md5 = { right: '47bce5c74f589f4867dbd57e9ca9f808', wrong: '0'.repeat(32) };
    const root = await repository(t, {
      'noarch/repodata.json': {
        packages: {
          'size.conda': { sha256: hashOf('aaa'), size: 4 },
          'sha.conda': { sha256: hashOf('bbb'), size: 3 },
          'md5.conda': { md5: md5.wrong },
          'md5-null.conda': { sha256: null, md5: md5.wrong, size: 3 },
          'right.conda': { md5: md5.right, size: 3 },
          'nothing-known.conda': {},
        },
      },
      ...Object.fromEntries(
        ['size', 'sha', 'md5', 'md5-null', 'right', 'nothing-known'].map((name) => [
          `noarch/${name}.conda`,
          'aaa',
        ]),
      ),
    });
    const expected = (paths: readonly string[], { mismatched, state }: Survey): void => {
      assert.deepEqual(
        mismatched.map(({ path }) => path),
        paths.map((name) => `noarch/${name}.conda`),
      );
      for (const { path, sha256 } of state) {
        if (path.endsWith('.conda') && path !== 'noarch/sha.conda') assert.equal(sha256, hashOf('aaa'), path);
      }
    };
    const quick = await survey(root);
    expected(['md5-null', 'md5', 'size'], quick);
    assert.equal(quick.mismatched[2]?.expected, '4 bytes');
    const whole = await survey(root, { mustHash: 'all' });
    expected(['md5-null', 'md5', 'sha', 'size'], whole);
    assert.equal(whole.state.get('noarch/sha.conda')?.sha256, hashOf('aaa'));
    assert.deepEqual(
      whole.mismatched.map((one) => `${one.expected}, ${one.found}`),
      [
        `md5 ${md5.wrong}, md5 ${md5.right}`,
        `md5 ${md5.wrong}, md5 ${md5.right}`,
        `sha256 ${hashOf('bbb')}, sha256 ${hashOf('aaa')}`,
        '4 bytes, 3 bytes',
      ],
    );
  });

  it('two indexes that say different things of one artifact', async (t) => {
    const named = (text: string): object => ({
      info: { base_url: '../pool/' },
      packages: { 'a-1-0.conda': record(text) },
    });
    const root = await repository(t, {
      'x/repodata.json': named('a'),
      'y/repodata.json': named('b'),
      'z/repodata.json': named('a'),
      'pool/a-1-0.conda': 'a',
    });
    const { conflicts, state } = await survey(root);
    assert.deepEqual(conflicts, ['pool/a-1-0.conda']);
    assert.equal(state.get('pool/a-1-0.conda')?.sha256, hashOf('a'));
  });

  it('one index that says different things of one artifact in two buckets', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': {
        packages: { 'a-1-0.conda': record('a') },
        'packages.conda': { 'a-1-0.conda': record('b') },
      },
      'noarch/a-1-0.conda': 'a',
    });
    assert.deepEqual((await survey(root)).conflicts, ['noarch/a-1-0.conda']);
  });

  it('indexes that cannot be read, with the reason, and goes on with the others', async (t) => {
    const root = await repository(t, {
      'a/repodata.json': '<html>not found</html>',
      'b/repodata.json': '{"packages":{"x.conda":{"size":1}',
      'c/repodata.json': '{}',
      'c/repodata_shards.msgpack.zst': 'not zstd',
      'd/repodata.json': { packages: { 'd-1-0.conda': record('d') } },
      'd/d-1-0.conda': 'd',
    });
    const result = await survey(root);
    assert.equal(result.unreadable.length, 3);
    const messages = result.unreadable.map(({ message }) => message);
    assert.match(messages[0] ?? '', /^a\/repodata\.json .*byte 0/);
    assert.match(messages[1] ?? '', /^b\/repodata\.json /);
    assert.match(messages[2] ?? '', /repodata_shards\.msgpack\.zst/);
    assert.equal(result.state.get('a/repodata.json')?.sha256, hashOf('<html>not found</html>'));
    assert.ok(result.state.get('d/d-1-0.conda'));
    assert.deepEqual(result.missing, []);
  });

  it('names that no state can hold', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': {
        packages: { '../a.conda': {}, 'back\\slash.conda': {}, 'repodata.json.zst': {} },
      },
      'noarch/line\nfeed.txt': 'x',
    });
    const { refused, state, missing } = await survey(root);
    assert.equal(refused.length, 4);
    assert.deepEqual([state.count, missing], [1, []]);
    assert.ok(
      refused.some((line) => line.startsWith('"noarch/line\\nfeed.txt" has a backslash or a control')),
    );
  });

  it('shards in a directory that no state can hold', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': '{}',
      [`noarch/back\\slash/${SHARD}`]: 'a shard',
    });
    const shards = { a: Buffer.from(hashOf('a shard'), 'hex') };
    const index = encode({ version: 1, info: { shards_base_url: 'back\\slash/' }, shards });
    await writeFile(join(root, 'noarch/repodata_shards.msgpack.zst'), zstdFrame(Buffer.from(index)));
    assert.match((await survey(root)).refused.join(), /shards_base_url .* backslash/);
  });
});

describe('readState and the hash cache:', () => {
  const RECORDS = { 'with.conda': record('one'), 'without.conda': { size: 3 } };

  async function cached(t: TestContext): Promise<string> {
    const root = await repository(t, {
      'noarch/repodata.json': { packages: RECORDS },
      ...{ 'noarch/with.conda': 'one', 'noarch/without.conda': 'one', '.conda-diff/x': '' },
    });
    const cache = await HashCache.open(root);
    const { state } = await survey(root, { cache, mustHash: 'all' });
    assert.equal(state.get('noarch/without.conda')?.sha256, hashOf('one'));
    await cache.save();
    return root;
  }

  it('a file that was replaced under the same size and time is hashed', async (t) => {
    const root = await cached(t);
    for (const name of ['with.conda', 'without.conda']) {
      const file = join(root, 'noarch', name);
      const { atimeMs, mtimeMs } = await stat(file);
      await writeFile(`${file}.new`, 'two');
      await utimes(`${file}.new`, atimeMs / 1000, mtimeMs / 1000);
      await rename(`${file}.new`, file);
    }
    const { state, mismatched } = await survey(root);
    assert.deepEqual(
      mismatched.map(({ path }) => path),
      ['noarch/with.conda'],
    );
    assert.equal(state.get('noarch/with.conda')?.sha256, hashOf('two'));
    assert.equal(state.get('noarch/without.conda')?.sha256, hashOf('two'));
  });

  it('a file that did not change is not hashed: what the cache says counts', async (t) => {
    const root = await cached(t);
    const cache = await HashCache.open(root);
    const { ino, size, mtimeMs, ctimeMs } = await stat(join(root, 'noarch/without.conda'));
    cache.record('noarch/without.conda', `${size} ${mtimeMs} ${ctimeMs} ${ino}`, hashOf('planted'));
    assert.equal(
      (await survey(root, { cache })).state.get('noarch/without.conda')?.sha256,
      hashOf('planted'),
    );
    const all = await survey(root, { cache, mustHash: 'all' });
    assert.equal(all.state.get('noarch/without.conda')?.sha256, hashOf('one'));
  });

  it('a record that has only an md5, and another one than before, is noticed though the file is the same', async (t) => {
    const root = await temporaryDirectory(t);
    await mkdir(join(root, '.conda-diff'));
    await mkdir(join(root, 'noarch'));
    await writeFile(join(root, 'noarch/a.conda'), 'one');
    const write = (md5: string): Promise<void> =>
      writeFile(
        join(root, 'noarch/repodata.json'),
        JSON.stringify({ 'packages.conda': { 'a.conda': { md5, size: 3 } } }),
      );
    await write(createHash('md5').update('one').digest('hex'));
    const cache = await HashCache.open(root);
    const first = await survey(root, { cache });
    await cache.save();
    const second = await survey(root);
    assert.deepEqual(
      [first.trusted, second.trusted, second.mismatched],
      [0, 1, []],
      'then the cache is enough',
    );
    await write('0'.repeat(32));
    const paths = (await survey(root)).mismatched.map(({ path }) => path);
    assert.deepEqual(paths, ['noarch/a.conda']);
  });

  it('a damaged cache changes nothing but the work', async (t) => {
    const root = await cached(t);
    const { digest } = (await survey(root)).state;
    await writeFile(join(root, '.conda-diff/hash-cache'), 'garbage');
    assert.equal((await survey(root)).state.digest, digest);
  });

  it('a file that is wrong is not remembered', async (t) => {
    const root = await cached(t);
    await writeFile(join(root, 'noarch/with.conda'), 'two');
    const cache = await HashCache.open(root);
    assert.equal((await survey(root, { cache })).mismatched.length, 1);
    await cache.save();
    assert.equal((await survey(root)).state.get('noarch/with.conda')?.sha256, hashOf('one'));
    assert.equal((await survey(root, { mustHash: 'all' })).mismatched.length, 1);
  });
});

/** Rewrites repodata.json: prints a line, then goes on until its standard input ends or `times` are done. */
const REWRITER = `
import { writeFileSync, renameSync } from 'node:fs';
const [file, times, pause] = process.argv.slice(2);
process.stdin.on('end', () => process.exit()).resume();
process.on('uncaughtException', () => process.exit()); // its directory is gone
for (let i = 0; i < Number(times); i++) {
  writeFileSync(file + '.tmp', JSON.stringify({ info: { subdir: 'noarch' }, generation: i }));
  renameSync(file + '.tmp', file);
  if (i === 0) console.log('moving');
  await new Promise((resolve) => setTimeout(resolve, Number(pause)));
}
process.exit();
`;

describe('readState while the indexes move', { concurrency: true }, () => {
  async function moving(t: TestContext, times: number): Promise<string> {
    const root = await repository(t, { 'noarch/repodata.json': '{}' });
    // enough work between the first and the last look that the index moves meanwhile
    for (let i = 0; i < 20; i++)
      await writeFile(join(root, `noarch/large-${i}.bin`), Buffer.alloc(1 << 20, i));
    const script = join(root, '.rewriter.mjs');
    await writeFile(script, REWRITER);
    const args = [script, join(root, 'noarch/repodata.json'), String(times), '1'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    });
    await once(child.stdout, 'data');
    return root;
  }

  for (const copied of [false, true]) {
    it(`waits until they rest${copied ? ', when it captures them' : ''}`, async (t) => {
      const root = await moving(t, 15);
      const options = copied ? { copyTo: join(root, '.capture') } : {};
      const result = await survey(root, options);
      const expected = JSON.stringify({ info: { subdir: 'noarch' }, generation: 14 });
      assert.equal(result.state.get('noarch/repodata.json')?.sha256, hashOf(expected));
      assert.deepEqual(result.unreadable, []);
    });
  }

  it('gives up after some seconds', async (t) => {
    const root = await moving(t, 1e9);
    const error = await rejects(survey(root), 'source', /change while they are read\nnoarch\/repodata\.json/);
    assert.equal(error.exitCode, 10);
  });

  it('stops waiting when it is interrupted', async (t) => {
    const root = await moving(t, 1e9);
    await assert.rejects(survey(root, { signal: AbortSignal.timeout(300) }));
  });

  it('captures the metadata with its time, so that a later change does no harm', async (t) => {
    const root = await repository(t, {
      'noarch/repodata.json': { packages: { 'a-1-0.conda': record('a') } },
      'noarch/a-1-0.conda': 'a',
    });
    const result = await survey(root, { copyTo: join(root, '.capture') });
    const { mtimeMs } = await stat(join(root, 'noarch/repodata.json'));
    await rm(join(root, 'noarch/repodata.json'));
    const source = result.source('noarch/repodata.json');
    assert.equal((await stat(source)).mtimeMs, mtimeMs);
    assert.equal(result.source('noarch/a-1-0.conda'), join(root, 'noarch/a-1-0.conda'));
  });
});

describe('the state of a tree', () => {
  it('is that of its files', async (t) => {
    const contents = {
      'noarch/repodata.json': '{}',
      'noarch/größe \u{10000}.txt': 'x',
      'noarch/\uffee.txt': 'y',
    };
    const root = await repository(t, contents);
    assert.equal((await survey(root)).state.digest, stateOfContents(contents).digest);
  });
});
