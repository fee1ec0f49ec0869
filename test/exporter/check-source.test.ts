import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SourcePolicy, sourceFaults, throwFaults } from '../../exporter/check-source.js';
import { diffStates } from '../../shared/diff.js';
import { CondaDiffError } from '../../shared/errors.js';
import type { Survey } from '../../shared/read-state.js';
import { refuses } from '../support/refusal.js';
import { surveyOf } from '../support/survey.js';
import { type Contents, stateOfContents } from '../support/update.js';

const STRICT: SourcePolicy = { allowIncomplete: false, allowRemovals: false, maxRemovals: 0.25 };
const ALLOW_ALL: SourcePolicy = { allowIncomplete: true, allowRemovals: true, maxRemovals: 0 };

function artifacts(directory: string, count: number): Contents {
  const names = Array.from({ length: count }, (_, i) => `${directory}/a-${String(i)}-0.conda`);
  return {
    [`${directory}/repodata.json`]: `${String(count)} records`,
    ...Object.fromEntries(names.map((name) => [name, name])),
  };
}

const FULL: Contents = { ...artifacts('noarch', 8), ...artifacts('linux-64', 4), 'channeldata.json': '{}' };

function faults(now: Contents, findings: Partial<Survey> = {}, policy = STRICT, before = FULL): string[] {
  const survey = surveyOf(now, findings);
  const base = stateOfContents(before);
  return sourceFaults(survey, base, diffStates(base, survey.state), policy).map(
    ({ code, message, details }) => `${code}: ${message}: ${details.join('; ')}`,
  );
}

const error = (message: string): CondaDiffError => new CondaDiffError('source', message);
const MISMATCH = { path: 'noarch/a.conda', expected: 'sha256 x', found: 'sha256 y' };

describe('sourceFaults', () => {
  it('finds none in a repository that is right, nor in its first export', () => {
    assert.deepEqual(faults(FULL), []);
    assert.deepEqual(faults(FULL, {}, STRICT, {}), []);
  });

  const found: readonly [what: string, findings: Partial<Survey>, text: RegExp, allowed?: boolean][] = [
    [
      'an index that cannot be read',
      { unreadable: [error('a/repodata.json is broken')] },
      /^source: An index cannot be read: a\/repodata\.json is broken$/,
    ],
    [
      'a file that is not what its record says',
      { mismatched: [MISMATCH] },
      /^integrity: Files do not match .*: noarch\/a\.conda: expected sha256 x, found sha256 y$/,
    ],
    [
      'a conflict of two indexes',
      { conflicts: ['p/a.conda'] },
      /^source: Two indexes say different things of the same artifact: p\/a\.conda$/,
    ],
    [
      'a name that no state can hold',
      { refused: ['"x" is bad'] },
      /^source: Names in the repository cannot be carried: "x" is bad$/,
    ],
    [
      'records without a file',
      { missing: ['noarch/m.conda'] },
      /^source: The repository is incomplete: records without a file: noarch\/m\.conda$/,
      true,
    ],
    [
      'a link that leads outside where the base had files',
      { strayLinks: [{ path: 'noarch', target: '/x' }] },
      /^source: Symbolic links lead out .*: noarch -> \/x$/,
    ],
    [
      'a link that leads outside where the base had that file',
      { strayLinks: [{ path: 'channeldata.json', target: '/x' }] },
      /channeldata\.json -> \/x$/,
    ],
  ];
  for (const [what, findings, text, allowed = false] of found) {
    it(what, () => {
      const [first, ...others] = faults(FULL, findings);
      assert.match(first ?? 'nothing', text);
      assert.deepEqual(others, []);
      assert.equal(faults(FULL, findings, ALLOW_ALL).length, allowed ? 0 : 1);
    });
  }

  it('names that differ only in case, where one is new', () => {
    const added = { ...FULL, 'Channeldata.json': '{}', 'noarch/A-1-0.conda': '' };
    const text =
      /^source: Names .* stand beside .*: Channeldata\.json is like channeldata\.json .*; noarch\/A-1-0\.conda is/;
    assert.match(faults(added).join('\n'), text);
    assert.deepEqual(faults(added, {}, STRICT, added), []);
  });

  it('not: links elsewhere, unindexed and external artifacts, stale variants', () => {
    const findings: Partial<Survey> = {
      strayLinks: [
        { path: 'noarc', target: '/x' },
        { path: 'noarch/new', target: '/x' },
      ],
      ...{ unindexed: ['noarch/u.conda'], external: ['https://x/y.conda'], withoutRepodata: ['win-64'] },
    };
    assert.deepEqual(faults(FULL, findings), []);
  });

  const without = (contents: Contents, ...paths: readonly string[]): Contents =>
    Object.fromEntries(Object.entries(contents).filter(([path]) => !paths.includes(path)));
  const minus = (count: number): Contents =>
    without(FULL, ...Array.from({ length: count }, (_, i) => `noarch/a-${String(i)}-0.conda`));
  const linux = Object.keys(artifacts('linux-64', 4));
  const removals: readonly [what: string, now: Contents, text: RegExp | undefined][] = [
    ['a quarter of a subdir', minus(2), undefined],
    ['more than a quarter', minus(3), /noarch\/repodata\.json: 3 of 8 artifacts removed, more than 25 %$/],
    [
      'an index that became empty',
      { ...minus(8) },
      /noarch\/repodata\.json names nothing, the base had 8 artifacts$/,
    ],
    [
      'an index directory that vanished',
      without(FULL, ...linux),
      /linux-64\/repodata\.json is gone, the base had 4 artifacts in it$/,
    ],
    [
      'only repodata.json that vanished',
      without(FULL, 'linux-64/repodata.json'),
      /linux-64\/repodata\.json is gone/,
    ],
    ['everything', {}, /linux-64\/repodata\.json is gone.*; noarch\/repodata\.json is gone/],
    ['a root file', without(FULL, 'channeldata.json'), undefined],
  ];
  for (const [what, now, text] of removals) {
    it(`${text === undefined ? 'allows' : 'stops at'} the removal of ${what}`, () => {
      const broken = faults(now);
      if (text === undefined) assert.deepEqual(broken, []);
      else {
        assert.equal(broken.length, 1);
        assert.match(broken[0]!, /^source: The repository looks broken rather than changed: /);
        assert.match(broken[0]!, text);
      }
      assert.deepEqual(faults(now, {}, ALLOW_ALL), []);
    });
  }

  it('a subdir of the base that was empty and vanished, too', () => {
    const before = { ...FULL, 'win-64/repodata.json': '{}' };
    assert.match(
      faults(FULL, {}, STRICT, before).join(),
      /win-64\/repodata\.json is gone, the base had 0 artifacts/,
    );
  });

  it('counts replaced files as no removals, and the share as given', () => {
    const replaced = Object.fromEntries(Object.keys(FULL).map((path) => [path, 'new']));
    assert.deepEqual(faults(replaced), []);
    assert.deepEqual(faults(minus(3), {}, { ...STRICT, maxRemovals: 0.5 }), []);
    assert.match(faults(minus(3), {}, { ...STRICT, maxRemovals: 0.07 }).join(), /more than 7 %$/);
    assert.match(
      faults(minus(1), {}, { ...STRICT, maxRemovals: 0 }).join(),
      /1 of 8 artifacts removed, more than 0 %$/,
    );
  });
});

describe('throwFaults', () => {
  it('throws nothing for nothing', () => {
    throwFaults([]);
  });

  it('reports all at once; integrity gives the exit code, whatever its place', () => {
    const survey = surveyOf(FULL, {
      ...{
        unreadable: [error('broken index')],
        mismatched: [MISMATCH],
        conflicts: ['c.conda'],
        refused: ['"r" is bad'],
      },
      missing: ['m1.conda', 'm2.conda'],
    });
    const base = stateOfContents({ ...FULL, ...artifacts('win-64', 1) });
    const all = sourceFaults(survey, base, diffStates(base, survey.state), STRICT);
    assert.equal(all.length, 6);
    const { exitCode, message, details, hint } = refuses(() => throwFaults(all), 'integrity');
    assert.deepEqual([exitCode, message], [13, 'Files do not match what the index says']);
    for (const text of [
      'noarch/a.conda: expected',
      'broken index',
      'c.conda',
      '"r" is bad',
      'm1.conda',
      'm2.conda',
      'win-64/repodata.json is gone',
    ]) {
      assert.ok(
        details.some((line) => line.includes(text)),
        text,
      );
    }
    assert.equal(hint?.split('\n').length, 6);
    const without = refuses(() => throwFaults(all.filter(({ code }) => code !== 'integrity')), 'source');
    assert.deepEqual([without.exitCode, without.message], [10, 'An index cannot be read']);
  });
});
