import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FINDINGS_FIELDS,
  type IndexFindings,
  IndexFindingsCollector,
  type RecordsWanted,
} from '../../../shared/report/index-findings.js';
import { RepodataScanner } from '../../../shared/repodata-scan.js';

const NONE: RecordsWanted = { whole: new Set(), absent: new Set(), watched: new Set() };

/** Reads byte by byte, as a window that moves at every place. */
function find(
  document: object | string,
  wanted: Partial<RecordsWanted>,
  directory = 'a/linux-64',
): IndexFindings {
  const collector = new IndexFindingsCollector(directory, { ...NONE, ...wanted });
  const scanner = new RepodataScanner('repodata.json', collector, FINDINGS_FIELDS);
  const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
  for (const byte of bytes) scanner.push(Uint8Array.of(byte));
  scanner.end();
  return collector.findings();
}

const PY = { name: 'Py', version: '3.1', build: 'h_0', license: ' PSF-2.0 ', depends: ['zlib >=1', 7, ''] };
const ZLIB = { name: 'zlib', version: '1.2', build: '0', license: 'Zlib' };

test('wanted records are kept whole, of others only names and licences', () => {
  const { whole, names, otherLicences, watching } = find(
    { packages: { 'zlib-1.2-0.tar.bz2': ZLIB }, 'packages.conda': { 'py-3.1-h_0.conda': PY } },
    { whole: new Set(['a/linux-64/py-3.1-h_0.conda', 'b/linux-64/zlib-1.2-0.tar.bz2']) },
  );
  assert.deepEqual(Object.fromEntries(whole), {
    'a/linux-64/py-3.1-h_0.conda': {
      ...{ file: 'py-3.1-h_0.conda', name: 'py', version: '3.1', build: 'h_0', type: 'conda' },
      licence: 'PSF-2.0',
      depends: [{ spec: 'zlib >=1', name: 'zlib' }],
    },
  });
  assert.deepEqual([...names].sort(), ['py', 'zlib']);
  assert.deepEqual([...otherLicences], ['Zlib'], 'a file of the same name elsewhere is another file');
  assert.equal(watching.size, 0);
});

test('a record that says nothing is named by its file', () => {
  const { whole } = find(
    { 'packages.conda': { 'odd-name-2-x.conda': { name: 5, license: null, depends: 'no' } } },
    { whole: new Set(['a/linux-64/odd-name-2-x.conda']) },
  );
  const [record] = whole.values();
  assert.deepEqual(
    [record?.name, record?.version, record?.licence, record?.depends],
    ['odd-name', '2', undefined, []],
  );
});

test('artifacts are where base_url and url lead, and not counted where that is outside', () => {
  const record = { 'packages.conda': { 'zlib-1.2-0.conda': ZLIB } };
  const wanted = { whole: new Set(['a/pool/zlib-1.2-0.conda', 'a/linux-64/w-1-0.whl']) };
  const inside = find({ ...record, info: { base_url: '../pool' } }, wanted);
  assert.deepEqual([...inside.whole.keys()], ['a/pool/zlib-1.2-0.conda']);
  assert.equal(find({ info: { base_url: 'https://elsewhere/' }, ...record }, wanted).names.size, 0);
  assert.equal(find({ ...record, info: { base_url: 'https://elsewhere/' } }, NONE).names.size, 0);
  const v3 = (url: string): IndexFindings => find({ v3: { whl: { w: { name: 'w', url } } } }, wanted);
  assert.deepEqual([...v3('w-1-0.whl').whole.keys()], ['a/linux-64/w-1-0.whl']);
  assert.deepEqual([...v3('x/w-1-0.whl').names], ['w']);
  assert.equal(v3('https://elsewhere/w-1-0.whl').names.size, 0);
});

test('what is absent is not provided', () => {
  const document = { 'packages.conda': { 'zlib-1.2-0.conda': ZLIB } };
  const absent = (path: string): number => find(document, { absent: new Set([path]) }).names.size;
  assert.equal(absent('a/linux-64/zlib-1.2-0.conda'), 0);
  assert.equal(absent('b/linux-64/zlib-1.2-0.conda'), 1);
});

test('records that depend on a watched name are found', () => {
  const { watching } = find(
    { 'packages.conda': { 'py-3.1-h_0.conda': PY, 'zlib-1.2-0.conda': ZLIB } },
    {
      watched: new Set(['zlib']),
    },
  );
  assert.deepEqual([...watching.keys()], ['a/linux-64/py-3.1-h_0.conda']);
});

test('of equal sections and keys the last one counts', () => {
  const [first, last] = [JSON.stringify(PY), JSON.stringify({ ...ZLIB, depends: [] })];
  const wanted = { whole: new Set(['a/linux-64/x-1-0.conda']), watched: new Set(['zlib']) };
  const sections = find(`{"packages":{"x-1-0.conda":${first}},"packages":{"y-1-0.conda":${last}}}`, wanted);
  assert.deepEqual([[...sections.whole.keys()], [...sections.names]], [[], ['zlib']]);
  const v3 = find(`{"v3":{"conda":{"x-1-0":${first}}},"v3":{"conda":{}}}`, wanted);
  assert.equal(v3.whole.size, 0);
  const keys = find(`{"packages":{"x-1-0.conda":${first},"x-1-0.conda":${last}}}`, wanted);
  assert.equal(keys.whole.get('a/linux-64/x-1-0.conda')?.name, 'zlib');
  const watched = find(`{"packages":{"y-1-0.conda":${first},"y-1-0.conda":${last}}}`, wanted);
  assert.equal(watched.watching.size, 0);
});
