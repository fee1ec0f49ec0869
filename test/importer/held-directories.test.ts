import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { HeldDirectories } from '../../importer/held-directories.js';
import { temporaryDirectory } from '../support/channel.js';

describe('directories held for many changes', () => {
  /** A repository with a directory `a`, which was moved to `b` after it was held; another one is `a` now. */
  async function moved(t: TestContext) {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const root = realpathSync(await temporaryDirectory(t));
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    mkdirSync(a);
    const directories = new HeldDirectories({ root, links: [] });
    /** Where the directory that is held for `a` is. */
    const held = (): string => {
      const { path, release } = directories.hold(a);
      const real = realpathSync(path);
      release();
      return real;
    };
    assert.equal(held(), a);
    renameSync(a, b);
    mkdirSync(a);
    const pass = (milliseconds: number): void => {
      now += milliseconds;
    };
    return { a, b, directories, held, pass };
  }

  it('are those that they were, until their path is looked at again', async (t) => {
    const { a, b, held, pass } = await moved(t);
    pass(0.5);
    assert.equal(held(), b);
    pass(0.6);
    assert.equal(held(), a);
  });

  it('are opened anew where we moved them ourselves', async (t) => {
    const { a, directories, held } = await moved(t);
    directories.moved(a);
    assert.equal(held(), a);
  });

  it('are opened anew where something above them was moved', async (t) => {
    const { a, b, directories, held } = await moved(t);
    directories.moved(join(a, '..'));
    assert.equal(held(), a);
    rmdirSync(b);
  });

  it('stay held where something else was moved', async (t) => {
    const { a, b, directories, held } = await moved(t);
    directories.moved(`${a}-`);
    directories.moved(join(a, 'x'));
    assert.equal(held(), b);
  });
});
