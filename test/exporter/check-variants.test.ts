import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import { variantFaults } from '../../exporter/check-variants.js';
import { type Globs, NO_GLOBS } from '../../shared/globs.js';
import { HashCache } from '../../shared/hash-cache.js';
import { readState } from '../../shared/read-state.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { zstdFrame } from '../support/conda-package.js';
import { writeFiles } from '../support/update.js';

const record = (text: string): object => ({ sha256: hashOf(text), size: text.length });
const naming = (...names: readonly string[]): string =>
  JSON.stringify({ packages: Object.fromEntries(names.map((name) => [`${name}.conda`, record(name)])) });

/** A shard that names `a.conda`, and its shard index. */
function shards(place: string, info: object, text = 'a'): [name: string, bytes: Buffer][] {
  const hash = Buffer.from(hashOf(text), 'hex');
  const shard = zstdFrame(Buffer.from(encode({ packages: { 'a.conda': { sha256: hash, size: 1 } } })));
  const index = encode({ version: 1, info, shards: { a: Buffer.from(hashOf(shard), 'hex') } });
  return [
    [`${place}/${hashOf(shard)}.msgpack.zst`, shard],
    ['noarch/repodata_shards.msgpack.zst', zstdFrame(Buffer.from(index))],
  ];
}

/** The problems of a repository that has these variants beside a repodata.json that names a and b. */
async function problems(
  t: TestContext,
  variants: readonly (readonly [name: string, bytes: string | Uint8Array])[],
  {
    changed,
    globs = NO_GLOBS,
    repodata = naming('a', 'b'),
  }: { changed?: string[]; globs?: Globs; repodata?: string } = {},
): Promise<string> {
  const root = await temporaryDirectory(t);
  await writeFiles(root, {
    'noarch/repodata.json': repodata,
    'noarch/a.conda': 'a',
    'noarch/b.conda': 'b',
    'pool/a.conda': 'a',
  });
  for (const [path, bytes] of variants) {
    await writeFiles(root, { [path]: '' });
    await writeFile(join(root, path), bytes);
  }
  const survey = await readState(root, { globs, cache: await HashCache.open(root) });
  const faults = await variantFaults(survey, globs, changed ?? [...survey.state].map(({ path }) => path));
  for (const { code } of faults) assert.equal(code, 'source');
  return faults.flatMap(({ details }) => details).join('\n');
}

describe('variantFaults', () => {
  const stale = `names noarch/c.conda, which is not tracked`;
  const cases: readonly [what: string, name: string, bytes: string | Uint8Array, text: string][] = [
    ['the same in every encoding', 'repodata.json.zst', zstdFrame(Buffer.from(naming('a', 'b'))), ''],
    ['fewer records', 'current_repodata.json', naming('a'), ''],
    [
      'a stale .zst',
      'repodata.json.zst',
      zstdFrame(Buffer.from(naming('a', 'c'))),
      `noarch/repodata.json.zst ${stale}`,
    ],
    ['a stale .gz', 'repodata.json.gz', gzipSync(naming('c')), `noarch/repodata.json.gz ${stale}`],
    [
      'a stale current_repodata.json',
      'current_repodata.json',
      naming('c'),
      `noarch/current_repodata.json ${stale}`,
    ],
    [
      'another hash',
      'current_repodata.json',
      naming('a').replace(hashOf('a'), hashOf('x')),
      `expected sha256 ${hashOf('x')}, found ${hashOf('a')}`,
    ],
    [
      'one that cannot be decoded',
      'repodata.json.gz',
      'not gzip',
      'repodata.json.gz cannot be decoded as gz',
    ],
    [
      'one that is no repodata',
      'current_repodata.json',
      '<html>',
      'current_repodata.json is not valid repodata',
    ],
  ];
  for (const [what, name, bytes, text] of cases) {
    it(what, async (t) => {
      const found = await problems(t, [[`noarch/${name}`, bytes]]);
      if (text === '') assert.equal(found, '');
      else assert.ok(found.includes(text), found);
    });
  }

  it('lists the first problems of a file and counts the others', async (t) => {
    const names = ['c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const lines = (await problems(t, [['noarch/current_repodata.json', naming(...names)]])).split('\n');
    assert.equal(lines.length, 6);
    assert.equal(lines[5], 'noarch/current_repodata.json: 2 more of these');
  });

  it('looks only where something changed, and not at what is ignored', async (t) => {
    const variant = [['noarch/current_repodata.json', naming('c')]] as const;
    assert.equal(await problems(t, variant, { changed: ['linux-64/x.conda'] }), '');
    assert.notEqual(await problems(t, variant, { changed: ['noarch/gone.conda'] }), '');
    assert.equal(await problems(t, variant, { globs: { ignore: ['**/c.conda'], include: [] } }), '');
  });

  it('reads shards against the index directory that names them', async (t) => {
    assert.equal(await problems(t, shards('noarch', {})), '');
    assert.equal(await problems(t, shards('elsewhere', { shards_base_url: '../elsewhere/' })), '');
    assert.match(await problems(t, shards('noarch', {}, 'x')), /noarch\/a\.conda: expected sha256/);
    assert.match(
      await problems(t, shards('noarch', {}), { repodata: naming('b') }),
      /names noarch\/a\.conda, which is not tracked/,
    );
  });

  it('follows base_url of the shard index', async (t) => {
    const repodata = JSON.stringify({ info: { base_url: '../pool/' }, packages: { 'a.conda': record('a') } });
    assert.equal(await problems(t, shards('noarch', { base_url: '../pool/' }), { repodata }), '');
    assert.match(
      await problems(t, shards('noarch', { base_url: '' }), { repodata }),
      /names noarch\/a\.conda, which is not tracked/,
    );
  });
});
