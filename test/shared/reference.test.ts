import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Globs, globsProblem } from '../../shared/globs.js';
import { readReference } from '../../shared/read-document.js';
import { encodeReference, type Reference, referenceOf } from '../../shared/reference.js';
import { ReferenceDecoder } from '../../shared/reference-decoder.js';
import { EMPTY_STATE, stateOf } from '../../shared/state.js';
import { chunked, chunkSizes, entryOf, hashOf, state } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';

const bytesOf = (reference: Reference): Buffer => Buffer.concat([...encodeReference(reference)]);

async function decode(chunks: Iterable<Uint8Array>): Promise<Reference> {
  const decoder = await ReferenceDecoder.create('reference.json');
  for (const chunk of chunks) decoder.push(chunk);
  return decoder.end();
}

function assertSame(a: Reference, b: Reference): void {
  const plain = ({ state, ...rest }: Reference): unknown => ({ ...rest, entries: [...state] });
  assert.deepEqual(plain(a), plain(b));
}

const glob = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
  .filter((one) => globsProblem([one]) === undefined);
const globs: fc.Arbitrary<Globs> = fc
  .tuple(fc.array(glob, { maxLength: 3 }), fc.array(glob, { maxLength: 3 }))
  .map(([ignore, include]) => ({ ignore, include }));
const scope = fc.constantFrom('all' as const, 'artifacts' as const, 'tar.bz2' as const);
const reference = fc.tuple(state, globs, scope).map((parts) => referenceOf(...parts));

describe('a reference', () => {
  it('is read as it was written, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(reference, chunkSizes, async (written, sizes) => {
        assertSame(await decode(chunked(bytesOf(written), sizes)), written);
      }),
      { numRuns: 40 },
    );
  });

  it('has the same bytes for the same state, whatever the order of insertion', () => {
    const entries = ['b', 'a', 'c/d'].map((path) => entryOf(path));
    const globs = { ignore: ['x'], include: [] };
    const [a, b] = [stateOf(entries), stateOf([...entries].reverse())].map((s) =>
      bytesOf(referenceOf(s, globs)),
    );
    assert.deepEqual(a, b);
    assert.doesNotMatch(a?.toString() ?? '', /[0-9]{4}-[0-9]{2}|host|generator/);
  });

  it('is read from a file, compressed or not; damaged gzip is malformed', async (t) => {
    const folder = await temporaryDirectory(t);
    const written = referenceOf(stateOf([entryOf('a')]), { ignore: [], include: [] });
    const bytes = gzipSync(bytesOf(written));
    await writeFile(join(folder, 'a.json'), bytesOf(written));
    await writeFile(join(folder, 'a.json.gz'), bytes);
    assertSame(await readReference(join(folder, 'a.json')), written);
    assertSame(await readReference(join(folder, 'a.json.gz')), written);
    for (const [name, damaged] of [
      ['cut', bytes.subarray(0, -5)],
      ['flipped', Buffer.from(bytes.map((byte, i) => (i === bytes.length - 6 ? byte ^ 1 : byte)))],
      ['plain', bytesOf(written)],
      ['followed', Buffer.concat([bytes, Buffer.from('more')])],
      ['padded', Buffer.concat([bytes, Buffer.alloc(20)])],
    ] as const) {
      await writeFile(join(folder, `${name}.json.gz`), damaged);
      await rejects(readReference(join(folder, `${name}.json.gz`)), 'malformed', /is damaged/);
    }
    await rejects(readReference(join(folder, 'none.json')), 'io', /there is no such file/);
  });
});

/** The document with its header or entry lines edited and its checksum made right again. */
async function readEdited(edit: (text: string) => string): Promise<unknown> {
  const written = referenceOf(stateOf([entryOf('a'), entryOf('noarch/b', 'xyz')]), {
    ignore: ['i'],
    include: ['j'],
  });
  const text = bytesOf(written).toString();
  const edited = edit(text.slice(0, text.indexOf('"checksum"')));
  assert.notEqual(edited, text.slice(0, text.indexOf('"checksum"')), 'nothing was edited');
  return decode([Buffer.from(`${edited}"checksum":"${hashOf(edited)}"\n}\n`)]);
}

/** Alters in the text what stands for one field; the checksum is made right, so only the field's check can refuse. */
describe('a stored field of a reference is a checked field:', () => {
  const sha = entryOf('a').sha256;
  const cases: readonly [field: string, from: string | RegExp, to: string, text: RegExp][] = [
    [
      'format',
      'conda-diff-reference',
      'conda-diff-manifest',
      /not a conda-diff-reference document\n.*found "conda-diff-manifest"/,
    ],
    ['format', '"format":"conda-diff-reference",', '', /found none/],
    [
      'version',
      '"version":1',
      '"version":2',
      /has version 2, which this release does not know\n.*version up to 1; install a newer/,
    ],
    ['version', '"version":1', '"version":0', /'version' must be equal to constant/],
    ['version', '"version":1', '"version":"1"', /'version' must be equal to constant/],
    [
      'rules',
      '"rules":1',
      '"rules":7',
      /has rules 7, which this release does not know\n.*rules up to 1; install a newer/,
    ],
    ['rules', '"rules":1', '"rules":0', /'rules' must be equal to constant/],
    ['scope', '"scope":"all"', '"scope":"some"', /'scope' must be equal to one of/],
    ['ignore', '"ignore":["i"]', '"ignore":[""]', /'ignore.0' must NOT have fewer/],
    ['ignore', '"ignore":["i"]', '"ignore":"i"', /'ignore' must be array/],
    ['include', '"include":["j"],', '', /required property 'include'/],
    ['digest', /"digest":"./, '"digest":"g', /'digest' must match pattern/],
    ['digest', /"digest":"[0-9a-f]{64}"/, `"digest":"${sha}"`, /digest: expected ca978112/],
    ['count', '"count":2', '"count":3', /count: expected 3, found 2/],
    ['count', '"count":2', '"count":1', /has more entries than its header says/],
    ['count', '"count":2', '"count":-2', /'count' must be >= 0/],
    ['bytes', '"bytes":4', '"bytes":5', /bytes: expected 5, found 4/],
    ['an unknown field', '"count":2', '"count":2,"extra":1', /must NOT have additional properties: 'extra'/],
    [
      '__proto__',
      '"count":2',
      '"count":2,"__proto__":{"a":1}',
      /must NOT have additional properties: '__proto__'/,
    ],
    ['entry path', '"path":"a"', '"path":"c/../../a"', /begins with a dot/],
    ['entry path', '"path":"a"', '"path":"b"', /digest: expected/],
    ['entry path', '"path":"a"', '"path":"noarch/b"', /must not stand after/],
    ['entry path', '"path":"a"', '"path":"z"', /'noarch\/b' must not stand after 'z'/],
    ['entry size', '"size":1', '"size":2', /bytes: expected 4, found 5/],
    ['entry size', '"size":1', '"size":9007199254740992', /'size' must be <= 9007199254740991/],
    ['entry size', '"size":1', '"size":"1"', /'size' must be integer/],
    ['entry sha256', sha, hashOf('other'), /digest: expected/],
    ['entry sha256', sha, sha.toUpperCase(), /'sha256' must match pattern/],
    ['an unknown field of an entry', '"size":1', '"size":1,"md5":""', /additional properties: 'md5'/],
    ['__proto__ of an entry', '"size":1', '"size":1,"__proto__":null', /additional properties: '__proto__'/],
    ['an entry that is no object', /\{"path":"a".*\}/, '["a"]', /must be object/],
  ];
  for (const [field, from, to, text] of cases) {
    it(`${field}: ${to.slice(0, 50)}`, async () => {
      const code = text.source.includes(': expected') ? 'integrity' : 'malformed';
      await rejects(
        readEdited((body) => body.replace(from, to)),
        code,
        text,
      );
    });
  }

  it('scope, globs: another valid value has no other witness than the checksum', async () => {
    const written = bytesOf(referenceOf(EMPTY_STATE, { ignore: ['i'], include: ['j'] })).toString();
    for (const [from, to] of [
      ['"scope":"all"', '"scope":"artifacts"'],
      ['"ignore":["i"]', '"ignore":["h"]'],
      ['"include":["j"]', '"include":[]'],
    ] as const) {
      assert.ok(written.includes(from));
      await rejects(decode([Buffer.from(written.replace(from, to))]), 'integrity', /checksum does not match/);
    }
  });

  it('every document cut off or with a byte changed is refused', async () => {
    const whole = bytesOf(referenceOf(stateOf([entryOf('a'), entryOf('ä𐀀')]), { ignore: [], include: [] }));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(change === 0 ? whole.subarray(0, at) : whole);
        if (change !== 0) damaged[at]! ^= change;
        await assert.rejects(decode([damaged]), { name: 'CondaDiffError', code: /^(malformed|integrity)$/ });
      }),
      { numRuns: 80 },
    );
  });
});
