import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  compareUtf8,
  directoryOf,
  joinPath,
  nameOf,
  pathProblem,
  resolveReference,
} from '../../shared/paths.js';
import { trackedPath } from '../support/arbitrary.js';

const ROOT = '/repository/here';

/** Whether a path joined to the repository is a file below it, and is spelled in the one normal form. */
function staysBelow(path: string): boolean {
  return posix.resolve(ROOT, path) === `${ROOT}/${path}` && posix.normalize(path) === path;
}

/** Texts in which everything that could lead out is frequent. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '',
        '/',
        '\\',
        '~',
        'C:',
        '%2e%2e',
        '%2F',
        '%5c',
        '%00',
        '\0',
        'a',
        '..a',
        'a..',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 6 },
  )
  .chain((parts) => fc.constantFrom('/', '').map((separator) => parts.join(separator)));

describe('pathProblem', () => {
  const cases: readonly [path: string, problem: RegExp | undefined][] = [
    ['noarch/repodata.json', undefined],
    ['a', undefined],
    ["a b/ö 'quoted' name/𐀀%~$", undefined],
    ['a..b/c...d', undefined],
    ['1!2+3_4-5.6/-', undefined],
    ['-rf', undefined],
    ['@list', undefined],
    ['\u00a0', undefined],
    ['', /is empty/],
    ['/etc/passwd', /is absolute/],
    ['//host/x', /is absolute/],
    ['C:/x', /is absolute/],
    ['c:x', /is absolute/],
    ['..', /begins with a dot/],
    ['../x', /begins with a dot/],
    ['a/../../x', /begins with a dot/],
    ['a/./b', /begins with a dot/],
    ['.conda-diff/lock', /begins with a dot/],
    ['a/.hidden', /begins with a dot/],
    ['a//b', /empty segment/],
    ['a/', /empty segment/],
    ['a\\b', /backslash/],
    ['a\nb', /control character/],
    ['a\rb', /control character/],
    ['a\0b', /control character/],
    ['a\u007fb', /control character/],
    ['a\u0085b', /control character/],
    ['a\ud800', /not valid UTF-8/],
    ['\udc00b', /not valid UTF-8/],
    ['a\ufffd', /not valid UTF-8/],
    ['n'.repeat(255), undefined],
    ['n'.repeat(256), /name longer than 255 bytes/],
    ['é'.repeat(128), /name longer than 255 bytes/],
    [`${'n'.repeat(255)}/`.repeat(7) + 'n'.repeat(256), /longer than/],
    [`${'n'.repeat(203)}/`.repeat(10) + 'n'.repeat(8), undefined],
    [`${'n'.repeat(203)}/`.repeat(10) + 'n'.repeat(9), /longer than 2048 bytes/],
    ...[
      'con',
      'PRN',
      'aux.json',
      'nul.tar.bz2',
      'com1',
      'LPT9.x',
      'a/COM0/b',
      'com²',
      'CONIN$',
      'conout$.a',
    ].map((path): [string, RegExp] => [path, /name of a device/]),
    ...['con .json', 'nul  ', 'a/aux /b'].map((path): [string, RegExp] => [path, /a device|ends in a dot/]),
    ...['console', 'con-1.0-0.conda', 'nul_1.json', 'com10', 'com', 'xcon', 'x.con', 'lpt', 'conin'].map(
      (path): [string, undefined] => [path, undefined],
    ),
    ...['a.', 'a ', 'a./b', 'a /b', 'c...', 'a. .'].map((path): [string, RegExp] => [path, /ends in a dot/]),
    [' a', undefined],
    ...['aa:b', 'b/C:x', 'aa:$DATA', 'a<', 'a>b', 'a"b', 'a|b', 'a?b', 'a*'].map((path): [string, RegExp] => [
      path,
      /one of the characters/,
    ]),
    ...['conda-~1', 'a/B~12.TXT/b', 'x~1.'].map((path): [string, RegExp] => [
      path,
      /short names|ends in a dot/,
    ]),
    ...['a~b', '~1', 'name~', 'long-name~1', 'a~1.json'].map((path): [string, undefined] => [
      path,
      undefined,
    ]),
    ...[
      '\u200c.conda-diff',
      'a\u202egpj.exe',
      'a\u00ad',
      'a/\u2060b',
      'a\u2028b',
      '\ufeffa',
      'a\ufe0f',
      '\u{e0041}',
    ].map((path): [string, RegExp] => [path, /invisible/]),
  ];
  for (const [path, problem] of cases) {
    it(`${problem === undefined ? 'accepts' : 'refuses'} ${JSON.stringify(path).slice(0, 60)}`, () => {
      if (problem === undefined) assert.equal(pathProblem(path), undefined);
      else assert.match(pathProblem(path) ?? 'accepted', problem);
    });
  }

  it('says of a path what it says of its parts, whichever way is taken', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'con',
        'aux.x',
        'nul-1',
        'a.',
        '.a',
        'a..b',
        'a~1',
        'A!b+c',
        '1_2',
        '-',
        '',
        'x.conda',
        'com1',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        fc.pre(parts.every((one) => !one.includes('/')));
        const problems = parts.map((one) => pathProblem(`ö/${one}`)).filter(Boolean);
        const whole = pathProblem(parts.join('/'));
        assert.equal(whole === undefined, problems.length === 0, `${parts.join('/')}: ${String(whole)}`);
      }),
      { numRuns: 5000 },
    );
  });

  it('accepts no path that leaves the repository or has two spellings', () => {
    fc.assert(
      fc.property(hostile, (path) => {
        fc.pre(pathProblem(path) === undefined);
        assert.ok(staysBelow(path), path);
        assert.ok(!path.split('/').includes('.conda-diff'));
        assert.equal(Buffer.from(path).toString(), path);
      }),
      { numRuns: 5000, maxSkipsPerRun: 1000 },
    );
  });
});

describe('resolveReference', () => {
  const cases: readonly [directory: string, reference: string, path: string | undefined][] = [
    ['chan/noarch', '', 'chan/noarch'],
    ['chan/noarch', './', 'chan/noarch'],
    ['chan/noarch', '../pkgs/', 'chan/pkgs'],
    ['chan/noarch', '../../', ''],
    ['chan/noarch', '../../../', undefined],
    ['', '..', undefined],
    ['', 'shards/', 'shards'],
    ['chan/noarch', '../../../chan/noarch', undefined],
    ['chan', '%2e%2e/x', 'x'],
    ['chan', '..%2F..%2Fx', undefined],
    ['chan', 'a%20b', 'chan/a b'],
    ['chan', 'a%zz', undefined],
    ['chan', 'a%ff', undefined],
    ['chan', 'x?query=../..', 'chan/x'],
    ['chan', 'x#../..', 'chan/x'],
    ['chan', '/x', undefined],
    ['chan', '//host/x', undefined],
    ['chan', '\\x', undefined],
    ['chan', 'https://host/x', undefined],
    ['chan', 'file:x', undefined],
    ['chan', 'c:x', undefined],
  ];
  for (const [directory, reference, path] of cases) {
    it(`${JSON.stringify(reference)} from '${directory}' is ${path === undefined ? 'outside' : `'${path}'`}`, () => {
      assert.equal(resolveReference(directory, reference), path);
    });
  }

  it('leads nowhere but below the repository, as node:path and URL agree', () => {
    const directory = fc.oneof(fc.constantFrom('', 'a', 'a/b'), trackedPath);
    fc.assert(
      fc.property(directory, hostile, (from, reference) => {
        const path = resolveReference(from, reference);
        if (path === undefined) return;
        const whole = posix.resolve(ROOT, path);
        assert.ok(whole === ROOT || whole.startsWith(`${ROOT}/`), path);
        assert.ok(!path.split('/').includes('..'), path);
      }),
      { numRuns: 5000 },
    );
  });

  it('resolves what needs no decoding as node:path does', () => {
    const reference = fc.array(fc.constantFrom('..', '.', 'x', 'y', ''), { maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom('', 'a', 'a/b', 'a/b/c'), reference, (from, parts) => {
        const text = parts.join('/');
        fc.pre(!text.startsWith('/'));
        const expected = posix.relative('/', posix.join('/', from, text));
        const actual = resolveReference(from, text);
        if (actual !== undefined) assert.equal(actual, expected);
        else assert.ok(posix.join(from, text).startsWith('..') || text.includes('..'), text);
      }),
    );
  });
});

describe('compareUtf8', () => {
  it('orders as Buffer.compare does', () => {
    const text = fc.oneof(trackedPath, fc.string({ unit: 'binary', maxLength: 5 }));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        assert.equal(Math.sign(compareUtf8(a, b)), expected);
        assert.equal(
          Math.sign(compareUtf8(`${a}${b}`, `${a}x`)),
          Buffer.compare(Buffer.from(b), Buffer.from('x')),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('puts U+E000 to U+FFFF before the astral planes, unlike UTF-16', () => {
    const names = ['\u{10000}', '\uffee', '\ue000', '\ud7ff', 'z', '\u{10ffff}'];
    assert.deepEqual([...names].sort(compareUtf8), [
      'z',
      '\ud7ff',
      '\ue000',
      '\uffee',
      '\u{10000}',
      '\u{10ffff}',
    ]);
  });
});

describe('directoryOf, nameOf, joinPath', () => {
  it('take a path apart and put it together again', () => {
    assert.deepEqual([directoryOf('a/b/c'), nameOf('a/b/c')], ['a/b', 'c']);
    assert.deepEqual([directoryOf('c'), nameOf('c')], ['', 'c']);
    fc.assert(
      fc.property(trackedPath, (path) => {
        assert.equal(joinPath(directoryOf(path), nameOf(path)), path);
      }),
    );
  });
});
