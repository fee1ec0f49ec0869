import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CondaDiffError } from '../../shared/errors.js';
import { parse, type Repodata, scan } from '../support/read-repodata.js';
import { repodataTexts } from '../support/repodata-texts.js';

/** How a document is cut: sizes of the chunks, over and over. */
const cuts = fc.array(fc.oneof(fc.constant(1), fc.nat(40)), { minLength: 1, maxLength: 8 });

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = (sizes[turn % sizes.length] ?? 0) + (turn % sizes.length === 0 ? 1 : 0);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** What a reader makes of a document: the records, or how it refuses. */
function outcome(read: () => Repodata): Repodata | 'bad JSON' | 'bad shape' | 'bad UTF-8' {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) return 'bad JSON';
    if (error instanceof TypeError) return 'bad shape';
    assert.ok(error instanceof CondaDiffError, String(error));
    if (error.message.includes('is not UTF-8')) return 'bad UTF-8';
    const [, problem = ''] = error.message.split(' is not valid repodata: ');
    return /^expected '\{'| (is not|holds) .* at byte \d+$/.test(problem) ? 'bad shape' : 'bad JSON';
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString()).equals(bytes);
}

/** A change of a few bytes, as a damaged disk or an interrupted download makes. */
const damage = fc.oneof(
  fc.record({ at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 2 }), drop: fc.nat(2) }),
  fc.record({
    at: fc.nat(),
    bytes: fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '\\', '0', '-', '.', 'e', ' ', '\n', 'null', '', '\x7f'].map(
        (s) => Buffer.from(s),
      ),
    ),
    drop: fc.nat(2),
  }),
  fc.record({ at: fc.nat(), bytes: fc.constant(Buffer.alloc(0)), drop: fc.constant(Infinity) }),
);

describe('RepodataScanner against JSON.parse', () => {
  it('reads the same of any document, however it is cut', () => {
    fc.assert(
      fc.property(repodataTexts, cuts, (text, sizes) => {
        assert.deepEqual(scan(cut(Buffer.from(text), sizes)), parse(text));
      }),
      { numRuns: 1500 },
    );
  });

  it('accepts a damaged document exactly when JSON.parse does, and then reads the same', () => {
    fc.assert(
      fc.property(repodataTexts, damage, cuts, (text, { at, bytes, drop }, sizes) => {
        const whole = Buffer.from(text);
        const from = at % whole.length;
        const damaged = Buffer.concat([
          whole.subarray(0, from),
          bytes,
          whole.subarray(Math.min(whole.length, from + drop)),
        ]);
        const expected = outcome(() => parse(damaged.toString()));
        const actual = outcome(() => scan(cut(damaged, sizes)));
        if (expected === 'bad JSON')
          assert.equal(typeof actual, 'string', 'accepted what JSON.parse refuses');
        else if (!isUtf8(damaged)) assert.notEqual(actual, 'bad JSON');
        else if (actual !== 'bad shape') assert.deepEqual(actual, expected);
        else if (expected !== 'bad shape') assertShadowed(damaged.toString());
      }),
      { numRuns: 3000 },
    );
  });
});

/** The scanner also refuses a shape that a later equal key would have replaced: then there must be equal keys. */
function assertShadowed(text: string): void {
  const strings = [...text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g)];
  const keys = strings
    .filter(([, , colon]) => colon !== undefined)
    .map(([, key = '']) => String(JSON.parse(key)));
  assert.ok(new Set(keys).size < keys.length, 'refused a shape that is right');
}
