import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { anchoredDisk } from '../../../importer/anchored-disk.js';
import type { Disk } from '../../../importer/disk.js';
import { CondaDiffError } from '../../../shared/errors.js';
import { temporaryDirectory } from '../../support/channel.js';
import { apply, cloneSite, listing, type Site, siteOfSuite } from '../../support/hostile-site.js';
import { apply as applyWith } from '../../support/importing.js';

/** Every change, instead of some. */
const ALL = process.env['CONDA_DIFF_RACES'] === 'all';

type Call = (...args: unknown[]) => Promise<unknown>;

/** A disk that does something directly before and after each of its changes. */
function around(disk: Disk, before: (paths: readonly string[]) => void, after: () => void): Disk {
  const wrapped = Object.entries(disk).map(([name, call]) => {
    const act = async (...args: unknown[]): Promise<unknown> => {
      before(args.filter((one) => typeof one === 'string'));
      try {
        return await (call as Call)(...args);
      } finally {
        after();
      }
    };
    return [name, act];
  });
  return Object.fromEntries(wrapped) as Disk;
}

/** Puts a link to the outside in the place of a directory while the n-th change that concerns it is made. */
function racingDisk({ copy }: Site, directory: string, n: number, onSwap: () => void): Disk {
  const [place, aside] = [join(copy, directory), join(copy, '..', 'aside')];
  let [count, isSwapped, atWork] = [0, false, 0];
  const before = (paths: readonly string[]): void => {
    atWork++;
    // Not while others are at work: they would find the directory gone, which is no race that anybody can win.
    if (!paths.some((path) => path.startsWith(place)) || atWork > 1 || ++count !== n) return;
    renameSync(place, aside);
    symlinkSync(`../outside/${directory}`, place);
    isSwapped = true;
    onSwap();
  };
  const after = (): void => {
    atWork--;
    if (!isSwapped) return;
    unlinkSync(place);
    renameSync(aside, place);
    isSwapped = false;
  };
  return around(anchoredDisk({ root: copy, links: [] }), before, after);
}

/** What the outside has at the names that the import changes, so that a change would find something to change. */
function prepareOutside({ copy, outside }: Site, directory: string): void {
  execFileSync('cp', ['-a', join(copy, directory), join(outside, directory)]);
  for (const own of ['stage', 'undo', 'trash']) {
    execFileSync('mkdir', ['-p', join(outside, directory, own)]);
    for (const n of ['0', '1', '2', '3', '4', '5', '6'])
      execFileSync('cp', [join(outside, 'secret'), join(outside, directory, own, n)]);
  }
  execFileSync('cp', [join(outside, 'secret'), join(outside, directory, 'journal.json')]);
}

describe('A directory that becomes a link directly before a change', () => {
  const siteOf = siteOfSuite();

  async function race(t: TestContext, directory: string, n: number): Promise<boolean> {
    const site = cloneSite(siteOf(), await temporaryDirectory(t));
    prepareOutside(site, directory);
    const before = listing(site.outside);
    let wasSwapped = false;
    const disk = racingDisk(site, directory, n, () => (wasSwapped = true));
    try {
      await applyWith(site.copy, site.update, { disk });
    } catch (error) {
      assert.ok(error instanceof CondaDiffError, String(error));
      assert.match(error.code, /^(malformed|io)$/, `${directory} ${String(n)}: ${error.message}`);
    }
    assert.deepEqual(listing(site.outside), before, `${directory} ${String(n)}`);
    await apply(site, site.update);
    assert.deepEqual(listing(site.outside), before);
    return wasSwapped;
  }

  for (const directory of ['noarch', '.conda-diff']) {
    it(`leads no change out of the copy: ${directory}`, async (t) => {
      let n = 1;
      for (; await race(t, directory, n); n += ALL || n < 4 ? 1 : 7);
      assert.ok(n > 8, `only ${String(n)} changes were met`);
    });
  }
});
