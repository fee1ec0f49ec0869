import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeLineDocument, type JsonObject } from '../../shared/line-document.js';
import { LineDocumentDecoder } from '../../shared/line-document-decoder.js';
import { chunked, chunkSizes, hashOf } from '../support/arbitrary.js';
import { refuses } from '../support/refusal.js';

const SECTIONS = ['one', 'two'];

interface Read {
  header: unknown;
  readonly one: unknown[];
  readonly two: unknown[];
}

function read(chunks: Iterable<Uint8Array>, sections = SECTIONS): Read {
  const result: Read = { header: undefined, one: [], two: [] };
  const decoder = new LineDocumentDecoder('file.json', sections, {
    header: (value) => (result.header = value),
    entry: (section, value) => result[section as 'one' | 'two'].push(value),
  });
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return result;
}

function encode(header: JsonObject, one: readonly JsonObject[], two: readonly JsonObject[] = []): Buffer {
  return Buffer.concat([
    ...encodeLineDocument(header, [
      { name: 'one', entries: one },
      { name: 'two', entries: two },
    ]),
  ]);
}

/** A document of these lines with the right checksum: only what is wrong with the lines can refuse it. */
function sealed(lines: readonly string[] | Uint8Array): Buffer {
  const body = lines instanceof Uint8Array ? lines : Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return Buffer.concat([body, Buffer.from(`"checksum":"${hashOf(body)}"\n}\n`)]);
}

const EMPTY = ['{"a":1,', '"one":[', '],', '"two":[', '],'];
const withEntry = (line: string): string[] => ['{"a":1,', '"one":[', line, '],', '"two":[', '],'];

/** Objects of plain keys; keys like numbers come first in every object, so JSON.stringify moves them. */
const object: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.string({ maxLength: 6 }).filter((key) => key !== '__proto__' && !/^\d+$/.test(key)),
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.maxSafeNat(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string({ unit: 'grapheme', maxLength: 4 }), { maxLength: 3 }),
  ),
  { minKeys: 1, maxKeys: 4, noNullPrototype: true },
);
const list = fc.array(object, { maxLength: 6 });

describe('a line document', () => {
  it('may come in one buffer that is filled again and again', () => {
    const bytes = encode({ a: 1 }, [{ path: 'x' }, { path: 'y' }], [{ path: 'z' }]);
    const reused = Buffer.alloc(7);
    const pieces = function* (): Generator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += reused.length)
        yield reused.subarray(0, bytes.copy(reused, 0, at, at + reused.length));
    };
    assert.deepEqual(read(pieces()), read([bytes]));
  });

  it('is read as it was written, however it is cut', () => {
    fc.assert(
      fc.property(object, list, list, chunkSizes, (header, one, two, sizes) => {
        assert.deepEqual(read(chunked(encode(header, one, two), sizes)), { header, one, two });
      }),
      { numRuns: 300 },
    );
  });

  it('is plain JSON, one entry a line, and its checksum covers all lines above', () => {
    const bytes = encode({ format: 'x' }, [{ path: 'ä' }, { path: 'b' }]);
    const text = bytes.toString();
    assert.equal(
      text,
      `{"format":"x",\n"one":[\n{"path":"ä"},\n{"path":"b"}\n],\n"two":[\n],\n"checksum":"${hashOf(
        text.slice(0, text.indexOf('"checksum"')),
      )}"\n}\n`,
    );
    assert.deepEqual(Object.keys(JSON.parse(text) as object), ['format', 'one', 'two', 'checksum']);
  });

  it('is written in chunks: nothing holds all of it', () => {
    const entry = { text: 'x'.repeat(1000) };
    const entries = (function* () {
      for (let i = 0; i < 1000; i++) yield entry;
    })();
    const sizes = [...encodeLineDocument({ a: 1 }, [{ name: 'one', entries }])].map(({ length }) => length);
    assert.ok(sizes.length > 10);
    assert.ok(Math.max(...sizes) < 1 << 17);
  });
});

describe('LineDocumentDecoder refuses', () => {
  it('no document that is right', () => {
    assert.deepEqual(read([sealed(EMPTY)]), { header: { a: 1 }, one: [], two: [] });
    assert.deepEqual(read([sealed(withEntry('{"b":[[[[[[[1]]]]]]]}'))]).one, [{ b: [[[[[[[1]]]]]]] }]);
  });

  const lines: readonly [what: string, line: string, text: RegExp][] = [
    ['a repeated key', '{"b":1,"b":1}', /not in the form/],
    ['a repeated key, escaped once', '{"b":1,"\\u0062":1}', /not in the form/],
    ['white space', '{"b": 1}', /not in the form/],
    ['white space at the end', '{"b":1} ', /not in the form/],
    ['a carriage return', '{"b":1}\r', /not in the form/],
    ['an escape that is not needed', '{"b":"\\u0061"}', /not in the form/],
    ['an escaped slash', '{"b":"\\/"}', /not in the form/],
    ['a number beyond 2^53', '{"b":9007199254740993}', /not in the form/],
    ['a number with an exponent', '{"b":1e3}', /not in the form/],
    ['a number with a fraction of zero', '{"b":1.0}', /not in the form/],
    ['minus zero', '{"b":-0}', /not in the form/],
    ['infinity', '{"b":1e999}', /not in the form/],
    ['keys in the order of numbers', '{"b":1,"0":2}', /not in the form/],
    ['nesting of 9', `{"b":${'['.repeat(8)}1${']'.repeat(8)}}`, /nested deeper than 8/],
    ['nesting of 100000', `{"b":${'['.repeat(100_000)}1${']'.repeat(100_000)}}`, /nested deeper than 8/],
    ['an open string', '{"b":"x}', /not JSON/],
    ['no JSON', 'hello', /not JSON/],
    ['an empty line', '', /not JSON/],
    ['a BOM', '\ufeff{"b":1}', /not JSON/],
    ['two values', '{"b":1}{"b":2}', /not JSON/],
    ['a line beyond 1 MiB', `{"b":"${'x'.repeat(1 << 20)}"}`, /line 3 is longer than 1 MiB/],
  ];
  for (const [what, line, text] of lines) {
    it(`${what}, in an entry and in the header`, () => {
      const error = refuses(() => read([sealed(withEntry(line))]), 'malformed', text);
      assert.match(error.message, /^file\.json: line 3 /);
      const header = line.endsWith('}') ? `${line.slice(0, -1)},` : `${line},`;
      refuses(() => read([sealed([header, ...EMPTY.slice(1)])]), 'malformed', /^file\.json: line 1 /);
    });
  }

  it('__proto__ reaches the validator as a key, not as a prototype', () => {
    const [value] = read([sealed(withEntry('{"__proto__":{"path":"x"}}'))]).one;
    assert.deepEqual(Object.keys(value as object), ['__proto__']);
    assert.equal((value as { path?: string }).path, undefined);
  });

  const bodies: readonly [what: string, lines: readonly string[], text: RegExp][] = [
    ['no header', EMPTY.slice(1), /line 1 is not a header/],
    ['an unknown section', ['{"a":1,', '"three":[', '],', '"two":[', '],'], /not the start of section 'one'/],
    [
      'sections in another order',
      ['{"a":1,', '"two":[', '],', '"one":[', '],'],
      /not the start of section 'one'/,
    ],
    ['a missing section', EMPTY.slice(0, 3), /line 4 is not the start of section 'two'/],
    ['a third section', [...EMPTY, '"three":[', '],'], /line 6 is not the checksum line/],
    ['a comma after the last entry', withEntry('{"b":1},'), /line 4 is not JSON/],
    [
      'no comma between entries',
      [...EMPTY.slice(0, 2), '{"b":1}', '{"b":1}', ...EMPTY.slice(2)],
      /not the end of a section/,
    ],
    ['an entry after the sections', [...EMPTY, '{"b":1}'], /line 6 is not the checksum line/],
  ];
  for (const [what, body, text] of bodies) {
    it(what, () => {
      refuses(() => read([sealed(body)]), 'malformed', text);
    });
  }

  for (const trailing of ['\n', ' ', '}', '\0', '{"a":1,\n', '"checksum":""\n']) {
    it(`${JSON.stringify(trailing)} after the end`, () => {
      refuses(() => read([sealed(EMPTY), Buffer.from(trailing)]), 'malformed', /after the end|cut off/);
    });
  }

  it('a document without its end, or with a checksum in another form', () => {
    const text = sealed(EMPTY).toString();
    refuses(
      () => read([Buffer.from(text.replace('\n}\n', '\n} \n'))]),
      'malformed',
      /not the end of the document/,
    );
    refuses(
      () => read([Buffer.from(text.replace('"checksum":', '"checksum": '))]),
      'malformed',
      /not the checksum/,
    );
    refuses(
      () =>
        read([
          Buffer.from(text.replace(/"checksum":"(.*)"/, (_, x: string) => `"checksum":"${x.toUpperCase()}"`)),
        ]),
      'malformed',
      /not the checksum/,
    );
    refuses(() => read([]), 'malformed', /cut off/);
  });

  it('a checksum of other lines', () => {
    const text = sealed(EMPTY).toString().replace('"a":1', '"a":2');
    const error = refuses(() => read([Buffer.from(text)]), 'integrity', /checksum does not match/);
    assert.match(error.details[0] ?? '', /^expected [0-9a-f]{64}, found [0-9a-f]{64}$/);
  });

  it('bytes that are not UTF-8', () => {
    for (const bad of ['ff', 'c0af', 'eda080', 'f4908080', 'c3', 'e282']) {
      const body = Buffer.concat([
        Buffer.from('{"a":1,\n"one":[\n{"b":"'),
        Buffer.from(bad, 'hex'),
        Buffer.from('"}\n],\n"two":[\n],\n'),
      ]);
      refuses(() => read([sealed(body)]), 'malformed', /line 3 is not valid UTF-8/);
    }
  });

  it('a document cut off at any byte', () => {
    const whole = encode({ a: 'ä' }, [{ path: 'b𐀀' }, { path: 'c' }], [{ d: 1 }]);
    for (let length = 0; length < whole.length; length++) {
      refuses(() => read([whole.subarray(0, length)]), 'malformed');
    }
    assert.ok(read([whole]));
  });

  it('a document with any byte changed', () => {
    const whole = encode({ a: 'ä' }, [{ path: 'b𐀀' }, { path: 'c' }], [{ d: 1 }]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const flipped = Buffer.from(whole);
        flipped[at]! ^= change;
        assert.throws(() => read([flipped]), { name: 'CondaDiffError', code: /^(malformed|integrity)$/ });
      }),
      { numRuns: 2000 },
    );
  });

  it('an endless line before it fills the memory', () => {
    const chunk = Buffer.alloc(1 << 16, 'x');
    let pushed = 0;
    const decoder = new LineDocumentDecoder('file.json', SECTIONS, {
      header: () => undefined,
      entry: () => undefined,
    });
    const error = refuses(
      () => {
        for (;;) {
          decoder.push(chunk);
          pushed += chunk.length;
        }
      },
      'malformed',
      /line 1 is longer than 1 MiB/,
    );
    assert.ok(pushed <= (1 << 20) + chunk.length, `${String(pushed)}: ${error.message}`);
  });
});
