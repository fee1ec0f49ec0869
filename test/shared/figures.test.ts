import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatBytes, formatCount } from '../../shared/figures.js';
import { nearest } from '../../shared/nearest.js';

describe('formatBytes', () => {
  const cases: readonly [bytes: number, text: string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1949, '1.9 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [3_100_000, '3.1 MB'],
    [999_999_999, '1.0 GB'],
    [26e12, '26.0 TB'],
    [26e15, '26000.0 TB'],
  ];
  for (const [bytes, text] of cases) it(text, () => assert.equal(formatBytes(bytes), text));
});

describe('formatCount', () => {
  it('has a plural', () => {
    assert.deepEqual(
      [0, 1, 2].map((count) => formatCount(count, 'file')),
      ['0 files', '1 file', '2 files'],
    );
  });
});

describe('nearest', () => {
  const KEYS = ['repository', 'output', 'base', 'ignore', 'include', 'state-dir'];
  const cases: readonly [word: string, near: string | undefined][] = [
    ['repositry', 'repository'],
    ['Output', 'output'],
    ['includes', 'include'],
    ['statedir', 'state-dir'],
    ['bas', 'base'],
    ['volume-size', undefined],
    ['', undefined],
    ['base', 'base'],
  ];
  for (const [word, near] of cases)
    it(`'${word}': ${String(near)}`, () => assert.equal(nearest(word, KEYS), near));
  it('has nothing near to choose among nothing', () => assert.equal(nearest('x', []), undefined));
});
