import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planCommit, type CommitAction, goneOf, inOrder, publishOf } from '../../importer/commit-plan.js';
import type { Journal } from '../../importer/journal.js';
import { planUndo, type UndoAction } from '../../importer/undo-plan.js';
import { diffStates } from '../../shared/diff.js';
import { NO_GLOBS } from '../../shared/globs.js';
import type { Manifest } from '../../shared/manifest.js';
import { totalsOf } from '../../shared/reference.js';
import { kindByName } from '../../shared/rules.js';
import { EMPTY_STATE, type State, stateOf } from '../../shared/state.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { originOf } from '../support/update.js';

const kindOf = (path: string) => kindByName(path, (directory) => directory !== '');

function journalOf(actions: readonly CommitAction[], from: State, to: State): Journal {
  return {
    ...{ attempt: '0123456789abcdef', kind: 'import', globs: NO_GLOBS, keepsUndo: true, directories: [] },
    ...originOf(),
    ...{ from: totalsOf(from), to: totalsOf(to), at: '2024-01-02T03:04:05Z', actions },
  };
}

function undoOf(actions: readonly CommitAction[]): UndoAction[] {
  return planUndo(journalOf(inOrder(actions), EMPTY_STATE, EMPTY_STATE));
}

const put = (path: string, text: string, before?: string): CommitAction =>
  publishOf(
    { ...entryOf(path, text), kind: kindOf(path) },
    before === undefined ? undefined : entryOf(path, before),
  );
const gone = (path: string, text: string, removeNow = false): CommitAction =>
  goneOf(entryOf(path, text), kindOf(path), { removeNow });

const SHARD = `noarch/shards/${hashOf('s')}.msgpack.zst`;

describe('planUndo', () => {
  it('removes at once what the state before names: retired it would be tracked', () => {
    const added = { ...entryOf('noarch/new.conda', 'n'), kind: 'artifact' as const };
    for (const [wasNamed, expected] of [
      [true, 'remove'],
      [false, 'retire'],
    ] as const) {
      const [undo] = undoOf([publishOf(added, undefined, wasNamed)]);
      assert.deepEqual([undo?.action.action, undo?.action.step], [expected, 6]);
    }
    const replaced = publishOf(added, entryOf('noarch/new.conda', 'o'), true);
    assert.ok(!('wasNamed' in replaced), 'what was there comes back');
  });

  it('brings back what was replaced or removed, and lets what was added go, the index first', () => {
    const done = inOrder([
      put('noarch/new.conda', 'n'),
      put(SHARD, 's'),
      put('noarch/x.html', '2', '1'),
      put('noarch/same.conda', '2', '1'),
      put('noarch/repodata.json', '2', '1'),
      put('noarch/repodata.json.zst', '2'),
      gone('noarch/repodata.json.bz2', '1'),
      put('index.html', '2'),
      gone('noarch/old.conda', 'o'),
      gone('noarch/evil.conda', 'e', true),
      gone('noarch/notes.txt', 't'),
    ]);
    const undo = planUndo(journalOf(done, EMPTY_STATE, EMPTY_STATE));
    assert.deepEqual(
      undo.map(({ action: { action, step, path, before } }) =>
        [step, before && action === 'publish' ? 'replace' : action, path].join(' '),
      ),
      [
        '1 publish noarch/evil.conda',
        '3 publish noarch/notes.txt',
        '3 replace noarch/x.html',
        '4 replace noarch/same.conda',
        '4 remove noarch/repodata.json.zst',
        '4 publish noarch/repodata.json.bz2',
        '4 replace noarch/repodata.json',
        '6 remove index.html',
        '6 retire noarch/new.conda',
        `6 retire ${SHARD}`,
      ],
    );
    for (const { action, keptAs } of undo) {
      const was = keptAs === undefined ? undefined : done[keptAs];
      assert.equal(keptAs !== undefined, action.action === 'publish', action.path);
      if (action.action !== 'publish') continue;
      assert.equal(was?.path, action.path);
      assert.deepEqual(action.after, was.before);
      assert.deepEqual(action.before, was.action === 'publish' ? was.after : undefined);
    }
  });

  it('needs nothing for what was retired: it is still there', () => {
    assert.deepEqual(undoOf([gone('noarch/old.conda', 'o'), gone(SHARD, 's')]), []);
  });

  it('takes nothing away at once that the import did not publish', () => {
    const undo = undoOf([put('noarch/new.conda', 'n', '1'), gone('noarch/evil.conda', 'e', true)]);
    assert.deepEqual(
      undo.map(({ action }) => action.action),
      ['publish', 'publish'],
    );
  });

  const path = fc.constantFrom(
    ...['noarch/repodata.json', 'noarch/repodata.json.zst', 'noarch/a.conda', 'noarch/b.conda'],
    ...['noarch/x.html', 'index.html', SHARD, 'linux-64/repodata.json', 'linux-64/c.conda'],
  );
  const tree = fc
    .uniqueArray(fc.tuple(path, fc.constantFrom('1', '2')), { selector: ([one]) => one })
    .map((pairs) => stateOf(pairs.map(([one, text]) => entryOf(one, text))));

  it('leads back, whatever was imported and however', () => {
    fc.assert(
      fc.property(tree, tree, fc.boolean(), (from, to, removeNow) => {
        const { added, replaced, removed } = diffStates(from, to);
        const changed = [...added, ...replaced.map(({ after }) => after)];
        const files = changed.map((file) => ({ ...file, kind: kindOf(file.path), mtime: 0 }));
        const base = { ...totalsOf(from), scope: 'all', ...NO_GLOBS };
        const manifest = {
          files,
          removed,
          absent: [],
          lineage: [],
          base,
          globs: NO_GLOBS,
        } as unknown as Manifest;
        const options = { untracked: () => undefined, removeNow };
        const actions = planCommit(manifest, from, to, kindOf, options);
        const disk = new Map([...to].map((entry) => [entry.path, entry.sha256]));
        for (const { action, keptAs } of planUndo(journalOf(actions, from, to))) {
          if (action.action === 'publish') {
            assert.deepEqual(actions[keptAs!]?.before, action.after);
            assert.equal(disk.get(action.path), action.before?.sha256);
            disk.set(action.path, action.after.sha256);
          } else {
            assert.equal(disk.get(action.path), action.before.sha256);
            disk.delete(action.path);
          }
        }
        for (const action of actions)
          if (action.action === 'retire') disk.set(action.path, action.before.sha256);
        assert.deepEqual(disk, new Map([...from].map((entry) => [entry.path, entry.sha256])));
      }),
    );
  });
});
