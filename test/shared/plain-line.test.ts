import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pathProblem } from '../../shared/paths.js';
import { PlainLine, takeEntry } from '../../shared/plain-line.js';
import { entryValidator } from '../../shared/schema.js';
import type { Entry } from '../../shared/state.js';
import { hashOf, trackedPath } from '../support/arbitrary.js';

const HASH = hashOf('x');

/** What is taken of a line as bytes; `undefined` when it is left to the parser. */
function taken(text: string, start = 0): Entry | undefined {
  const bytes = Buffer.from(text);
  const line = new PlainLine().begin(bytes, start);
  if (!takeEntry(line) || !line.end()) return undefined;
  const path = bytes.toString('utf8', line.pathStart, line.pathEnd);
  return { path, size: line.number, sha256: Buffer.from(line.hash).toString('hex') };
}

/** What the parser and ajv make of a line; throws where they refuse it. */
async function parsed(text: string): Promise<Entry> {
  const json = text.replace(/,?\n$/, '');
  const value = (await entryValidator<Entry>('reference', 'entries'))(JSON.parse(json), 'line');
  assert.equal(JSON.stringify(value), json);
  assert.equal(pathProblem(value.path), undefined);
  return value;
}

const lineOf = (entry: Entry, end = ',\n'): string => `${JSON.stringify(entry)}${end}`;
const usualPath = fc.stringMatching(
  /^[a-z0-9_+!=-]{1,5}(\.[a-zA-Z0-9_+!=-]{1,4}){0,2}(\/[a-z.0-9-]{1,6}){0,2}$/,
);
const entry: fc.Arbitrary<Entry> = fc.record({
  path: fc.oneof(usualPath, trackedPath),
  size: fc.oneof(fc.nat(20), fc.maxSafeNat()),
  sha256: fc.nat(9).map((n) => hashOf(String(n))),
});

describe('a plain line', () => {
  it('is one of usual names, whatever follows', () => {
    const usual = { path: 'linux-64/a-1!2.0_b+c=d-0.conda', size: 0, sha256: HASH };
    for (const end of ['\n', ',\n', ',\n{"path"', '\n],\n'])
      assert.deepEqual(taken(lineOf(usual, end)), usual);
    assert.deepEqual(taken(`xx${lineOf(usual)}`, 2), usual);
    const large = { ...usual, size: 999_999_999_999_999 };
    assert.deepEqual(taken(lineOf(large)), large);
  });

  const unusual: readonly [what: string, line: string][] = [
    ['a size of 16 digits', lineOf({ path: 'a', size: 1_000_000_000_000_000, sha256: HASH })],
    ['a size with a zero before it', `{"path":"a","size":01,"sha256":"${HASH}"}\n`],
    ['no size', `{"path":"a","size":,"sha256":"${HASH}"}\n`],
    ['upper-case digits', `{"path":"a","size":1,"sha256":"${HASH.toUpperCase()}"}\n`],
    ['63 digits', `{"path":"a","size":1,"sha256":"${HASH.slice(1)}"}\n`],
    ['no path', `{"path":"","size":1,"sha256":"${HASH}"}\n`],
    ['another key', `{"path":"a","size":1,"sha256":"${HASH}","x":1}\n`],
    ['a carriage return', `{"path":"a","size":1,"sha256":"${HASH}"}\r\n`],
    ['two commas', `{"path":"a","size":1,"sha256":"${HASH}"},,\n`],
    ['no line feed', `{"path":"a","size":1,"sha256":"${HASH}"},`],
  ];
  for (const [what, line] of unusual)
    it(`is not one with ${what}`, () => assert.equal(taken(line), undefined));

  for (const path of [
    ...[
      'a"b',
      'a\\b',
      'ä',
      '.a',
      'a/.b',
      'a//b',
      '/a',
      'a/',
      'c:x',
      'aux',
      'a/CON.txt',
      'lpt1.x',
      'a.',
      'a./b',
    ],
    ...['a~1', 'a b', 'x'.repeat(256), Array(300).fill('xxxxxxx').join('/')],
  ]) {
    it(`is not one of the path ${JSON.stringify(path.slice(0, 12))}`, () => {
      assert.equal(taken(lineOf({ path, size: 1, sha256: HASH })), undefined);
    });
  }

  it('that is cut off anywhere is left for later', () => {
    const whole = lineOf({ path: 'noarch/a.conda', size: 12, sha256: HASH });
    for (let end = 0; end < whole.length; end++) assert.equal(taken(whole.slice(0, end)), undefined);
  });

  it('is read as the parser reads it', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(entry, async (one) => {
        const found = taken(lineOf(one));
        if (found === undefined) return;
        count++;
        assert.deepEqual(found, await parsed(lineOf(one)));
      }),
      { numRuns: 500 },
    );
    assert.ok(count > 50, String(count));
  });

  it('changed anywhere is refused by the parser, too, or means the same to both', async () => {
    const character = fc.constantFrom(...Array.from('"\\/.,:{}[] 019afAFxé~\n\0\u007f'));
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        entry,
        fc.array(fc.tuple(fc.nat(), character, fc.nat(1)), { minLength: 1, maxLength: 2 }),
        async (one, changes) => {
          let text = lineOf(one);
          for (const [place, put, gone] of changes) {
            const at = place % text.length;
            text = text.slice(0, at) + put + text.slice(at + gone);
          }
          const found = taken(text);
          if (found === undefined) return;
          count++;
          assert.deepEqual(found, await parsed(text.slice(0, text.indexOf('\n') + 1)));
        },
      ),
      { numRuns: 3000 },
    );
    assert.ok(count > 10, String(count));
  });
});
