import assert from 'node:assert/strict';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hashOf } from '../../support/arbitrary.js';
import { check, GONE, NEW, siteOfSuite } from '../../support/hostile-site.js';
import {
  type Line,
  lineOf,
  seal,
  section,
  takeApart,
  type UpdateDraft,
} from '../../support/hostile-update.js';
import { rejects } from '../../support/refusal.js';
import { hostileTable, malformed, resealed, type Row } from './table.js';

const MIB = 1 << 20;

/** A manifest whose text is altered before its checksum is made. */
const text = (what: string, expected: RegExp, alter: (body: string) => string | Buffer): Row =>
  resealed(`a manifest with ${what}`, expected, () => ({ manifest: alter }));

/** A manifest with something put into its header, as text. */
const inHeader = (what: string, expected: RegExp, more: string): Row =>
  text(what, expected, (body) => body.replace('{', `{${more},`));

const FORM = /is not in the form that conda-diff writes/;

const syntax: readonly Row[] = [
  text('an endless line', /line 1 is longer than 1 MiB/, () => 'x'.repeat(8 * MIB)),
  text('an endless header', /line 1 is longer than 1 MiB/, (body) =>
    body.replace('"generator":"', `"generator":"${'x'.repeat(2 * MIB)}`),
  ),
  text('an endless entry', /line \d+ is longer than 1 MiB/, (body) =>
    body.replace(`{"path":"${NEW}"`, `{"path":"${'x'.repeat(2 * MIB)}"`),
  ),
  text('a header nested without end', /line 1 is nested deeper than 8/, (body) =>
    body.replace('{', `{"x":${'['.repeat(300_000)}${']'.repeat(300_000)},`),
  ),
  text('an entry nested without end', /line \d+ is nested deeper than 8/, (body) =>
    body.replace('"files":[\n{', `"files":[\n{"x":${'{"a":'.repeat(20_000)}1${'}'.repeat(100_000)},`),
  ),
  inHeader('an array that never closes', /is not JSON|nested/, '"x":[[[[[[['),
  inHeader('a repeated key', FORM, '"site":"other"'),
  text('a repeated key in an entry', FORM, (body) =>
    body.replace(`{"path":"${NEW}"`, `{"path":"${GONE}","path":"${NEW}"`),
  ),
  inHeader('__proto__', /'__proto__'/, '"__proto__":{"format":"x"}'),
  inHeader('constructor', /'constructor'/, '"constructor":{"prototype":{"x":1}}'),
  text('__proto__ in an entry', /'__proto__'/, (body) =>
    body.replace(`{"path":"${NEW}"`, `{"__proto__":{"size":0},"path":"${NEW}"`),
  ),
  text('__proto__ in place of the path', /required property 'path'|'__proto__'/, (body) =>
    body.replace(`{"path":"${NEW}"`, `{"__proto__":{"path":"${NEW}"}`),
  ),
  ...['9007199254740993', '1e400', '-0', '1.0', '1E1', '01', '+1', '0x1', 'NaN', '18446744073709551616'].map(
    (number) =>
      text(`the number ${number} as its sequence`, /line 1 is not|'sequence' must/, (body) =>
        body.replace(/"sequence":\d+/, `"sequence":${number}`),
      ),
  ),
  ...['9007199254740993', '9007199254740992', '1e21', '1e400', '-1', '0.5'].map((number) =>
    text(`the number ${number} as a size`, /line \d+ is not|'size' must/, (body) =>
      body.replace(/("path":"noarch\/new[^}]*"size":)\d+/, `$1${number}`),
    ),
  ),
  ...['9007199254740992', '1e+21', '0', '-1', '1.5', '"1"', 'null', 'true', '[]'].map((number) =>
    text(`the value ${number} as its sequence`, /'sequence' must/, (body) =>
      body.replace(/"sequence":\d+/, `"sequence":${number}`),
    ),
  ),
  text('a byte order mark', /line 1 is not JSON/, (body) => `\ufeff${body}`),
  text('carriage returns', /line 1 is not a header/, (body) => body.replaceAll('\n', '\r\n')),
  text('spaces', FORM, (body) => body.replace('{"format":', '{ "format":')),
  text('an escape that need not be', FORM, (body) => body.replace('"site":"d', '"site":"\\u0064')),
  text('an escaped slash', FORM, (body) => body.replace(NEW, NEW.replace('/', '\\/'))),
  text('a NUL', /line 1 is not JSON/, (body) => body.replace('"site":"', '"site":"\0')),
  text('bytes that are not UTF-8', /is not valid UTF-8/, (body) =>
    Buffer.from(body.replace('new-1.0', 'n\u00ffw-1.0'), 'latin1'),
  ),
  text('an overlong slash', /is not valid UTF-8/, (body) =>
    Buffer.from(body.replace('noarch/new', 'noarch\u00c0\u00afnew'), 'latin1'),
  ),
  text('an unpaired surrogate', /is not valid UTF-8|'path'|surrogate|FORM/, (body) =>
    body.replace('noarch/new', 'noarch/\\ud800new'),
  ),
  text('no header', /line 1 is not a header/, (body) => body.slice(body.indexOf('\n') + 1)),
  text('a header that is an array', /line 1 is not JSON/, (body) => body.replace('{', '[')),
  text('null for a header', /is not JSON|not a conda-diff-manifest/, (body) => body.replace(/.*/, 'null,')),
  text('an entry that is null', /must be object/, (body) =>
    body.replace('"files":[\n', '"files":[\nnull,\n'),
  ),
  text('an entry that is a text', /must be object/, (body) =>
    body.replace('"files":[\n', '"files":[\n"x",\n'),
  ),
  text('a section twice', /is not the (start|checksum)/, (body) => `${body}"absent":[\n],\n`),
  text('a section more', /is not the (start|checksum)/, (body) => `${body}"more":[\n],\n`),
  text('a section less', /is not the start|is not the checksum/, (body) =>
    body.replace(/"removed":\[[^\]]*\],\n/, ''),
  ),
  text('two sections in another order', /is not the start of section/, (body) =>
    body.replace(/("volumes":\[[^\]]*\],\n)("files":\[[^\]]*\],\n)/, '$2$1'),
  ),
  text('empty lines', /line \d+ is not/, (body) => body.replaceAll('\n', '\n\n')),
  text('a comma too many', /line \d+ is not JSON/, (body) =>
    body.replace('}\n],\n"files"', '},\n],\n"files"'),
  ),
  text('an entry after the end of a section', /line \d+ is not/, (body) =>
    body.replace('],\n"files"', '],\n{},\n"files"'),
  ),
  text('nothing', /line 1 is not a header/, () => ''),
  text('a line of nothing', /line 1 is not a header/, () => '\n'),
];

const meaning: readonly Row[] = [
  malformed('a manifest that is a reference', /not a conda-diff-manifest document/, ({ manifest }) => {
    manifest.header['format'] = 'conda-diff-reference';
  }),
  malformed('a manifest of a later version', /has version 2, which this release/, ({ manifest }) => {
    manifest.header['version'] = 2;
  }),
  malformed('a manifest of other rules', /has rules 2, which this release/, ({ manifest }) => {
    manifest.header['rules'] = 2;
  }),
  resealed('an id of another update', /id: expected/, ({ manifest }) => {
    manifest.header['id'] = hashOf('x');
    return { keep: ['id'] };
  }),
  malformed('a site that is a path', /'site' must match/, ({ manifest }) => {
    manifest.header['site'] = '../../etc';
  }),
  malformed('a generator that moves the cursor', /'generator' must match/, ({ manifest }) => {
    manifest.header['generator'] = 'conda-diff \u001b[2J';
  }),
  malformed('a kind that moves a file in the commit order', /cannot be of the kind/, ({ manifest }) => {
    lineOf(manifest, 'files', NEW)['kind'] = 'index';
  }),
  malformed('a time beyond all dates', /'mtime' must be/, ({ manifest }) => {
    lineOf(manifest, 'files', NEW)['mtime'] = Number.MAX_SAFE_INTEGER;
  }),
  malformed('a time before 1970', /'mtime' must be/, ({ manifest }) => {
    lineOf(manifest, 'files', NEW)['mtime'] = -1;
  }),
  malformed('a hash in upper case', /'sha256' must match/, ({ manifest }) => {
    const line = lineOf(manifest, 'files', NEW);
    line['sha256'] = String(line['sha256']).toUpperCase();
  }),
];

/** A target or base that does not follow. */
const totals: readonly Row[] = [
  {
    what: 'another target digest',
    code: 'integrity',
    text: /digest: expected/,
    craft: ({ manifest }) => {
      const target = manifest.header['target'] as Line;
      target['digest'] = hashOf('x');
      return { keep: ['target'] };
    },
  },
  {
    what: 'another target count',
    code: 'integrity',
    text: /count: expected/,
    craft: ({ manifest }) => {
      (manifest.header['target'] as Line)['count'] = 1;
      return { keep: ['target'] };
    },
  },
  {
    what: 'another base digest',
    code: 'integrity',
    text: /digest: expected/,
    craft: ({ manifest }) => {
      (manifest.header['base'] as Line)['digest'] = hashOf('x');
      return { keep: ['base'] };
    },
  },
  {
    what: 'another count of base files',
    code: 'integrity',
    text: /count: expected/,
    craft: ({ manifest }) => {
      (manifest.header['base'] as Line)['count'] = 1;
      return { keep: ['base'] };
    },
  },
];

const REFUSED_GLOBS = [
  '',
  '!x',
  '/etc/*',
  'x'.repeat(256),
  '{a,b}'.repeat(30),
  'a\0',
  'a\u001b[2J',
  'a\u202eb',
];

const references: readonly Row[] = [
  malformed('a base reference that is a manifest', /not a conda-diff-reference/, ({ base }) => {
    base.header['format'] = 'conda-diff-manifest';
  }),
  malformed('a base reference of other globs', /other rules, scope or globs/, ({ base }) => {
    base.header['ignore'] = ['**'];
  }),
  malformed('a base reference in another order', /must not stand after/, ({ base }) => {
    section(base, 'entries').reverse();
  }),
  malformed('a base reference with an entry twice', /must not stand after/, ({ base }) => {
    section(base, 'entries').unshift(section(base, 'entries')[0]!);
  }),
  resealed('a base reference that is not compressed', /is damaged/, () => ({
    compressed: (bytes) => bytes.subarray(20),
  })),
  resealed('a base reference that is cut off', /is damaged/, () => ({
    compressed: (bytes) => bytes.subarray(0, -20),
  })),
  resealed('a base reference with something behind it', /is cut off|is damaged|stands after/, () => ({
    compressed: (bytes) => Buffer.concat([bytes, gzipSync('{}\n')]),
  })),
  resealed('an empty base reference', /is damaged|cut off/, () => ({ compressed: () => Buffer.alloc(0) })),
  resealed('a base reference of zeros without end', /line 1 is longer than 1 MiB/, () => ({
    compressed: () => bomb(Buffer.alloc(MIB), 256),
  })),
  resealed('a base reference of empty lines without end', /line 1 is not a header/, () => ({
    compressed: () => bomb(Buffer.alloc(MIB, '\n'), 256),
  })),
  resealed('a base reference with more entries than it says', /more entries than its header says/, () => ({
    compressed: (bytes) => withEntries(bytes, 20_000),
  })),
  resealed('a base reference of entries without end', /expands to far more than a reference can/, () => ({
    compressed: (bytes) => withEntries(bytes, 80_000, 80_005),
  })),
];

/** A base reference with entries that compress well before its own, and another count in its header. */
function withEntries(compressed: Buffer, entries: number, count?: number): Buffer {
  const text = gunzipSync(compressed).toString();
  const long = `${'a'.repeat(200)}/${'b'.repeat(200)}`;
  const lines = Array.from({ length: entries }, (_, i) => {
    const path = `${long}/${String(i).padStart(9, '0')}`;
    return `{"path":"${path}","size":0,"sha256":"${hashOf('')}"},\n`;
  });
  const more = text.replace('"entries":[\n', (start) => start + lines.join(''));
  return gzipSync(count === undefined ? more : more.replace(/"count":\d+/, `"count":${String(count)}`));
}

function useGlob({ manifest, base }: UpdateDraft, glob: string): void {
  for (const header of [manifest.header, manifest.header['base'] as Line, base.header])
    header['ignore'] = [glob];
}

/** One gzip member of a block many times over: 256 MiB in some 256 kB. */
function bomb(block: Buffer, times: number): Buffer {
  const member = gzipSync(block);
  return Buffer.concat(Array.from({ length: times }, () => member));
}

const spoilt: readonly Row[] = [
  {
    what: 'a byte of the manifest altered',
    code: 'integrity',
    text: /checksum does not match/,
    spoil: (directory) => {
      const file = join(directory, 'update.manifest.json');
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace('"generator":"conda-diff 0', '"generator":"conda-diff 1'),
      );
    },
  },
  {
    what: 'a manifest cut off',
    code: 'malformed',
    text: /is cut off after line/,
    spoil: (directory) => {
      const file = join(directory, 'update.manifest.json');
      truncateSync(file, readFileSync(file).length - 10);
    },
  },
  {
    what: 'a base reference altered',
    code: 'integrity',
    text: /is not the base reference that/,
    spoil: (directory) => {
      const file = join(directory, 'update.base.json.gz');
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(file, bytes);
    },
  },
];

hostileTable('A hostile update with', [
  ...syntax,
  ...meaning,
  ...totals,
  ...REFUSED_GLOBS.map((glob) =>
    malformed(`the ignore glob ${JSON.stringify(glob.slice(0, 30))}`, /glob|'ignore/, (draft) => {
      useGlob(draft, glob);
    }),
  ),
  malformed('more globs than anybody needs', /more than 256 alternatives/, ({ manifest }) => {
    manifest.header['include'] = Array.from({ length: 300 }, (_, i) => `keys/${String(i)}`);
  }),
  ...references,
]);
hostileTable('A damaged update with', spoilt);

/** What costs an engine of regular expressions minutes or more. */
const SLOW_GLOBS = [
  '(a+)+b',
  `${'*a'.repeat(100)}b`,
  `${'**/'.repeat(80)}b`,
  '**/*a*a*a*a*a*a*a*b',
  '{1..1000000}',
  '[[',
];

describe('A hostile glob', () => {
  const siteOf = siteOfSuite();
  for (const glob of SLOW_GLOBS) {
    it(`costs no time: ${glob.slice(0, 30)}`, async () => {
      const site = siteOf();
      const long = join(site.copy, 'noarch', `${'a'.repeat(200)}.json`);
      writeFileSync(long, '{}');
      const draft = takeApart(site.update);
      useGlob(draft, glob);
      seal(draft, site.media);
      const begun = performance.now();
      await rejects(check(site, site.media), 'fit', /aaa\.json/);
      assert.ok(performance.now() - begun < 2000, 'it took too long');
      rmSync(long);
    });
  }
});
