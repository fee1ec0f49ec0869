import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { configuredWait, hoursOf, limitFor } from '../../importer/wait.js';
import type { CondaDiffError } from '../../shared/errors.js';
import { command, crossingOfFile, packages, separateCopy } from '../support/crossing.js';
import { apply } from '../support/importing.js';
import { StoppingDisk } from './crash/stopping-disk.js';

describe('hoursOf', () => {
  it('reads minutes, hours and days', () => {
    assert.deepEqual(['0h', '90m', '48h', '7d'].map(hoursOf), [0, 1.5, 48, 168]);
  });

  it('refuses everything else, with the ways to write it', () => {
    for (const text of ['', '7', 'd', '-1d', '1.5h', '7 d', '7D', '1w', '1h30m', '9999999999d'])
      assert.throws(
        () => hoursOf(text),
        (error: CondaDiffError) => error.code === 'usage' && /like 90m, 48h or 7d/.test(error.hint ?? ''),
        text,
      );
  });
});

describe('configuredWait', () => {
  it('is nothing where nothing is set', () => {
    assert.equal(configuredWait({}), undefined);
    assert.equal(configuredWait({ gcOlderThan: '2d' }), 48);
  });
});

describe('limitFor', () => {
  it('is so many hours ago, and a date also for times that never were', () => {
    assert.ok(Math.abs(Date.now() - 3_600_000 - limitFor(1).getTime()) < 5000);
    assert.equal(limitFor(hoursOf('999999999d')).getTime(), 0);
  });
});

describe('gc-older-than', () => {
  it('holds for what an interrupted import would have deleted, too', async (t) => {
    const states = [packages(0, 4), packages(1, 4), packages(2, 4)].map((noarch) => ({ noarch }));
    const crossing = await crossingOfFile(states, {});
    const [first = '', second = ''] = crossing.updates;
    for (const last of ['/journal.json', '/committed.json']) {
      const copy = await separateCopy(crossing, t);
      const config = `${copy}.yaml`;
      writeFileSync(config, `repository: ${copy}\ngc-older-than: 7d\n`);
      await command('conda-diff-import', ['apply', first, '--config', config]);
      const whole = new StoppingDisk(Number.POSITIVE_INFINITY);
      await apply(copyTo(copy, `${copy}-2`), second, { disk: whole });
      const steps = whole.taken.findIndex(({ path }) => path.endsWith(last)) + 1;
      await assert.rejects(apply(copy, second, { disk: new StoppingDisk(steps) }));
      const { stdout } = await command('conda-diff-import', ['recover', '--config', config]);
      assert.match(stdout, /was finished/);
      const status = await command('conda-diff-import', ['status', '--config', config]);
      assert.match(status.stdout, /^Retired: 2 files/m);
    }
  });
});

function copyTo(from: string, to: string): string {
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
  return to;
}
