import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimsOf } from '../../shared/claims.js';
import { RecordRows } from '../../shared/record-rows.js';
import { RepodataScanner } from '../../shared/repodata-scan.js';
import { shardClaimsOf } from '../../shared/shard-claims.js';
import { claimsIn } from '../support/claims.js';

const SHA = 'ab'.repeat(32);
const MD5 = '0c'.repeat(16);

function recordsOf(directory: string, repodata: unknown): RecordRows {
  const records = new RecordRows(directory);
  const scanner = new RepodataScanner('repodata.json', records);
  scanner.push(Buffer.from(typeof repodata === 'string' ? repodata : JSON.stringify(repodata)));
  scanner.end();
  return records;
}

function read(directory: string, repodata: unknown) {
  const { byDirectory, ...rest } = claimsOf(directory, recordsOf(directory, repodata));
  return { ...rest, claims: claimsIn(byDirectory) };
}

const pathsOf = (directory: string, repodata: unknown): string[] =>
  read(directory, repodata).claims.map(({ path }) => path);

describe('claimsOf', () => {
  it('takes name, hashes and size of every bucket', () => {
    const repodata = {
      packages: { 'a-1-0.tar.bz2': { sha256: SHA, md5: MD5, size: 1 } },
      'packages.conda': { 'a-1-0.conda': { md5: MD5 } },
    };
    const { claims, artifacts, external, refused } = read('c/noarch', repodata);
    const conda = { size: undefined, sha256: undefined, md5: MD5, optional: false };
    assert.deepEqual(claims, [
      { path: 'c/noarch/a-1-0.conda', ...conda },
      // the md5 of a record with a sha256 is of no use
      { path: 'c/noarch/a-1-0.tar.bz2', size: 1, sha256: SHA, md5: undefined, optional: false },
    ]);
    assert.equal(artifacts, 2);
    assert.deepEqual([external, refused], [[], []]);
  });

  const cases: readonly [what: string, repodata: unknown, paths: readonly string[]][] = [
    ['an empty file', '', []],
    ['no buckets', {}, []],
    ['the repository as index directory', { packages: { 'a.conda': {} } }, ['a.conda']],
    ['a record whose subdir is another one', { packages: { 'a.conda': { subdir: 'win-64' } } }, ['a.conda']],
    [
      'v3: key and extension',
      { v3: { conda: { 'a-1-0': {} }, zip: { 'b-1-0': {} } } },
      ['a-1-0.conda', 'b-1-0.zip'],
    ],
    [
      'a v3 wheel by its url',
      { v3: { whl: { 'a-1': { url: 'w/a-1-py3.whl', fn: 'x.whl' } } } },
      ['w/a-1-py3.whl'],
    ],
    ['a v3 wheel by its fn', { v3: { whl: { 'a-1': { fn: 'a-1-py3.whl' } } } }, ['a-1-py3.whl']],
    ['a v3 wheel with neither', { v3: { whl: { 'a-1': {} } } }, ['a-1.whl']],
    [
      'url and fn outside v3.whl mean nothing',
      { packages: { 'a.conda': { url: 'https://x/y', fn: 'z' } } },
      ['a.conda'],
    ],
    [
      'base_url that stays inside',
      { info: { base_url: 'pkgs/' }, packages: { 'a.conda': {} } },
      ['pkgs/a.conda'],
    ],
    [
      'base_url does not move wheel urls',
      { info: { base_url: 'p/' }, v3: { whl: { a: { url: 'a.whl' } } } },
      ['a.whl'],
    ],
    ['removed', { removed: ['old.conda'] }, ['old.conda']],
    [
      'removed that is a record, too',
      { packages: { 'a.conda': {} }, removed: ['a.conda', 'a.conda'] },
      ['a.conda'],
    ],
    [
      'a section twice: the last counts',
      '{"packages":{"a.conda":{}},"packages":{"b.conda":{}}}',
      ['b.conda'],
    ],
    ['v3 twice: the last counts', '{"v3":{"conda":{"a":{}}},"v3":{"zip":{"b":{}}}}', ['b.zip']],
    [
      'info twice: the last counts',
      '{"info":{"base_url":"p/"},"info":{},"packages":{"a.conda":{}}}',
      ['a.conda'],
    ],
    [
      'a record twice: the last counts',
      `{"packages":{"a.conda":{"size":1},"a.conda":{"size":2}}}`,
      ['a.conda'],
    ],
  ];
  for (const [what, repodata, paths] of cases) {
    it(what, () => assert.deepEqual(pathsOf('', repodata), paths));
  }

  it('of a record that is repeated takes the last', () => {
    const { claims } = read('', '{"packages":{"a.conda":{"size":1},"a.conda":{"size":2}}}');
    assert.deepEqual(
      claims.map(({ size }) => size),
      [2],
    );
  });

  it('marks what only removed names as optional', () => {
    const { claims } = read('noarch', { packages: { 'a.conda': {} }, removed: ['b.conda', 'a.conda'] });
    assert.deepEqual(
      claims.map(({ path, optional }) => [path, optional]),
      [
        ['noarch/a.conda', false],
        ['noarch/b.conda', true],
      ],
    );
  });

  const outside: readonly [what: string, repodata: unknown, external: readonly string[]][] = [
    [
      'an absolute base_url',
      { info: { base_url: 'https://x/' }, packages: { 'a.conda': {} }, removed: ['b.conda'] },
      ['a.conda', 'b.conda'],
    ],
    ['a base_url of the server', { info: { base_url: '/x' }, packages: { 'a.conda': {} } }, ['a.conda']],
    [
      'a base_url above the repository',
      { info: { base_url: '../../..' }, packages: { 'a.conda': {} } },
      ['a.conda'],
    ],
    ['a wheel elsewhere', { v3: { whl: { a: { url: 'https://pypi/x.whl' } } } }, ['https://pypi/x.whl']],
    ['a wheel above the repository', { v3: { whl: { a: { url: '../../../x.whl' } } } }, ['../../../x.whl']],
  ];
  for (const [what, repodata, external] of outside) {
    it(`reports ${what} as external`, () => {
      const { claims, ...rest } = read('chan/noarch', repodata);
      assert.deepEqual([claims, rest.external, rest.refused], [[], external, []]);
    });
  }

  const refused: readonly [name: string, text: RegExp][] = [
    ['../a.conda', /slash in its name/],
    ['x/a.conda', /slash in its name/],
    ['/etc/passwd', /slash in its name/],
    ['.conda-diff', /never tracked/],
    ['.a.conda', /never tracked/],
    ['a.conda.part', /never tracked/],
    ['update.tar', /never tracked/],
    ['a\\b.conda', /backslash/],
    ['a\nb.conda', /control character/],
    ['', /empty segment/],
    ['..', /never tracked/],
    ['repodata.json', /name of an index/],
    ['current_repodata.json.zst', /name of an index/],
    ['repodata_shards.msgpack.zst', /name of an index/],
  ];
  for (const [name, text] of refused) {
    it(`refuses the artifact name ${JSON.stringify(name)}`, () => {
      const { claims, external, refused } = read('noarch', { packages: { [name]: {} } });
      assert.deepEqual([claims, external, refused.length], [[], [], 1]);
      assert.match(refused[0] ?? '', text);
    });
  }

  it('refuses a wheel in our own state', () => {
    const { claims, refused } = read('noarch', { v3: { whl: { a: { url: '../.conda-diff/a.whl' } } } });
    assert.deepEqual(claims, []);
    assert.match(refused[0] ?? '', /begins with a dot/);
  });
});

describe('shardClaimsOf', () => {
  const shards = [
    { name: 'a', sha256: SHA },
    { name: 'b', sha256: SHA },
  ];
  it('names each shard once, where shards_base_url leads', () => {
    const claim = { size: undefined, sha256: SHA, md5: undefined, optional: false };
    for (const [shardsBaseUrl, path] of [
      ['./shards/', `noarch/shards/${SHA}.msgpack.zst`],
      ['', `noarch/${SHA}.msgpack.zst`],
      ['../s', `s/${SHA}.msgpack.zst`],
      ['..', `${SHA}.msgpack.zst`],
    ] as const) {
      const { place = '?', rows } = shardClaimsOf('noarch', { shardsBaseUrl, shards });
      assert.deepEqual(claimsIn(new Map([[place, rows]])), [{ path, ...claim }]);
    }
    assert.equal(shardClaimsOf('noarch', { shards }).rows.path(0), `noarch/${SHA}.msgpack.zst`);
  });

  it('reports shards elsewhere as external', () => {
    const { rows, place, external } = shardClaimsOf('noarch', { shardsBaseUrl: 'https://x/', shards });
    assert.deepEqual([rows.count, place, external], [0, undefined, ['https://x/']]);
  });

  for (const [shardsBaseUrl, text] of [
    ['../.conda-diff/', /begins with a dot/],
    ['a\\b/', /backslash/],
    ['a%0ab/', /control character/],
  ] as const) {
    it(`refuses shards in ${JSON.stringify(shardsBaseUrl)}`, () => {
      const { rows, place, refused } = shardClaimsOf('noarch', { shardsBaseUrl, shards });
      assert.deepEqual([rows.count, place], [0, undefined]);
      assert.match(refused[0] ?? '', text);
    });
  }
});
