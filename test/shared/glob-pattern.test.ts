import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import picomatch from 'picomatch';
import { alternativesOf } from '../../shared/glob-pattern.js';
import { compileGlobs } from '../../shared/globs.js';
import { refuses } from '../support/refusal.js';

describe('globs', () => {
  const cases: readonly [pattern: string, yes: string[], no: string[]][] = [
    ['**', ['a', 'a/b/c'], []],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a']],
    ['**/a/**', ['a/b', 'x/a/b'], ['a', 'x/a']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/x']],
    ['a**b', ['ab', 'axb'], ['a/b']],
    ['**/**/x', ['x', 'a/x'], ['xx']],
    ['[!a]x', ['bx'], ['ax', 'x', '/x']],
    ['[^a]x', ['bx'], ['ax']],
    ['[a-cx]', ['a', 'b', 'c', 'x'], ['d', '-']],
    ['[]a]', [']', 'a'], ['b', '[]a]']],
    ['[a-]', ['a', '-'], ['b']],
    ['[ab', ['[ab'], ['a']],
    ['[?]', ['?'], ['a']],
    ['{a,{b,c}}d', ['ad', 'bd', 'cd'], ['d', '{a,b}d']],
    ['{,a}b', ['b', 'ab'], ['cb']],
    ['{a}', ['{a}'], ['a']],
    ['{a,b', ['{a,b'], ['a']],
    ['{{a,b}', ['{a', '{b'], ['a']],
    ['{a/b,c}/x', ['a/b/x', 'c/x'], ['a/x']],
    ['(a|b)', ['(a|b)'], ['a']],
    ['(a+)+b', ['(a+)+b'], ['ab']],
    ['a.c$', ['a.c$'], ['abc']],
    ['*é?', ['éx', 'xé\u{10000}'], ['é']],
    ['*a*b*', ['ab', 'xaxbx', 'aab'], ['ba', 'a']],
    ['*ab', ['ab', 'aab', 'abab'], ['aba']],
    ['a//b', [], ['a/b']],
  ];
  for (const [pattern, yes, no] of cases) {
    it(pattern, () => {
      const test = compileGlobs([pattern]);
      for (const path of yes) assert.ok(test(path), `${path} should match`);
      for (const path of no) assert.ok(!test(path), `${path} should not match`);
    });
  }

  it('mean what they mean elsewhere', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      'ab',
      '*',
      '?',
      '**',
      '/',
      '/**/',
      '[ab]',
      '[^a]',
      '[a-b]',
      '{a,b}',
      '{a,*b}',
      '-',
      '.x',
    );
    const pattern = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    const path = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', 'abb', 'a-b', 'a.x', 'b.x'), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(pattern, path, (glob, names) => {
        // Where names begin with a dot, or segments are empty, there is nothing to agree on: no tracked path has them.
        fc.pre(!/^\/|\/\/|\/$|(^|\/|\{|,)\.x|\*\*[^/]|[^/]\*\*|\]\*\*/.test(glob));
        const wanted = picomatch([glob], { nonegate: true, strictSlashes: true, noextglob: true });
        assert.equal(
          compileGlobs([glob])(names.join('/')),
          wanted(names.join('/')),
          `${glob} ${names.join('/')}`,
        );
      }),
      { numRuns: 20_000 },
    );
  });

  it('take little time, whatever stands in them', () => {
    const path = `${'a'.repeat(250)}/${'a'.repeat(250)}/${'a/'.repeat(700)}a`;
    const globs = [
      '*a'.repeat(120) + 'b',
      '**/'.repeat(80) + 'b',
      '?*'.repeat(120) + 'b',
      '(a+)+b',
      '**/*a*a*a*a*a*a*a*a*b',
    ];
    const begun = performance.now();
    for (const glob of globs) assert.equal(compileGlobs([glob])(path), false);
    assert.ok(performance.now() - begun < 1000, 'it takes too long');
  });

  const refused: readonly [what: string, patterns: string[], text: RegExp][] = [
    ['one that is too long', ['x'.repeat(256)], /is longer than 255 characters/],
    ['too many', Array.from({ length: 257 }, (_, i) => String(i)), /more than 256 alternatives together/],
    ['too many alternatives', ['{a,b}'.repeat(9)], /more than 256 alternatives/],
    ['alternatives without end', ['{a,b}'.repeat(50)], /more than 256 alternatives/],
    [
      'too many alternatives together',
      ['{a,b}'.repeat(7), '{c,d}'.repeat(7), 'e'],
      /more than 256 alternatives/,
    ],
  ];
  for (const [what, patterns, text] of refused) {
    it(`refuses ${what}`, () => {
      refuses(() => compileGlobs(patterns), 'usage', text);
    });
  }

  it('write out their alternatives once', () => {
    assert.deepEqual(alternativesOf('{a,b}{a,}', 10), ['aa', 'a', 'ba', 'b']);
    assert.deepEqual(alternativesOf('{a,a}', 10), ['a']);
    assert.equal(alternativesOf('{a,b,c}', 2), undefined);
  });
});
