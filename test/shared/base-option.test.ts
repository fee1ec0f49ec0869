import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BaseOption, parseBase } from '../../shared/base-option.js';

describe('parseBase', () => {
  const file = (name: string): BaseOption => ({ kind: 'file', file: name });
  const cases: readonly [text: string, base: BaseOption][] = [
    ['assumed', { kind: 'assumed' }],
    ['confirmed', { kind: 'confirmed' }],
    ['empty', { kind: 'empty' }],
    ['./empty', file('./empty')],
    ['Empty', file('Empty')],
    ['7', { kind: 'sequence', sequence: 7 }],
    ['007', { kind: 'sequence', sequence: 7 }],
    ['123456', { kind: 'sequence', sequence: 123456 }],
    ['1234567', { kind: 'digest', digest: '1234567' }],
    ['abc123', file('abc123')],
    ['abc1234', { kind: 'digest', digest: 'abc1234' }],
    ['615C47B40F13', { kind: 'digest', digest: '615c47b40f13' }],
    ['a'.repeat(64), { kind: 'digest', digest: 'a'.repeat(64) }],
    ['a'.repeat(65), file('a'.repeat(65))],
    ['./7', file('./7')],
    ['./abc1234', file('./abc1234')],
    ['abc1234.json', file('abc1234.json')],
    ['reference.json', file('reference.json')],
    ['outbox/default-1/update.manifest.json', file('outbox/default-1/update.manifest.json')],
    ['-7', file('-7')],
    ['7 ', file('7 ')],
    ['', file('')],
  ];
  for (const [text, base] of cases) {
    it(`${JSON.stringify(text.slice(0, 40))}: ${base.kind}`, () => assert.deepEqual(parseBase(text), base));
  }
});
