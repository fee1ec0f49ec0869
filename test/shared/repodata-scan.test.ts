import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CondaDiffError } from '../../shared/errors.js';
import { RepodataScanner, type RepodataVisitor } from '../../shared/repodata-scan.js';
import { parse, scan } from '../support/read-repodata.js';

const SHA = 'ab'.repeat(32);
const MD5 = '0c'.repeat(16);
const RECORD = `{"sha256":"${SHA}","md5":"${MD5}","size":12}`;
const FIELDS = { sha256: SHA, md5: MD5, size: 12, url: undefined, fn: undefined };
const NO_FIELDS = { sha256: undefined, md5: undefined, size: undefined, url: undefined, fn: undefined };

function* bytewise(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}

/** Reads whole and byte by byte, which must agree. */
function read(document: string | Uint8Array): ReturnType<typeof scan> {
  const bytes = Buffer.from(document);
  const whole = scan([bytes]);
  assert.deepEqual(scan(bytewise(bytes)), whole);
  return whole;
}

/** The message and hint with which a document is refused, whole and byte by byte alike. */
function refusal(document: string | Uint8Array, name = 'linux-64/repodata.json'): CondaDiffError {
  const bytes = Buffer.from(document);
  const [whole, cut] = [[bytes], bytewise(bytes)].map((chunks) => {
    try {
      scan(chunks, name);
    } catch (error) {
      assert.ok(error instanceof CondaDiffError, String(error));
      assert.equal(error.code, 'source');
      return error;
    }
    throw new assert.AssertionError({ message: `accepted: ${bytes.toString().slice(0, 200)}` });
  });
  assert.equal(cut?.message, whole?.message);
  return whole!;
}

function bucket(name: string, records: Record<string, unknown>): Map<string, Map<string, unknown>> {
  return new Map([[name, new Map(Object.entries(records))]]);
}

describe('RepodataScanner reads', () => {
  it('both buckets, in compact and indented JSON, whatever the order of keys', () => {
    const document = { 'packages.conda': { b: { md5: MD5, size: 12, sha256: SHA } }, packages: {}, info: {} };
    for (const indent of [0, 2, '\t']) {
      assert.deepEqual(
        read(JSON.stringify(document, null, indent)).buckets,
        bucket('packages.conda', { b: FIELDS }),
      );
    }
  });

  it('v3 buckets with any extension, with url and fn', () => {
    const { buckets } = read(
      `{"v3":{"whl":{"a-1":{"url":"../a.whl","fn":"a.whl"}},"tar.zst":{"b":${RECORD}},"x":null}}`,
    );
    assert.deepEqual(buckets.get('v3.whl')?.get('a-1'), { ...NO_FIELDS, url: '../a.whl', fn: 'a.whl' });
    assert.deepEqual(buckets.get('v3.tar.zst')?.get('b'), FIELDS);
    assert.equal(buckets.size, 2);
  });

  it('removed and base_url', () => {
    const { removed, baseUrl } = read(
      '{"removed":["a.conda","b\\u002econda"],"info":{"subdir":"x","base_url":"../y"}}',
    );
    assert.deepEqual(removed, ['a.conda', 'b.conda']);
    assert.equal(baseUrl, '../y');
  });

  it('null and missing fields, sections that are null or missing', () => {
    assert.deepEqual(
      read('{"packages":{"a":{"sha256":null,"md5":null,"size":null,"url":null,"fn":null},"b":{}}}').buckets,
      bucket('packages', { a: NO_FIELDS, b: NO_FIELDS }),
    );
    const empty = { buckets: new Map(), removed: [], baseUrl: undefined };
    assert.deepEqual(
      read('{"packages":null,"packages.conda":null,"v3":null,"removed":null,"info":null}'),
      empty,
    );
    for (const document of ['', ' \n', '{}', '{"info":{"base_url":null}}'])
      assert.deepEqual(read(document), empty);
  });

  it('escapes in keys and strings, also in the keys that it knows', () => {
    const document = String.raw`{"p\u0061ckages":{"\ud83d\udc0d\"\/\\\n":{"sha25\u0036":"${SHA.replace('a', '\\u0061')}","\u0073ize":3}}}`;
    assert.deepEqual(read(document), parse(document));
    assert.deepEqual([...read(document).buckets.get('packages')!.keys()], ['🐍"/\\\n']);
    assert.deepEqual(
      read('{"packages":{"é🐍":{}, "\\ud800":{}}}').buckets,
      bucket('packages', { 'é🐍': NO_FIELDS, '\ud800': NO_FIELDS }),
    );
  });

  it('hashes in upper case as lower case, and sizes however they are spelt', () => {
    const { buckets } = read(
      `{"packages":{"a":{"sha256":"${SHA.toUpperCase()}","md5":"${MD5.toUpperCase()}","size":12}}}`,
    );
    assert.deepEqual(buckets, bucket('packages', { a: FIELDS }));
    for (const [size, bytes] of [
      ['0', 0],
      ['-0', 0],
      ['1e3', 1000],
      ['12.0', 12],
      ['120E-1', 12],
      ['9007199254740991', 2 ** 53 - 1],
    ] as const) {
      assert.equal(
        read(`{"packages":{"a":{"size":${size}}}}`).buckets.get('packages')?.get('a')?.['size'],
        bytes,
      );
    }
  });

  it('nothing from unknown places, though they look like known ones', () => {
    const inner = `{"packages":{"x":${RECORD}},"sha256":"no","size":-1}`;
    const unknown = `"other":${inner},"signatures":{"x":[${inner}]},"repodata_version":1e0,"t":true,"f":false,"n":null`;
    assert.deepEqual(
      read(
        `{${unknown},"packages":{"a":{"depends":[{"size":1}],"packages":${inner},"size":12,"sha256":"${SHA}","md5":"${MD5}"}}}`,
      ).buckets,
      bucket('packages', { a: FIELDS }),
    );
    assert.deepEqual(read(`{"info":{"x":{"base_url":"no"}},"v3":{},"Packages":{"a":{}}}`).buckets.size, 0);
  });

  it('url and fn only where they are strings', () => {
    for (const value of ['1', '{"a":[]}', '["x"]', 'true']) {
      assert.deepEqual(
        read(`{"packages":{"a":{"url":${value},"fn":${value}}}}`).buckets,
        bucket('packages', { a: NO_FIELDS }),
      );
    }
  });

  it('nesting to a depth of 512, and no deeper', () => {
    const nested = (depth: number): string => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    read(nested(512));
    assert.match(refusal(nested(513)).message, /: more than 512 levels of nesting at byte 516$/);
  });
});

describe('RepodataScanner lets the last of equal keys win', () => {
  const cases: Record<string, string> = {
    'a field': `{"packages":{"a":{"size":1,"sha256":"bad","size":12,"sha256":{"x":1},"md5":3,"sha256":"${SHA}","md5":"${MD5}"}}}`,
    'a field that becomes null': `{"packages":{"a":{"size":1,"size":null,"url":"x","url":3}}}`,
    'a record': `{"packages":{"a":{"size":1},"b":{},"a":${RECORD}}}`,
    'a bucket': `{"packages":{"a":${RECORD}},"packages.conda":{"c":{}},"packages":{"b":{}}}`,
    'a bucket that becomes null': `{"packages":{"a":${RECORD}},"packages":null}`,
    v3: `{"v3":{"whl":{"a":{}},"conda":{"b":{}}},"packages":{"c":{}},"v3":{"conda":{"d":{}}}}`,
    'v3 that becomes null': `{"v3":{"whl":{"a":{}}},"v3":null}`,
    'a v3 bucket': `{"v3":{"whl":{"a":{}},"whl":{"b":{}}}}`,
    removed: `{"removed":["a","b"],"removed":["c"]}`,
    info: `{"info":{"base_url":"a"},"info":{}}`,
    base_url: `{"info":{"base_url":"a","base_url":"b"}}`,
    'base_url that becomes null': `{"info":{"base_url":"a","base_url":null}}`,
  };
  for (const [what, document] of Object.entries(cases)) {
    it(what, () => assert.deepEqual(read(document), parse(document)));
  }
});

describe('RepodataScanner refuses', () => {
  const inField = (field: string): string => `{"packages":{"a":{${field}}}}`;
  const cases: readonly (readonly [document: string | Buffer, problem: string])[] = [
    ['<!DOCTYPE html>', `expected '{' at byte 0, found '<'`],
    ['\n <html>', `expected '{' at byte 2, found '<'`],
    ['\ufeff{}', `expected '{' at byte 0, found byte 0xef`],
    ['[]', `expected '{' at byte 0, found '['`],
    ['null', `expected '{' at byte 0, found 'n'`],
    ['{', `expected a key or '}' at byte 1, found the end of the file`],
    ['{"packages', 'expected the rest of a string at byte 10, found the end of the file'],
    ['{"a"', `expected ':' at byte 4, found the end of the file`],
    ['{"a":', 'expected a value at byte 5, found the end of the file'],
    ['{"a":12', 'expected the rest of a number at byte 7, found the end of the file'],
    ['{"a":tru', 'expected true at byte 8, found the end of the file'],
    ['{"a":[1', `expected the rest of a number at byte 7, found the end of the file`],
    ['{"a":[1 ', `expected ',' or ']' at byte 8, found the end of the file`],
    ['{}{', `expected the end of the file at byte 2, found '{'`],
    ['{},{}', `expected the end of the file at byte 2, found ','`],
    ['{} \0', `expected the end of the file at byte 3, found byte 0x00`],
    ['{"a":1,}', `expected a key at byte 7, found '}'`],
    ['{"a":[1,]}', `expected a value at byte 8, found ']'`],
    ['{"a":[,1]}', `expected a value or ']' at byte 6, found ','`],
    ['{,}', `expected a key or '}' at byte 1, found ','`],
    ['{"a" 1}', `expected ':' at byte 5, found '1'`],
    ['{"a":1 "b":2}', `expected ',' or '}' at byte 7, found '"'`],
    ['{"a":[1}}', `expected ',' or ']' at byte 7, found '}'`],
    ['{"a":{]}', `expected a key or '}' at byte 6, found ']'`],
    ['{a:1}', `expected a key or '}' at byte 1, found 'a'`],
    [`{'a':1}`, `expected a key or '}' at byte 1, found '''`],
    ['{"a":nul1}', `expected null at byte 8, found '1'`],
    ['{"a":01}', `invalid number at byte 6: '1'`],
    ['{"a":-}', `invalid number at byte 6: '}'`],
    ['{"a":1.}', `invalid number at byte 7: '}'`],
    ['{"a":1e+}', `invalid number at byte 8: '}'`],
    ['{"a":+1}', `expected a value at byte 5, found '+'`],
    ['{"a":1-2}', `invalid number at byte 6: '-'`],
    ['{"a":"\n"}', 'control character in a string at byte 6: byte 0x0a'],
    ['{"a":"\\x"}', `invalid escape in a string at byte 7: 'x'`],
    ['{"a":"\\u12g4"}', `invalid escape in a string at byte 10: 'g'`],
    ['{"a":"\\uu123"}', `invalid escape in a string at byte 8: 'u'`],
    ['{"packages":[]}', '"packages" is not an object at byte 12'],
    ['{"packages.conda":"x"}', '"packages.conda" is not an object at byte 18'],
    ['{"packages":false}', '"packages" is not an object at byte 12'],
    ['{"v3":[]}', '"v3" is not an object at byte 6'],
    ['{"v3":{"whl":1}}', '"v3.whl" is not an object at byte 13'],
    ['{"info":[]}', '"info" is not an object at byte 8'],
    ['{"info":{"base_url":{}}}', '"base_url" is not a string at byte 20'],
    ['{"removed":{}}', '"removed" is not an array at byte 11'],
    ['{"removed":["a",["b"]]}', '"removed" holds something that is not a string at byte 16'],
    ['{"removed":[null]}', '"removed" holds something that is not a string at byte 12'],
    ['{"packages":{"a":null}}', 'record "a" is not an object at byte 17'],
    ['{"packages":{"a":[]}}', 'record "a" is not an object at byte 17'],
    [inField('"sha256":"00"'), 'sha256 of "a" is not 64 hexadecimal digits at byte 28'],
    [inField(`"sha256":"${'g'.repeat(64)}"`), 'sha256 of "a" is not 64 hexadecimal digits at byte 28'],
    [
      inField(`"sha256":"${SHA}","sha256":"\\u0030"`),
      'sha256 of "a" is not 64 hexadecimal digits at byte 104',
    ],
    [inField('"sha256":1'), 'sha256 of "a" is not 64 hexadecimal digits at byte 27'],
    [inField('"md5":""'), 'md5 of "a" is not 32 hexadecimal digits at byte 25'],
    [inField('"md5":["x"]'), 'md5 of "a" is not 32 hexadecimal digits at byte 24'],
    [inField('"size":-1'), 'size of "a" is not a whole number of bytes at byte 25'],
    [inField('"size":1.5'), 'size of "a" is not a whole number of bytes at byte 25'],
    [inField('"size":9007199254740992'), 'size of "a" is not a whole number of bytes at byte 25'],
    [inField('"size":true'), 'size of "a" is not a whole number of bytes at byte 25'],
    [inField('"size":"12"'), 'size of "a" is not a whole number of bytes at byte 26'],
    [Buffer.from('{"packages":{"a\xff":{}}}', 'latin1'), 'a key of packages is not UTF-8 at byte 14'],
    [Buffer.from('{"removed":["\xe9"]}', 'latin1'), 'a name in "removed" is not UTF-8 at byte 13'],
    [Buffer.from('{"packages":{"a":{"url":"\xff"}}}', 'latin1'), 'url of "a" is not UTF-8 at byte 25'],
  ];
  for (const [document, problem] of cases) {
    it(JSON.stringify(document.toString('latin1').slice(0, 60)), () => {
      assert.equal(refusal(document).message, `linux-64/repodata.json is not valid repodata: ${problem}`);
    });
  }

  it('a truncated document, wherever it ends', () => {
    const document = `{"info":{"x":[1,{"y":-1.5e+3}]},"packages":{"a":${RECORD}},"removed":["b"],"z":[true,null]}`;
    for (let length = 1; length < document.length; length++) {
      assert.match(
        refusal(document.slice(0, length)).message,
        new RegExp(`at byte ${length}, found the end of the file$`),
      );
    }
  });

  it('a page of HTML and a byte order mark with a hint', () => {
    assert.match(refusal(' <html>').hint ?? '', /HTML page/);
    assert.match(refusal('\ufeff{}').hint ?? '', /byte order mark/);
    assert.equal(refusal('x').hint, undefined);
  });
});

describe('RepodataScanner keeps little', () => {
  const MIB = 1024 * 1024;
  const visitor: RepodataVisitor = { section() {}, record() {}, removed() {}, baseUrl() {} };
  const scanner = (): RepodataScanner => new RepodataScanner('big.json', visitor);
  const filler = Buffer.alloc(MIB, 'x');

  it('of an unknown value of any size', () => {
    const big = scanner();
    const before = process.memoryUsage().arrayBuffers;
    big.push(Buffer.from('{"packages":{"a":{}},"other":"'));
    for (let i = 0; i < 100; i++) big.push(filler);
    big.push(Buffer.from('","more":['));
    for (let i = 0; i < 100; i++) big.push(Buffer.from(`"${'y'.repeat(100_000)}",[{"z":-1.25}],`));
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * MIB + 100 * 100_020);
    big.push(Buffer.from('0]}'));
    big.end();
  });

  it('of a record or a name: more than 64 MiB are refused, however they are cut', () => {
    for (const start of ['{"packages":{"a":{"other":"', '{"removed":["', '{"']) {
      const inPieces = scanner();
      inPieces.push(Buffer.from(start));
      assert.throws(() => {
        for (let i = 0; i < 65; i++) inPieces.push(filler);
      }, /big\.json is not valid repodata: a record or string of more than 64 MiB at byte \d+$/);
    }
    const record = Buffer.concat([
      Buffer.from('{"packages":{"a":{"other":"'),
      Buffer.alloc(64 * MIB, 'x'),
      Buffer.from('"}}}'),
    ]);
    assert.throws(() => scanner().push(record), /more than 64 MiB at byte 13$/);
    const name = Buffer.concat([
      Buffer.from('{"removed":["'),
      Buffer.alloc(64 * MIB, 'x'),
      Buffer.from('"]}'),
    ]);
    assert.throws(() => scanner().push(name), /more than 64 MiB at byte 12$/);
  });
});
