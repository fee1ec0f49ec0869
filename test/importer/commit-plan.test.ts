import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CommitAction, type Content, planCommit } from '../../importer/commit-plan.js';
import { compareCommitOrder } from '../../shared/commit-order.js';
import { diffStates } from '../../shared/diff.js';
import type { Globs } from '../../shared/globs.js';
import { type Manifest, orderOf } from '../../shared/manifest.js';
import { nameOf } from '../../shared/paths.js';
import { type Scope, totalsOf } from '../../shared/reference.js';
import { isIndexName, kindByName } from '../../shared/rules.js';
import { type Entry, type State, stateOf } from '../../shared/state.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { type Contents, stateOfContents } from '../support/update.js';

const kindOf = (path: string) => kindByName(path, (directory) => directory !== '');
const NONE = { ignore: [], include: [] };

function manifestOf(base: State, target: State, scope: Scope = 'all'): Manifest {
  const { added, replaced, removed } = diffStates(base, target);
  const shipped = (path: string) => ({ ...target.get(path)!, kind: kindOf(path), mtime: 7 });
  const files = [
    ...added.map(({ path }) => shipped(path)),
    ...replaced.map(({ before, after }) => ({
      ...shipped(after.path),
      replaces: { size: before.size, sha256: before.sha256 },
    })),
  ].sort((a, b) => compareCommitOrder(orderOf(a), orderOf(b)));
  return {
    ...{ rules: 1, globs: NONE, id: '', site: '', sequence: 1, generator: '', created: '' },
    base: { ...totalsOf(base), scope, ...NONE },
    target: totalsOf(target),
    baseReference: { name: '', size: 0, sha256: '' },
    ...{ volumes: [], files, removed, absent: [], lineage: [] },
  };
}

interface Case {
  readonly scope?: Scope;
  readonly removeNow?: boolean;
  readonly globs?: Globs;
  /** What is on disk and not tracked. */
  readonly untracked?: Contents;
  /** What an index of the target names and the mirror does not have. */
  readonly absent?: readonly string[];
}

/** The plan in words, after a look at the contents that it names. */
function plan(base: Contents, local: Contents, target: Contents, options: Case = {}): string[] {
  const { scope = 'all', removeNow = false, untracked = {}, globs = NONE } = options;
  const absent = (options.absent ?? []).map((path) => ({ path, named: 'removed' as const }));
  const [from, here, to] = [base, local, target].map(stateOfContents) as [State, State, State];
  const beside = stateOfContents(untracked);
  const find = (path: string): Entry | undefined => beside.get(path);
  const stated = manifestOf(from, to, scope);
  const manifest = { ...stated, absent, globs, base: { ...stated.base, ...globs } };
  const actions = planCommit(manifest, here, to, kindOf, { untracked: find, removeNow });
  return actions.map((action) => {
    const { step, path, before } = action;
    const present = here.get(path) ?? find(path);
    assert.deepEqual(
      before,
      contentOf(present ?? (action.action === 'publish' ? undefined : from.get(path))),
    );
    if (action.action !== 'publish') return `${step} ${action.action} ${path}`;
    assert.deepEqual(action.after, contentOf(to.get(path)), path);
    return `${step} ${before ? 'replace' : 'publish'} ${path}`;
  });
}

const contentOf = (entry: Entry | undefined): Content | undefined =>
  entry && { size: entry.size, sha256: entry.sha256 };
const NOTHING_ELSE = { untracked: () => undefined, removeNow: false };

const SHARD = (text: string): string => `noarch/shards/${hashOf(text)}.msgpack.zst`;

describe('planCommit', () => {
  it('has the order of the design: new, burst with stale variants, roots, then what retires', () => {
    const base = {
      ...{
        'noarch/repodata.json': '1',
        'noarch/repodata.json.bz2': '1',
        'noarch/repodata_shards.msgpack.zst': '1',
      },
      ...{
        'noarch/current_repodata.json': '1',
        'noarch/same.conda': '1',
        'noarch/old.conda': '1',
        'noarch/x.html': '1',
      },
      ...{ 'old/repodata.json': '1', 'old/a.conda': '1', 'index.html': '1', [SHARD('1')]: '1' },
    };
    const target = {
      ...{
        'noarch/repodata.json': '2',
        'noarch/repodata.json.zst': '2',
        'noarch/current_repodata.json': '2',
      },
      ...{
        'noarch/same.conda': '2',
        'noarch/new.conda': '2',
        'noarch/x.html': '2',
        'noarch/y.html': '2',
        'index.html': '2',
      },
      ...{ 'channeldata.json': '2', [SHARD('2')]: '2' },
    };
    assert.deepEqual(plan(base, base, target), [
      '1 publish noarch/new.conda',
      `2 publish ${SHARD('2')}`,
      '3 replace noarch/x.html',
      '3 publish noarch/y.html',
      '4 replace noarch/same.conda',
      '4 publish noarch/repodata.json.zst',
      '4 remove noarch/repodata.json.bz2',
      '4 replace noarch/current_repodata.json',
      '4 replace noarch/repodata.json',
      '4 remove old/repodata.json',
      '4 remove noarch/repodata_shards.msgpack.zst',
      '5 publish channeldata.json',
      '5 replace index.html',
      '6 retire noarch/old.conda',
      `6 retire ${SHARD('1')}`,
      '6 retire old/a.conda',
    ]);
  });

  it('skips what is here already with the right content', () => {
    const base = { 'noarch/repodata.json': '1', 'noarch/a.conda': '1' };
    const target = { 'noarch/repodata.json': '2', 'noarch/a.conda': '2', 'noarch/b.conda': '2' };
    assert.deepEqual(plan(base, { ...base, 'noarch/b.conda': '2', 'noarch/a.conda': '2' }, target), [
      '4 replace noarch/repodata.json',
    ]);
    assert.deepEqual(plan(base, target, target), []);
  });

  it('decides from what is here whether a file is replaced', () => {
    const target = { 'noarch/repodata.json': '2', 'noarch/a.conda': '2' };
    const local = { 'noarch/repodata.json': '1', 'noarch/a.conda': '1' };
    assert.deepEqual(plan({}, local, target), ['4 replace noarch/a.conda', '4 replace noarch/repodata.json']);
    assert.deepEqual(plan(local, {}, target), ['1 publish noarch/a.conda', '4 publish noarch/repodata.json']);
  });

  it('from a partial base removes metadata that nobody knew of, but no artifact', () => {
    const base = { 'noarch/a.tar.bz2': '1', 'noarch/gone.tar.bz2': '1' };
    const local = {
      ...base,
      ...{
        'noarch/repodata.json': 'x',
        'noarch/repodata.json.bz2': 'x',
        'noarch/x.html': 'x',
        'index.html': 'x',
      },
      ...{ 'noarch/unknown.conda': 'x', [SHARD('x')]: 'x' },
    };
    const target = { 'noarch/a.tar.bz2': '1', 'noarch/repodata.json': '2' };
    const expected = [
      '4 remove noarch/repodata.json.bz2',
      '4 replace noarch/repodata.json',
      '6 remove index.html',
      '6 retire noarch/gone.tar.bz2',
      '6 remove noarch/x.html',
    ];
    for (const scope of ['artifacts', 'tar.bz2'] as const)
      assert.deepEqual(plan(base, local, target, { scope }), expected);
    assert.deepEqual(plan(base, local, target), [
      ...expected.slice(0, 3),
      '6 retire noarch/gone.tar.bz2',
      `6 retire ${SHARD('x')}`,
      '6 retire noarch/unknown.conda',
      '6 remove noarch/x.html',
    ]);
  });

  it('takes away at once what an include glob would go on tracking', () => {
    const [base, target] = [
      { 'noarch/repodata.json': '1', 'keys/a.conda': '1' },
      { 'noarch/repodata.json': '2' },
    ];
    const globs = { ignore: [], include: ['keys/*'] };
    assert.deepEqual(plan(base, base, target, { globs }), [
      '4 replace noarch/repodata.json',
      '6 remove keys/a.conda',
    ]);
    assert.deepEqual(plan(base, base, target), ['4 replace noarch/repodata.json', '6 retire keys/a.conda']);
  });

  it('takes artifacts and shards away at once where they must not stay', () => {
    const base = {
      'noarch/repodata.json': '1',
      'noarch/evil.conda': '1',
      'noarch/x.html': '1',
      [SHARD('1')]: '1',
    };
    assert.deepEqual(plan(base, base, { 'noarch/repodata.json': '2' }, { removeNow: true }), [
      '4 replace noarch/repodata.json',
      '6 remove noarch/evil.conda',
      `6 remove ${SHARD('1')}`,
      '6 remove noarch/x.html',
    ]);
  });

  it('takes away at once what an index still names and the mirror does not have', () => {
    const base = { 'noarch/repodata.json': '1', 'noarch/a.conda': '1', 'noarch/b.conda': '1' };
    const target = { 'noarch/repodata.json': '2' };
    const absent = ['noarch/a.conda', 'noarch/c.conda', 'noarch/nowhere.conda'];
    assert.deepEqual(plan(base, base, target, { absent, untracked: { 'noarch/c.conda': '1' } }), [
      '4 replace noarch/repodata.json',
      '6 remove noarch/a.conda',
      '6 retire noarch/b.conda',
      '6 remove noarch/c.conda',
    ]);
  });

  it('counts what lies untracked at the place of a shipped file as here', () => {
    const base = { 'noarch/repodata.json': '1' };
    const target = { 'noarch/repodata.json': '2', 'noarch/a.conda': '2', 'noarch/b.conda': '2' };
    const untracked = { 'noarch/a.conda': '2', 'noarch/b.conda': '1', 'noarch/local.conda': '1' };
    assert.deepEqual(plan(base, base, target, { untracked }), [
      '4 replace noarch/b.conda',
      '4 replace noarch/repodata.json',
    ]);
  });

  const name = fc.constantFrom(
    ...[
      'repodata.json',
      'repodata.json.zst',
      'repodata.json.bz2',
      'current_repodata.json',
      'repodata_shards.msgpack.zst',
    ],
    ...['a.conda', 'b.tar.bz2', 'c.conda', 'x.html', `${hashOf('s')}.msgpack.zst`],
  );
  const path = fc.oneof(
    fc.tuple(fc.constantFrom('noarch', 'linux-64'), name).map((parts) => parts.join('/')),
    fc.constant('index.html'),
  );
  const tree = fc.uniqueArray(fc.tuple(path, fc.constantFrom('1', '2')), {
    selector: ([one]) => one,
    maxLength: 14,
  });
  const stateFrom = (pairs: readonly [string, string][]): State =>
    stateOf(pairs.map(([one, text]) => entryOf(one, text)));

  it('leads to the target from wherever all of it is here or shipped', () => {
    fc.assert(
      fc.property(tree, tree, tree, (before, drifted, after) => {
        const [base, target] = [stateFrom(before), stateFrom(after)];
        const shipped = new Set(manifestOf(base, target).files.map(({ path }) => path));
        const unshipped = [...target].filter(({ path }) => !shipped.has(path));
        const local = stateOf([
          ...[...stateFrom(drifted)].filter(({ path }) => !unshipped.some((one) => one.path === path)),
          ...unshipped,
        ]);
        const actions = planCommit(manifestOf(base, target), local, target, kindOf, NOTHING_ELSE);
        const files = new Map([...local].map((entry) => [entry.path, entry.sha256]));
        actions.forEach((action, i) => {
          assert.deepEqual(action.before, contentOf(local.get(action.path)));
          if (action.action === 'publish') files.set(action.path, target.get(action.path)!.sha256);
          else files.delete(action.path);
          assertOrder(actions, i);
        });
        assert.deepEqual(files, new Map([...target].map((entry) => [entry.path, entry.sha256])));
      }),
      { numRuns: 500 },
    );
  });

  it('leads to the target, and at every step no index names what is not there or removed yet', () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const [base, target] = [stateFrom(before), stateFrom(after)];
        const actions = planCommit(manifestOf(base, target), base, target, kindOf, NOTHING_ELSE);
        const files = new Map([...base].map((entry) => [entry.path, entry.sha256]));
        actions.forEach((action, i) => {
          if (action.action === 'publish') files.set(action.path, target.get(action.path)!.sha256);
          else files.delete(action.path);
          assertOrder(actions, i);
        });
        assert.deepEqual(files, new Map([...target].map((entry) => [entry.path, entry.sha256])));
        assert.equal(new Set(actions.map((action) => action.path)).size, actions.length);
      }),
      { numRuns: 500 },
    );
  });
});

function assertOrder(actions: readonly CommitAction[], i: number): void {
  const { action, path, step } = actions[i]!;
  const later = actions.slice(i + 1);
  assert.ok(
    later.every((one) => one.step >= step),
    'steps never go back',
  );
  if (!isIndexName(nameOf(path))) {
    if (action !== 'publish')
      assert.ok(
        later.every((one) => !isIndexName(nameOf(one.path))),
        `${path} goes after the indexes`,
      );
    return;
  }
  assert.equal(step, 4);
  assert.ok(
    later.every((one) => one.action !== 'publish' || (one.kind !== 'artifact' && one.kind !== 'shard')),
    `${path} after all artifacts and shards`,
  );
  const variants = later.filter((one) => /^repodata\.json\.(zst|bz2|gz)$/.test(nameOf(one.path)));
  if (nameOf(path) === 'repodata.json') assert.deepEqual(variants, [], 'after its compressed variants');
  if (nameOf(path).startsWith('repodata_shards')) {
    assert.ok(
      later.every((one) => !isIndexName(nameOf(one.path)) || nameOf(one.path) === nameOf(path)),
      'shard index last',
    );
  }
}
