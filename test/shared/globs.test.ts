import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileGlobs, sameGlobs } from '../../shared/globs.js';
import { refuses } from '../support/refusal.js';

describe('compileGlobs', () => {
  const cases: readonly [patterns: string[], yes: string[], no: string[]][] = [
    [[], [], ['a', '']],
    [['*.txt'], ['a.txt'], ['b/a.txt', 'a.txt/b']],
    [['**/*.txt'], ['a.txt', 'b/a.txt', 'c/b/a.txt'], ['a.txtx']],
    [['linux-64/**'], ['linux-64/a', 'linux-64/b/c'], ['linux-6/a', 'x/linux-64/a']],
    [['a?c'], ['abc'], ['ac', 'a/c', 'abbc']],
    [['[ab].x'], ['a.x', 'b.x'], ['c.x', 'ab.x']],
    [['{a,b}/*.conda'], ['a/x.conda', 'b/x.conda'], ['c/x.conda']],
    [['a', 'b'], ['a', 'b'], ['ab']],
    [['a+b.tar.bz2'], ['a+b.tar.bz2'], ['aab.tar.bz2']],
    [['+(a).x'], ['+(a).x'], ['a.x', 'aa.x']],
    [['@(a|b)'], [], ['a', 'b']],
    [['größe/*'], ['größe/𐀀'], ['grosse/a']],
    [['A'], ['A'], ['a']],
  ];
  for (const [patterns, yes, no] of cases) {
    it(JSON.stringify(patterns), () => {
      const test = compileGlobs(patterns);
      for (const path of yes) assert.ok(test(path), `${path} should match`);
      for (const path of no) assert.ok(!test(path), `${path} should not match`);
    });
  }

  for (const pattern of ['', '!a', '/a', '/**']) {
    it(`refuses '${pattern}'`, () => {
      refuses(() => compileGlobs(['ok', pattern]), 'usage', /not a path pattern relative to the repository/);
    });
  }
});

describe('sameGlobs', () => {
  it('compares both lists in their order', () => {
    const globs = { ignore: ['a', 'b'], include: ['c'] };
    assert.ok(sameGlobs(globs, { ignore: ['a', 'b'], include: ['c'] }));
    assert.ok(!sameGlobs(globs, { ignore: ['b', 'a'], include: ['c'] }));
    assert.ok(!sameGlobs(globs, { ignore: ['a', 'b'], include: [] }));
    assert.ok(!sameGlobs(globs, { ignore: ['a'], include: ['c', 'b'] }));
  });
});
