import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArtifactName } from '../../../shared/report/artifact-name.js';
import {
  catalogueOf,
  type Change,
  type ChangedArtifact,
  changesOf,
  packageKey,
} from '../../../shared/report/changes.js';
import { closureOf } from '../../../shared/report/closure.js';
import { licencesOf } from '../../../shared/report/licences.js';
import { packageNameOf } from '../../../shared/report/match-spec.js';
import { stateOf } from '../../../shared/state.js';

const SHA = 'ab'.repeat(32);

function artifact(path: string, more: Partial<ChangedArtifact> = {}): ChangedArtifact {
  return { path, size: 10, sha256: SHA, licence: 'MIT', ...parseArtifactName(path), ...more };
}

/** What happens when the base has these paths, some are removed and others shipped. */
function classify(
  base: readonly string[],
  shipped: readonly ChangedArtifact[],
  removed: readonly string[] = [],
): Change[] {
  const gone = removed.map((path) => artifact(path));
  const after = [...base.filter((path) => !removed.includes(path)), ...shipped.map(({ path }) => path)];
  const keys = new Set(
    [...shipped, ...gone].map(({ path, name }) => packageKey(path.slice(0, path.lastIndexOf('/')), name)),
  );
  const catalogue = (paths: readonly string[]): ReturnType<typeof catalogueOf> =>
    catalogueOf(
      stateOf([...new Set(paths)].map((path) => ({ path, size: 1, sha256: SHA }))),
      parseArtifactName,
      keys,
    );
  return changesOf(shipped, gone, catalogue(base), catalogue(after));
}

function told(changes: readonly Change[]): string[] {
  return changes.map(({ kind, directory, name, version, from, older, last, artifacts }) =>
    [kind, directory, name, from, version, older && 'older', last && 'last', artifacts.length]
      .filter((part) => part !== undefined && part !== false)
      .join(' '),
  );
}

test('packages are new, updated, rebuilt, replaced or removed by what the directory had', () => {
  const changes = classify(
    [
      'l/numpy-1.9-0.conda',
      'l/numpy-1.10-0.conda',
      'l/zlib-1.2-0.conda',
      'l/gone-1-0.conda',
      'l/two-1-0.conda',
      'l/two-2-0.conda',
    ],
    [
      artifact('l/numpy-1.11-0.conda'),
      artifact('l/numpy-1.11-1.conda'),
      artifact('l/numpy-1.2-0.conda'),
      artifact('l/numpy-1.10.0-7.conda'),
      artifact('l/zlib-1.2-0.tar.bz2'),
      artifact('n/numpy-1.10-0.conda'),
      artifact('l/two-2-0.conda', { replaces: { size: 5, sha256: SHA } }),
    ],
    ['l/gone-1-0.conda', 'l/two-1-0.conda'],
  );
  assert.deepEqual(told(changes), [
    'new n numpy 1.10 1',
    'updated l numpy 1.10 1.2 older 1',
    'updated l numpy 1.10 1.11 2',
    'rebuilt l numpy 1.10.0 1',
    'rebuilt l zlib 1.2 1',
    'replaced l two 2 1',
    'removed l gone 1 last 1',
    'removed l two 1 1',
  ]);
  assert.deepEqual(
    changes.map(({ bytes }) => bytes),
    [10, 10, 20, 10, 10, 10, 10, 10],
  );
});

test('licences: new ones first, whatever their case, and what states none is not new', () => {
  const shipped = [
    artifact('l/a-1-0.conda', { licence: 'MIT' }),
    artifact('l/b-1-0.conda', { licence: 'MIT' }),
    artifact('l/b-2-0.conda', { licence: 'Zlib' }),
    artifact('l/c-1-0.conda', { licence: 'bsd-3-clause  AND mit' }),
    artifact('l/d-1-0.conda', { licence: undefined }),
  ];
  const uses = licencesOf(shipped, [' mit', 'BSD-3-Clause AND MIT']);
  assert.deepEqual(
    uses.map(({ licence, isNew, artifacts, packages }) => [licence, isNew, artifacts, packages.join()]),
    [
      ['Zlib', true, 1, 'b'],
      ['MIT', false, 2, 'a,b'],
      [undefined, false, 1, 'd'],
      ['bsd-3-clause  AND mit', false, 1, 'c'],
    ],
  );
});

test('the closure check looks in the own subdir and in noarch, for noarch everywhere', () => {
  const record = (subdir: string, ...specs: string[]): Parameters<typeof closureOf>[0] => [
    {
      path: `${subdir}/x-1-0.conda`,
      subdir,
      depends: specs.map((spec) => ({ spec, name: packageNameOf(spec) })),
    },
  ];
  const provided = new Map([
    ['linux-64', new Set(['zlib'])],
    ['win-64', new Set(['vc'])],
    ['noarch', new Set(['six'])],
  ]);
  const unmet = (subdir: string, ...specs: string[]): string[] =>
    closureOf(record(subdir, ...specs), provided).unmet.map(({ name }) => name);
  assert.deepEqual(unmet('linux-64', 'zlib >=1', 'six', '__glibc >=2.17', 'mkl*'), []);
  assert.deepEqual(unmet('linux-64', 'vc 14.*', 'Nope', 'nope >=2'), ['nope', 'vc']);
  assert.deepEqual(unmet('noarch', 'vc', 'zlib', 'nope'), ['nope']);
  const {
    unmet: found,
    virtual,
    unreadable,
  } = closureOf(
    [
      ...record('linux-64', 'nope 1', 'nope 2', '__cuda'),
      ...record('linux-64', 'nope 3'),
      ...record('linux-64', 'nope', 'mkl*'),
    ],
    provided,
  );
  assert.deepEqual(virtual, ['__cuda']);
  assert.deepEqual(unreadable, ['mkl*']);
  assert.equal(found[0]?.records, 3);
  assert.deepEqual(
    found[0].examples.map(({ spec }) => spec),
    ['nope 1', 'nope 3'],
  );
});
