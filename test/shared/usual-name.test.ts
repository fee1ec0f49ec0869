import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nameProblem } from '../../shared/name-problem.js';
import { isIndexName, isJunkName } from '../../shared/rules.js';
import { hasUnusualJunk, isUsualName, isUsualSegment } from '../../shared/usual-name.js';

const asBytes = (name: string): [Buffer, number, number] => {
  const bytes = Buffer.from(`<${name}>`);
  return [bytes, 1, bytes.length - 1];
};
const piece = fc.constantFrom(
  ...[
    'a',
    'con',
    'AUX',
    'nul1',
    'com1',
    'lpt9',
    '.',
    '..',
    '-',
    '~1',
    ' ',
    'é',
    '+',
    '!',
    '=',
    '0',
    'repodata',
  ],
  ...['.json', '.manifest', '.conda', '.tar.bz2', '.tar', '.part', '\u200b', '<', ':', 'x'.repeat(200)],
);
const name = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));

describe('a usual name', () => {
  for (const usual of [
    'a-1.0-0.conda',
    'x_y-1!2.3+4-py3_0.tar.bz2',
    'r-4.conda',
    'console-1.conda',
    'comm.conda',
  ]) {
    it(`is ${usual}`, () => assert.ok(isUsualName(...asBytes(usual))));
  }
  for (const unusual of [
    'a.zip',
    '.a.conda',
    'aux.conda',
    'a b.conda',
    'é.conda',
    'a~1.conda',
    'a.conda.',
    '',
  ]) {
    it(`is not ${JSON.stringify(unusual)}`, () => assert.ok(!isUsualName(...asBytes(unusual))));
  }

  it('is one that no rule refuses', () => {
    let count = 0;
    fc.assert(
      fc.property(name, (any) => {
        if (isUsualSegment(...asBytes(any))) assert.equal(nameProblem(any), undefined, any);
        const [bytes, start, end] = asBytes(any);
        if (!isUsualName(bytes, start, end) || hasUnusualJunk(bytes, end)) return;
        count++;
        assert.ok(!isJunkName(any) && !isIndexName(any), any);
      }),
      { numRuns: 5000 },
    );
    assert.ok(count > 20, String(count));
  });
});
