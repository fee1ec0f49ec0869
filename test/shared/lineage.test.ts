import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LineageEntry, pathBetween } from '../../shared/lineage.js';

/** `1:a-b 2:b-c!`: update 1 leads from state a to b, update 2 from b to c and was withdrawn. */
function lineage(text: string): LineageEntry[] {
  return text.split(' ').map((word): LineageEntry => {
    const [, number = '', base = '', target = '', mark] = /^(\d+):(\w+)-(\w+)(!?)$/.exec(word) ?? [];
    const entry = { id: word, sequence: Number(number), base, target, created: '2024-01-02T03:04:05Z' };
    return mark === '!' ? { ...entry, withdrawn: true } : entry;
  });
}

describe('pathBetween', () => {
  const cases: readonly [what: string, graph: string, from: string, to: string, path: string | undefined][] =
    [
      ['one state', '1:a-b', 'a', 'a', ''],
      ['one update', '1:a-b', 'a', 'b', '1'],
      ['several, in order', '1:a-b 2:b-c 3:c-d', 'a', 'd', '1 2 3'],
      ['the order of the list does not matter', '3:c-d 2:b-c 1:a-b', 'a', 'd', '1 2 3'],
      ['no way back', '1:a-b', 'b', 'a', undefined],
      ['an unknown state', '1:a-b', 'x', 'b', undefined],
      ['an unknown goal', '1:a-b', 'a', 'x', undefined],
      ['a cumulative update is the shorter way', '1:a-b 2:b-c 3:a-c', 'a', 'c', '3'],
      ['a cumulative update on the way', '1:a-b 2:b-c 3:a-c 4:c-d', 'a', 'd', '3 4'],
      ['the latest of equal ones', '1:a-b 2:a-b 3:b-c', 'a', 'c', '2 3'],
      ['the latest of equal ones, in the middle', '1:a-b 2:b-c 3:b-c 4:a-b 5:c-d', 'a', 'd', '4 3 5'],
      ['a withdrawn update is no way', '1:a-b 2:b-c! 3:c-d', 'a', 'd', undefined],
      ['round a withdrawn update', '1:a-b 2:b-c! 3:b-d 4:d-c', 'a', 'c', '1 3 4'],
      ['a fork', '1:a-b 2:b-c 3:b-d', 'b', 'd', '3'],
      ['not across a fork', '1:a-b 2:b-c 3:b-d', 'c', 'd', undefined],
      ['a circle', '1:a-b 2:b-a 3:a-c', 'b', 'c', '2 3'],
      ['a circle closes', '1:a-b 2:b-a', 'b', 'a', '2'],
      ['an update that leads nowhere', '1:a-a 2:a-b', 'a', 'b', '2'],
    ];
  for (const [what, graph, from, to, path] of cases) {
    it(`${what}: ${graph}, ${from} to ${to}`, () => {
      const steps = pathBetween(lineage(graph), from, to);
      assert.equal(steps?.map(({ sequence }) => sequence).join(' '), path);
    });
  }
});
