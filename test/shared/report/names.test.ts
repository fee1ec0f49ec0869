import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArtifactName } from '../../../shared/report/artifact-name.js';
import { isVirtual, packageNameOf } from '../../../shared/report/match-spec.js';

const SPECS: readonly (readonly [spec: string, name: string | undefined])[] = [
  ['python', 'python'],
  ['python >=3.8', 'python'],
  ['  python   >=3.8,<4  ', 'python'],
  ['numpy 1.21.*', 'numpy'],
  ['numpy>=1.21', 'numpy'],
  ['numpy=1.21=py39*', 'numpy'],
  ['numpy==1.21', 'numpy'],
  ['numpy!=1.21', 'numpy'],
  ['numpy~=1.21', 'numpy'],
  ['NumPy 1.21 py39_0', 'numpy'],
  ['conda-forge::numpy', 'numpy'],
  ['conda-forge/linux-64::numpy >=1', 'numpy'],
  ['https://conda.anaconda.org/conda-forge::numpy', 'numpy'],
  ['https://conda.anaconda.org/conda-forge/linux-64::numpy[version=">=1"]', 'numpy'],
  ['conda-forge:python:requests >=2', 'requests'],
  ["numpy[version='>=1.21,<2', build=py39*]", 'numpy'],
  ['numpy >=1 [channel=conda-forge::x]', 'numpy'],
  ['*[name=numpy, version=1]', 'numpy'],
  ['[name="NumPy"]', 'numpy'],
  ['importlib-metadata; if python <3.10', 'importlib-metadata'],
  ['zlib # for tests', 'zlib'],
  ['ruamel.yaml.clib >=0.1', 'ruamel.yaml.clib'],
  ['_libgcc_mutex 0.1 conda_forge', '_libgcc_mutex'],
  ['__glibc >=2.17,<3.0.a0', '__glibc'],
  ['mkl*', undefined],
  ['*', undefined],
  ['^py.*$', undefined],
  ['', undefined],
  ['>=1', undefined],
  ['https://host/linux-64/numpy-1.0-0.conda', undefined],
];

test('the name that a match spec asks for', () => {
  for (const [spec, name] of SPECS) assert.equal(packageNameOf(spec), name, spec);
  assert.ok(isVirtual('__glibc') && !isVirtual('_libgcc_mutex'));
});

test('the package that a file name names', () => {
  const read = (path: string): string => Object.values(parseArtifactName(path)).join(' | ');
  assert.equal(read('linux-64/numpy-1.26.4-py311_0.conda'), 'numpy | 1.26.4 | py311_0 | conda');
  assert.equal(
    read('a/noarch/python-dateutil-2.9.0-pyhd8_0.tar.bz2'),
    'python-dateutil | 2.9.0 | pyhd8_0 | tar.bz2',
  );
  assert.equal(read('noarch/Zope_x-1.0-0.conda'), 'zope_x | 1.0 | 0 | conda');
  assert.equal(read('noarch/ruamel_yaml-0.1-py3-none-any.whl'), 'ruamel-yaml | 0.1 | py3-none-any | whl');
  assert.equal(read('noarch/a-1-0.tar.zst'), 'a | 1 | 0 | tar.zst');
  assert.equal(read('noarch/odd'), 'odd |  |  | ');
  assert.equal(read('noarch/odd-1.conda'), 'odd-1 |  |  | conda');
});
