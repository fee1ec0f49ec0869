import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planFiles } from '../../exporter/plan.js';
import { compareCommitOrder } from '../../shared/commit-order.js';
import { applyDiff, diffStates } from '../../shared/diff.js';
import { diffOf, type Manifest, orderOf } from '../../shared/manifest.js';
import { kindByName } from '../../shared/rules.js';
import { stateOf } from '../../shared/state.js';
import { entryOf, twoStates } from '../support/arbitrary.js';

const kindOf = (path: string) => kindByName(path, (directory) => directory === 'noarch');

describe('planFiles', () => {
  it('ships what is added and replaced, in commit order, with kind, time and what it replaces', () => {
    const base = stateOf(
      ['noarch/repodata.json', 'noarch/gone.conda', 'noarch/stays.conda'].map((path) => entryOf(path)),
    );
    const target = stateOf([
      entryOf('noarch/repodata.json', 'new'),
      entryOf('noarch/repodata.json.zst'),
      entryOf('noarch/stays.conda'),
      entryOf('noarch/new.conda'),
      entryOf('index.html'),
    ]);
    const files = planFiles(diffStates(base, target), kindOf, (path) => ({ mtime: path.length }));
    const plain = (path: string, kind: string, text?: string): object => ({
      ...entryOf(path, text),
      kind,
      mtime: path.length,
    });
    const { size, sha256 } = entryOf('noarch/repodata.json');
    assert.deepEqual(files, [
      plain('noarch/new.conda', 'artifact'),
      plain('noarch/repodata.json.zst', 'index'),
      { ...plain('noarch/repodata.json', 'index', 'new'), replaces: { size, sha256 } },
      plain('index.html', 'root'),
    ]);
  });

  it('says all that leads from base to target, in a total order, whatever the states', () => {
    fc.assert(
      fc.property(twoStates, ([base, target]) => {
        const diff = diffStates(base, target);
        const files = planFiles(diff, kindOf, () => ({ mtime: 0 }));
        for (let i = 1; i < files.length; i++) {
          assert.ok(compareCommitOrder(orderOf(files[i - 1]!), orderOf(files[i]!)) < 0);
        }
        const stated = diffOf({ files, removed: diff.removed } as unknown as Manifest);
        assert.equal(applyDiff(base, stated).digest, target.digest);
      }),
    );
  });
});
