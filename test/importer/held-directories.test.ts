import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { HeldDirectories } from '../../importer/held-directories.js';
import { temporaryDirectory } from '../support/channel.js';

describe('directories held for many changes', () => {
  /** A repository with a directory `a`. */
  async function repository(t: TestContext) {
    const root = realpathSync(await temporaryDirectory(t));
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    mkdirSync(a);
    const directories = new HeldDirectories({ root, links: [] });
    /** By which path `a` is reached, and where that leads. */
    const hold = () => {
      const { path, release } = directories.hold(a);
      const real = realpathSync(path);
      release();
      return { path, real };
    };
    return { a, b, hold };
  }

  it('stay held as long as work goes on without a pause', async (t) => {
    const { a, hold } = await repository(t);
    const { path, real } = hold();
    assert.equal(real, a);
    assert.equal(hold().path, path);
    await nextTurn();
    assert.throws(() => realpathSync(path), { code: 'ENOENT' });
    assert.equal(hold().real, a);
  });

  it('are opened anew at once where their path leads elsewhere', async (t) => {
    const { a, b, hold } = await repository(t);
    hold();
    renameSync(a, b);
    mkdirSync(a);
    assert.equal(hold().real, a);
  });
});
