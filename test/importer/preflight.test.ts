import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goneOf, publishOf } from '../../importer/commit-plan.js';
import { needsOf } from '../../importer/measure.js';
import { type Measures, type Needs, requireFeasible, type Space } from '../../importer/preflight.js';
import { entryOf } from '../support/arbitrary.js';
import { refuses } from '../support/refusal.js';

const needs: Needs = { bytes: 2_000_000, inodes: 20 };
const space: Space = { place: '/copy/.conda-diff', needs, freeBytes: 2_000_000, freeInodes: 20 };
const enough: Measures = {
  unwritable: [],
  elsewhere: [],
  inTheWay: [],
};

describe('the preflight', () => {
  it('lets an import pass that has just enough, and where inodes are not counted', () => {
    requireFeasible('/copy', [space], enough);
    requireFeasible('/copy', [{ ...space, freeInodes: undefined }], enough);
  });

  const cases: readonly [
    what: string,
    changes: Partial<Measures & Pick<Space, 'freeBytes' | 'freeInodes'>>,
    details: readonly string[],
  ][] = [
    ['bytes', { freeBytes: 1_999_999 }, ['/copy/.conda-diff: 2.0 MB are needed, 2.0 MB are free']],
    ['inodes', { freeInodes: 19 }, ['/copy/.conda-diff: 20 inodes are needed, 19 are free']],
    ['no inodes', { freeInodes: 0 }, ['/copy/.conda-diff: 20 inodes are needed, 0 are free']],
    [
      'permission',
      { unwritable: ['/copy/a', '/copy/b'] },
      ['/copy/a is not writable', '/copy/b is not writable'],
    ],
    [
      'one file system',
      { elsewhere: ['/copy/a'] },
      ['/copy/a is on another file system than /copy/.conda-diff'],
    ],
  ];
  for (const [what, changes, details] of cases) {
    it(`refuses for want of ${what}`, () => {
      const [measures, other] = [
        { ...enough, ...changes },
        { ...space, ...changes },
      ];
      const error = refuses(() => requireFeasible('/copy', [other], measures), 'io', /nothing was changed/);
      assert.deepEqual(error.details, details);
      assert.equal(error.exitCode, 15);
      assert.match(error.hint ?? '', /--no-undo[^]*conda-diff-import gc \/copy --older-than 0h/);
    });
  }

  it('reports everything at once', () => {
    const none = { ...space, freeBytes: 0, freeInodes: 0 };
    const nothing = { unwritable: ['/copy'], elsewhere: ['/copy/a'] };
    const inTheWay = [{ path: '/copy/b', is: 'file' as const }];
    const { details } = refuses(
      () => requireFeasible('/copy', [space, none], { ...nothing, inTheWay }),
      'io',
    );
    assert.equal(details.length, 5);
  });

  it('refuses where a directory or a file is in the way, and says to move it', () => {
    const inTheWay = [
      { path: '/copy/a', is: 'directory' as const },
      { path: '/copy/b', is: 'file' as const },
    ];
    const error = refuses(() => requireFeasible('/copy', [space], { ...enough, inTheWay }), 'io');
    assert.deepEqual(error.details, [
      '/copy/a is in the way: it is a directory',
      '/copy/b is in the way: it is a file',
    ]);
    assert.match(error.hint ?? '', /^Move what is in the way[^]*gc \/copy --older-than 0h$/);
  });
});

describe('what an import needs', () => {
  const publish = publishOf({ ...entryOf('a.conda'), size: 5_000_000, kind: 'artifact' }, undefined);
  const replace = publishOf(
    { ...entryOf('b.conda'), size: 3_000_000, kind: 'artifact' },
    { ...entryOf('b.conda'), size: 2_000_000 },
  );
  const remove = goneOf({ ...entryOf('c.conda'), size: 1_000_000 }, 'artifact', { removeNow: true });
  const retire = goneOf({ ...entryOf('d.conda'), size: 7_000_000 }, 'artifact', { removeNow: false });
  const plan = [publish, replace, remove, retire];
  const least = needsOf([], 0, true);

  it('is the staged files, and what undo keeps where it is copied', () => {
    const [linked, copied] = [needsOf(plan, 0, false), needsOf(plan, 0, true)];
    assert.ok(linked.bytes - least.bytes >= 8_000_000);
    assert.ok(linked.bytes - least.bytes < 8_100_000);
    assert.equal(linked.inodes, least.inodes + 2);
    assert.ok(copied.bytes - linked.bytes >= 3_000_000);
    assert.ok(copied.bytes - linked.bytes < 3_100_000);
    assert.equal(copied.inodes, linked.inodes + 2);
  });

  it('grows with the documents that are written', () => {
    assert.ok(needsOf([], 1_000_000, false).bytes - least.bytes >= 200_000_000);
    assert.ok(least.bytes > 0 && least.inodes > 0);
  });
});
