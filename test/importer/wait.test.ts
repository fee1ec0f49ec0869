import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configuredWait, hoursOf, limitFor } from '../../importer/wait.js';
import type { CondaDiffError } from '../../shared/errors.js';

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
