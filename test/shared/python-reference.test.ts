import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { CondaDiffError } from '../../shared/errors.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { encodeManifest, type Manifest, updateId } from '../../shared/manifest.js';
import { isPythonReference, pythonBase, type PythonReference } from '../../shared/python-reference.js';
import { readBase } from '../../shared/read-base.js';
import { encodeReference, referenceOf, totalsOf } from '../../shared/reference.js';
import { type Entry, stateOf } from '../../shared/state.js';
import { temporaryDirectory } from '../support/channel.js';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const md5 = 'c'.repeat(32);
const record = (sha256: string): Record<string, unknown> => ({ name: 'x', md5, sha256, size: 7 });

function fails(action: () => unknown, code: CondaDiffError['code'], ...texts: string[]): void {
  assert.throws(action, (error: CondaDiffError) => {
    assert.equal(error.code, code);
    const all = [error.message, ...error.details, error.hint ?? ''].join('\n');
    for (const text of texts) assert.ok(all.includes(text), `${JSON.stringify(text)} is not in\n${all}`);
    return true;
  });
}

describe('isPythonReference', () => {
  const cases: readonly (readonly [what: string, value: unknown, expected: boolean])[] = [
    ['nothing', {}, true],
    ['POSIX keys', { '/srv/mirror/noarch': { 'a.tar.bz2': {} } }, true],
    ['Windows keys', { 'C:\\mirror\\noarch': {}, 'D:/mirror/noarch': {} }, true],
    ['a UNC key', { '\\\\host\\share\\noarch': {} }, true],
    ['a relative key', { 'mirror/noarch': {} }, false],
    ['a drive-relative key', { 'C:mirror': {} }, false],
    ['a repodata.json', { info: {}, packages: {} }, false],
    ['a record that is no object', { '/srv/noarch': { 'a.tar.bz2': 'x' } }, false],
    ['a directory that holds a list', { '/srv/noarch': [] }, false],
    ['a list', [], false],
    ['null', null, false],
    ['text', 'x', false],
  ];
  for (const [what, value, expected] of cases) {
    it(`${expected ? 'takes' : 'refuses'} ${what}`, () => {
      assert.equal(isPythonReference(value), expected);
    });
  }
});

/** The paths of the base that a reference with one file in each directory gives. */
function pathsOf(keys: readonly string[], indexDirectories: readonly string[]): string[] {
  const reference = Object.fromEntries(keys.map((key) => [key, { 'x.tar.bz2': record(A) }]));
  return [...pythonBase(reference, indexDirectories, 'reference.json').reference.state].map(
    ({ path }) => path,
  );
}

describe('pythonBase: one common prefix explains all keys', () => {
  const cases: readonly (readonly [what: string, keys: string[], directories: string[], paths: string[]])[] =
    [
      ['no key', [], ['noarch'], []],
      ['a channel', ['/srv/m/noarch', '/srv/m/win-64'], ['noarch', 'win-64'], ['noarch', 'win-64']],
      ['more directories than keys', ['/srv/m/noarch'], ['noarch', 'win-64'], ['noarch']],
      [
        'several channels',
        ['/m/a/noarch', '/m/b/noarch'],
        ['a/noarch', 'b/noarch'],
        ['a/noarch', 'b/noarch'],
      ],
      ['the repository itself', ['/srv/m'], [''], ['']],
      ['the repository itself and more', ['/m', '/m/noarch'], ['', 'noarch'], ['noarch', '']],
      ['the longest suffix', ['/srv/main/noarch'], ['noarch', 'main/noarch'], ['main/noarch']],
      ['the prefix /', ['/noarch'], ['noarch'], ['noarch']],
      ['the file system as repository', ['/'], [''], ['']],
      ['Windows paths', ['C:\\m\\noarch', 'C:\\m\\win-64'], ['noarch', 'win-64'], ['noarch', 'win-64']],
      ['UNC paths', ['\\\\host\\m\\noarch'], ['noarch'], ['noarch']],
      ['a prefix that repeats a name', ['/noarch/noarch'], ['noarch'], ['noarch']],
    ];
  for (const [what, keys, directories, expected] of cases) {
    it(what, () => {
      const paths = expected.map((directory) => (directory === '' ? 'x.tar.bz2' : `${directory}/x.tar.bz2`));
      assert.deepEqual(pathsOf(keys, directories), paths);
    });
  }

  it('names a vanished subdir, and what the repository has', () => {
    const keys = ['/srv/m/noarch', '/srv/m/win-32'];
    const texts = [
      'old.json: ',
      '"/srv/m/win-32" is no index directory here',
      'repository: linux-64, noarch',
    ];
    fails(() => pathsOf(keys, ['linux-64', 'noarch']), 'usage', ...texts.slice(1));
    const reference = Object.fromEntries(keys.map((key) => [key, {}]));
    fails(() => pythonBase(reference, ['linux-64', 'noarch'], 'old.json'), 'usage', ...texts);
    assert.throws(
      () => pathsOf(keys, ['noarch']),
      ({ details }: CondaDiffError) => !details.join('\n').includes('"/srv/m/noarch"'),
    );
  });

  it('does not mix prefixes', () => {
    fails(() => pathsOf(['/a/noarch', '/b/win-64'], ['noarch', 'win-64']), 'usage', '/a/noarch', '/b/win-64');
  });

  it('does not cut within a name', () => {
    fails(() => pathsOf(['/srv/my-noarch'], ['noarch']), 'usage', '"/srv/my-noarch"');
  });

  it('keeps a backslash of a POSIX name', () => {
    fails(() => pathsOf(['/srv\\noarch'], ['noarch']), 'usage', 'is no index directory here');
  });

  it('says that the repository has none', () => {
    fails(() => pathsOf(['/srv/noarch'], []), 'usage', 'index directories of this repository: none');
  });

  it('refuses two keys that are one directory', () => {
    const tie = ['C:\\m\\noarch', 'C:/m/noarch'];
    fails(() => pathsOf(tie, ['noarch']), 'usage', '"C:\\\\m\\\\noarch" and "C:/m/noarch"');
    fails(() => pathsOf(['/m/noarch', '/m/noarch/'], ['noarch']), 'usage', '"/m/noarch" and "/m/noarch/"');
  });
});

describe('pythonBase: records', () => {
  const baseOf = (records: PythonReference[string]): { entries: Entry[]; unknown: number } => {
    const { reference, unknown } = pythonBase({ '/srv/noarch': records }, ['noarch'], 'reference.json');
    return { entries: [...reference.state], unknown };
  };

  it('is a partial base without globs', () => {
    const { reference } = pythonBase({}, [], 'reference.json');
    assert.equal(reference.scope, 'tar.bz2');
    assert.deepEqual(reference.globs, NO_GLOBS);
  });

  it('takes size and sha256, in lower case', () => {
    const { entries, unknown } = baseOf({ 'a.tar.bz2': record(A), 'b.tar.bz2': record(B.toUpperCase()) });
    assert.deepEqual(entries, [
      { path: 'noarch/a.tar.bz2', size: 7, sha256: A },
      { path: 'noarch/b.tar.bz2', size: 7, sha256: B },
    ]);
    assert.equal(unknown, 0);
  });

  const unknowns: readonly (readonly [what: string, file: string, record: Record<string, unknown>])[] = [
    ['only an md5', 'x.tar.bz2', { md5, size: 7 }],
    ['a null sha256', 'x.tar.bz2', { sha256: null, size: 7 }],
    ['a short sha256', 'x.tar.bz2', { sha256: A.slice(1), size: 7 }],
    ['no size', 'x.tar.bz2', { sha256: A }],
    ['a size as text', 'x.tar.bz2', { sha256: A, size: '7' }],
    ['a negative size', 'x.tar.bz2', { sha256: A, size: -1 }],
    ['a size beyond 2^53', 'x.tar.bz2', { sha256: A, size: 2 ** 53 }],
    ['another extension', 'x.conda', record(A)],
    ['a path as name', 'sub/x.tar.bz2', record(A)],
    ['a name that leaves the repository', '../x.tar.bz2', record(A)],
    ['a name that no state can hold', 'x\n.tar.bz2', record(A)],
  ];
  for (const [what, file, one] of unknowns) {
    it(`counts a record with ${what} as unknown`, () => {
      const { entries, unknown } = baseOf({ [file]: one, 'known.tar.bz2': record(B) });
      assert.deepEqual(
        entries.map(({ path }) => path),
        ['noarch/known.tar.bz2'],
      );
      assert.equal(unknown, 1);
    });
  }
});

/** An update from a state of two files to one of two others, written to a folder. */
async function writeUpdate(folder: string): Promise<{ manifest: string; base: string; target: string }> {
  const kept = { path: 'noarch/a.conda', size: 7, sha256: A };
  const added = { path: 'noarch/b.conda', size: 9, sha256: B };
  const removed = { path: 'noarch/c.conda', size: 3, sha256: A };
  const base = referenceOf(stateOf([kept, removed]), { ignore: ['x/*'], include: [] });
  const target = stateOf([kept, added]);
  const gz = gzipSync(Buffer.concat([...encodeReference(base)]));
  const files = { base: join(folder, 'update.base.json.gz'), manifest: join(folder, 'update.manifest.json') };
  await writeFile(files.base, gz);
  const manifest: Manifest = {
    rules: 1,
    globs: base.globs,
    id: updateId('default', 4, base.state.digest, target.digest),
    site: 'default',
    sequence: 4,
    base: { ...totalsOf(base.state), scope: 'all', ...base.globs },
    target: totalsOf(target),
    baseReference: {
      name: basename(files.base),
      size: gz.length,
      sha256: createHash('sha256').update(gz).digest('hex'),
    },
    generator: 'conda-diff 0.1.0',
    created: '2024-01-02T03:04:05Z',
    volumes: [{ name: 'update.tar', size: 2048, sha256: A, files: 1 }],
    files: [{ ...added, kind: 'artifact', mtime: 1 }],
    removed: [removed],
    absent: [],
    lineage: [],
  };
  await writeFile(files.manifest, Buffer.concat([...encodeManifest(manifest)]));
  return { ...files, target: target.digest };
}

describe('readBase', () => {
  const rejects = async (file: string, code: CondaDiffError['code'], text: string): Promise<void> => {
    const [result] = await Promise.allSettled([readBase(file, ['noarch'])]);
    fails(
      () => {
        if (result.status === 'rejected') throw result.reason;
      },
      code,
      text,
    );
  };

  it('reads our reference, plain and .gz', async (t) => {
    const folder = await temporaryDirectory(t);
    const reference = referenceOf(stateOf([{ path: 'noarch/a.conda', size: 7, sha256: A }]), NO_GLOBS);
    const bytes = Buffer.concat([...encodeReference(reference)]);
    await writeFile(join(folder, 'reference.json'), bytes);
    await writeFile(join(folder, 'reference.json.gz'), gzipSync(bytes));
    for (const name of ['reference.json', 'reference.json.gz']) {
      const base = await readBase(join(folder, name), []);
      assert.equal(base.reference.state.digest, reference.state.digest);
      assert.deepEqual(
        [base.reference.scope, base.kind, base.unknown, base.update],
        ['all', 'reference', 0, undefined],
      );
    }
  });

  it('reads a Python reference, also indented as the old tool wrote it', async (t) => {
    const file = join(await temporaryDirectory(t), 'reference.json');
    await writeFile(
      file,
      JSON.stringify({ '/m/noarch': { 'a.tar.bz2': record(A), 'b.tar.bz2': { md5 } } }, null, 2),
    );
    const base = await readBase(file, ['noarch']);
    assert.deepEqual([...base.reference.state], [{ path: 'noarch/a.tar.bz2', size: 7, sha256: A }]);
    assert.deepEqual([base.reference.scope, base.kind, base.unknown], ['tar.bz2', 'python', 1]);
  });

  it('takes a manifest for its target', async (t) => {
    const { manifest, target } = await writeUpdate(await temporaryDirectory(t));
    const base = await readBase(manifest, []);
    assert.equal(base.reference.state.digest, target);
    assert.deepEqual(base.reference.globs, { ignore: ['x/*'], include: [] });
    assert.deepEqual(
      [base.reference.scope, base.kind, base.update?.manifest.sequence],
      ['all', 'reference', 4],
    );
  });

  it('refuses a manifest without its base reference, or with another one', async (t) => {
    const update = await writeUpdate(await temporaryDirectory(t));
    const other = referenceOf(stateOf([]), NO_GLOBS);
    await writeFile(update.base, gzipSync(Buffer.concat([...encodeReference(other)])));
    await rejects(update.manifest, 'integrity', 'is not the base reference that the manifest names');
    const lonely = join(await temporaryDirectory(t), 'update.manifest.json');
    const { manifest } = await writeUpdate(await temporaryDirectory(t));
    await copyFile(manifest, lonely);
    await rejects(lonely, 'usage', 'No such file: ');
  });

  it('names a file that is not there', async (t) => {
    const folder = await temporaryDirectory(t);
    for (const name of ['none.json', 'none.json.gz']) {
      await rejects(join(folder, name), 'usage', `No such file: ${join(folder, name)}`);
    }
    await rejects(folder, 'usage', `No such file: ${folder}`);
  });

  const wrong: readonly (readonly [
    what: string,
    content: string,
    code: CondaDiffError['code'],
    text: string,
  ])[] = [
    ['text', '<html>', 'malformed', 'it is not JSON'],
    ['an empty file', '', 'malformed', 'it is not JSON'],
    ['a repodata.json', '{"info":{},"packages":{}}', 'malformed', 'is not a reference'],
    ['our reference, reformatted', '{\n  "format": "conda-diff-reference"\n}', 'malformed', 'line 1 '],
    [
      'another document of ours',
      '{"format":"conda-diff-retired",\n',
      'malformed',
      'is not a conda-diff-reference',
    ],
    ['a receipt', '{"format":"conda-diff-receipt",\n', 'usage', 'is a receipt: it names a state'],
    ['a Python reference of another mirror', '{"/m/other":{}}', 'usage', '"/m/other"'],
  ];
  for (const [what, content, code, text] of wrong) {
    it(`refuses ${what}`, async (t) => {
      const file = join(await temporaryDirectory(t), 'reference.json');
      await writeFile(file, content);
      await rejects(file, code, text);
    });
  }
});
