import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DISCARD, readUpdate } from '../../importer/stage.js';
import { encodeLineDocument, type JsonObject } from '../../shared/line-document.js';
import { encodeManifest, targetOf } from '../../shared/manifest.js';
import { readBaseReference } from '../../shared/read-base.js';
import { readManifest } from '../../shared/read-document.js';
import { hashOf } from '../support/arbitrary.js';
import { rejects } from '../support/refusal.js';
import { makeUpdate, type SmallUpdate } from '../support/update.js';

const SECTIONS = ['volumes', 'files', 'removed', 'absent', 'lineage'] as const;
type Line = Record<string, unknown>;
type Document = Record<(typeof SECTIONS)[number], Line[]> & Line;

const SHARD = `${'5a'.repeat(32)}.msgpack.zst`;
const BEFORE = {
  'noarch/repodata.json': '{}',
  'noarch/repodata.json.bz2': 'old',
  'noarch/gone-1-0.conda': 'gone',
  'noarch/same-1-0.conda': 'as it was',
  'noarch/stays-1-0.conda': 'stays',
};
const AFTER = {
  'channeldata.json': '{}',
  'noarch/new-1-0.conda': 'new',
  'noarch/pictures.json': '[]',
  'noarch/repodata.json': '{"packages":{}}',
  'noarch/repodata.json.zst': 'zst',
  'noarch/same-1-0.conda': 'as it is now',
  'noarch/stays-1-0.conda': 'stays',
  [`noarch/shards/${SHARD}`]: 'shard',
};

describe('a stored field of a manifest is a checked field:', () => {
  let update: SmallUpdate;
  let parsed: string;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'conda-diff-'));
    update = await makeUpdate(directory, BEFORE, AFTER, {
      perVolume: 4,
      absent: ['noarch/absent-1-0.conda'],
    });
    parsed = Buffer.concat([...encodeManifest(update.manifest)]).toString();
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** Reads an update as the importer does, up to where files would be committed. */
  async function readAll(manifestBytes: string): Promise<void> {
    const file = join(update.directory, 'update.manifest.json');
    await writeFile(file, manifestBytes);
    const manifest = await readManifest(file);
    const base = await readBaseReference(manifest, file);
    assert.ok(base !== undefined, 'the base reference was not found');
    targetOf(manifest, base, file);
    await readUpdate(manifest, update.directory, DISCARD, new AbortController().signal);
  }

  /** The manifest with something altered and its checksum made right: only the field's own check can refuse it. */
  function altered(edit: (document: Document) => void): string {
    const document = JSON.parse(parsed) as Document;
    edit(document);
    const header: JsonObject = Object.fromEntries(
      Object.entries(document).filter(([key]) => key !== 'checksum' && !SECTIONS.includes(key as 'files')),
    );
    const sections = SECTIONS.map((name) => ({ name, entries: document[name] }));
    const text = Buffer.concat([...encodeLineDocument(header, sections)]).toString();
    assert.notEqual(text, parsed, 'nothing was altered');
    return text;
  }

  it('the update as it was made is accepted', async () => {
    await readAll(parsed);
  });

  const set =
    (key: string, value: unknown) =>
    (document: Document): void => {
      document[key] = value;
    };
  /** Alters an entry: that of the path where one is given, else the first. An undefined value removes a field. */
  const entry =
    (section: (typeof SECTIONS)[number], changes: Line, path?: string) =>
    (document: Document): void => {
      const line = document[section].find((one) => path === undefined || one['path'] === path);
      assert.ok(line !== undefined, `there is no ${path ?? 'entry'} in ${section}`);
      Object.assign(line, changes);
    };
  const within =
    (key: string, changes: Line) =>
    (document: Document): void => {
      document[key] = { ...(document[key] as Line), ...changes };
    };

  const other = hashOf('other');
  const cases: readonly [field: string, edit: (document: Document) => void, text: RegExp][] = [
    ['format', set('format', 'conda-diff-reference'), /not a conda-diff-manifest document/],
    [
      'version',
      set('version', 2),
      /has version 2, .*written by conda-diff 0\.1\.0\)\n.*install a newer conda-diff/,
    ],
    ['version', set('version', 0), /'version' must be equal to constant/],
    ['rules', set('rules', 2), /has rules 2, .*\n.*knows rules up to 1/],
    ['ignore', set('ignore', ['']), /'ignore.0' must NOT have fewer/],
    ['include', set('include', 'keys/*'), /'include' must be array/],
    ['ignore', set('ignore', [1]), /'ignore.0' must be string/],
    ['id', set('id', other), /id: expected [0-9a-f]{64}, found/],
    ['site', set('site', 'another'), /id: expected/],
    ['site', set('site', '../x'), /'site' must match pattern/],
    ['sequence', set('sequence', 4), /id: expected/],
    ['sequence', set('sequence', 0), /'sequence' must be >= 1/],
    ['base.digest', within('base', { digest: other }), /id: expected/],
    ['base.count', within('base', { count: 6 }), /count: expected 6, found 5/],
    ['base.bytes', within('base', { bytes: 0 }), /bytes: expected 0, found/],
    [
      'base.scope',
      within('base', { scope: 'artifacts' }),
      /other rules, scope or globs than its base reference/,
    ],
    [
      'base.scope',
      within('base', { scope: 'tar.bz2' }),
      /other rules, scope or globs than its base reference/,
    ],
    ['base.ignore', within('base', { ignore: [] }), /other rules, scope or globs than its base reference/],
    [
      'base.include',
      within('base', { include: ['keys/*', 'x'] }),
      /other rules, scope or globs than its base reference/,
    ],
    ['target.digest', within('target', { digest: other }), /id: expected/],
    ['target.count', within('target', { count: 9 }), /count: expected 9, found 8/],
    ['target.bytes', within('target', { bytes: 1 }), /bytes: expected 1, found/],
    ['target.scope', within('target', { scope: 'all' }), /additional properties: 'scope'/],
    [
      'baseReference.name',
      within('baseReference', { name: 'update.001.tar' }),
      /update.001.tar stands twice/,
    ],
    [
      'baseReference.name',
      within('baseReference', { name: '../update.base.json.gz' }),
      /'baseReference.name' must match/,
    ],
    [
      'baseReference.name',
      within('baseReference', { name: 'update.manifest.json' }),
      /not the base reference that the manifest names/,
    ],
    [
      'baseReference.size',
      within('baseReference', { size: 1 }),
      /not the base reference that the manifest names/,
    ],
    [
      'baseReference.sha256',
      within('baseReference', { sha256: other }),
      /not the base reference that the manifest names/,
    ],
    ['generator', set('generator', 'someone else'), /'generator' must match pattern/],
    ['created', set('created', 'yesterday'), /'created' must match pattern/],
    ['an unknown field', set('extra', 1), /additional properties: 'extra'/],
    ['volume name', entry('volumes', { name: 'other.tar' }), /archive .*other.tar is missing/],
    ['volume name', entry('volumes', { name: '/etc/passwd' }), /'name' must match pattern/],
    ['volume name', entry('volumes', { name: 'update.002.tar' }), /update.002.tar stands twice/],
    [
      'volume size',
      entry('volumes', { size: 1024 }),
      /update\.001\.tar: expected \d{4} bytes, found 1024 in/,
    ],
    ['volume size', entry('volumes', { size: 1 << 20 }), /found 1048576 in the manifest/],
    ['volume sha256', entry('volumes', { sha256: other }), /not the archive that the manifest names/],
    ['volume files', entry('volumes', { files: 3 }), /volumes hold 6 files, the manifest has 7/],
    [
      'volume files, the sum kept',
      (document) => document.volumes.forEach((volume, i) => (volume['files'] = [3, 4][i])),
      /update\.001\.tar: expected \d+ bytes, found \d+ in the manifest/,
    ],
    [
      'volumes, in another order',
      (document) => void document.volumes.reverse(),
      /2 of 2 volumes are missing or wrong\n.*is volume 2, in the place of volume 1; .*\n.*volume 1, in the place of/,
    ],
    [
      'volumes, one gone',
      (document) => void document.volumes.pop(),
      /volumes hold 4 files, the manifest has 7/,
    ],
    [
      'file path',
      entry('files', { path: 'noarch/newer-1-0.conda' }, 'noarch/new-1-0.conda'),
      /digest: expected/,
    ],
    ['file path', entry('files', { path: '../new-1-0.conda' }, 'noarch/new-1-0.conda'), /begins with a dot/],
    ['file path', entry('files', { path: 'noarch/new.tmp' }, 'noarch/pictures.json'), /is never tracked/],
    [
      'file path',
      entry('files', { path: 'noarch/gone-1-0.conda' }, 'noarch/new-1-0.conda'),
      /gone-1-0.conda stands twice/,
    ],
    [
      'file path',
      entry('files', { path: 'noarch/pictures.json' }, 'noarch/new-1-0.conda'),
      /pictures.json stands twice/,
    ],
    ['file size', entry('files', { size: 4 }, 'noarch/new-1-0.conda'), /bytes: expected/],
    ['file sha256', entry('files', { sha256: other }, 'noarch/new-1-0.conda'), /digest: expected/],
    [
      'file kind',
      entry('files', { kind: 'metadata' }, 'noarch/new-1-0.conda'),
      /cannot be of the kind 'metadata'/,
    ],
    [
      'file kind',
      entry('files', { kind: 'artifact' }, 'noarch/repodata.json.zst'),
      /cannot be of the kind 'artifact'/,
    ],
    [
      'file kind',
      entry('files', { kind: 'metadata' }, `noarch/shards/${SHARD}`),
      /cannot be of the kind 'metadata'/,
    ],
    ['file kind', entry('files', { kind: 'index' }, 'noarch/pictures.json'), /cannot be of the kind 'index'/],
    ['file kind', entry('files', { kind: 'artifact' }, 'noarch/pictures.json'), /must not stand after/],
    ['file kind', entry('files', { kind: 'root' }, 'noarch/pictures.json'), /must not stand after/],
    ['file kind', entry('files', { kind: 'metadata' }, 'channeldata.json'), /must not stand after/],
    ['file kind', entry('files', { kind: 'thing' }, 'channeldata.json'), /'kind' must be equal to one of/],
    ['file mtime', entry('files', { mtime: 1_700_000_001 }), /does not hold what the manifest says/],
    ['file mtime', entry('files', { mtime: 8_640_000_000_001 }), /'mtime' must be <= 8640000000000/],
    [
      'file replaces.size',
      entry('files', { replaces: { size: 1, sha256: hashOf('as it was') } }, 'noarch/same-1-0.conda'),
      /does not stand in the base/,
    ],
    [
      'file replaces.sha256',
      entry('files', { replaces: { size: 9, sha256: other } }, 'noarch/same-1-0.conda'),
      /does not stand in the base/,
    ],
    [
      'file replaces, gone',
      entry('files', { replaces: undefined }, 'noarch/repodata.json'),
      /is added but stands in the base/,
    ],
    [
      'file replaces, gone',
      entry('files', { replaces: undefined }, 'noarch/same-1-0.conda'),
      /must not stand after/,
    ],
    [
      'file replaces, added',
      entry('files', { replaces: { size: 3, sha256: other } }, 'noarch/repodata.json.zst'),
      /does not stand in the base/,
    ],
    ['files, in another order', (document) => void document.files.reverse(), /must not stand after/],
    ['files, one gone', (document) => void document.files.pop(), /volumes hold 7 files, the manifest has 6/],
    [
      'files, __proto__',
      (document) =>
        void (document.files[0] = JSON.parse(
          JSON.stringify(document.files[0]).replace('{', '{"__proto__":1,'),
        ) as Line),
      /additional properties: '__proto__'/,
    ],
    [
      'removed path',
      entry('removed', { path: 'noarch/hello-1-0.conda' }),
      /hello-1-0.conda does not stand in the base/,
    ],
    ['removed path', entry('removed', { path: '/etc/passwd' }), /is absolute/],
    ['removed path', entry('removed', { path: 'noarch/.lock' }), /begins with a dot/],
    ['removed size', entry('removed', { size: 1 }), /gone-1-0.conda does not stand in the base/],
    ['removed sha256', entry('removed', { sha256: other }), /gone-1-0.conda does not stand in the base/],
    ['removed, in another order', (document) => void document.removed.reverse(), /must not stand after/],
    ['removed, one gone', (document) => void document.removed.pop(), /digest: expected/],
    ['absent path', entry('absent', { path: 'a/../../b' }), /begins with a dot/],
    ['absent path', entry('absent', { path: 'noarch/new-1-0.conda' }), /new-1-0.conda stands twice/],
    [
      'absent path',
      (document) => document.absent.unshift({ path: 'z', named: 'record' }),
      /must not stand after z/,
    ],
    ['absent named', entry('absent', { named: 'nobody' }), /'named' must be equal to one of/],
    ['absent named, gone', entry('absent', { named: undefined }), /required property 'named'/],
    ['lineage id', entry('lineage', { id: other }), /lineage: update 1: expected [0-9a-f]{64}, found/],
    ['lineage sequence', entry('lineage', { sequence: 0 }), /'sequence' must be >= 1/],
    ['lineage sequence', entry('lineage', { sequence: 2 }), /lineage: update 2: expected/],
    ['lineage base', entry('lineage', { base: other }), /lineage: update 1: expected/],
    ['lineage base', entry('lineage', { base: 'x' }), /'base' must match pattern/],
    ['lineage target', entry('lineage', { target: other }), /lineage: update 1: expected/],
    ['lineage created', entry('lineage', { created: 'now' }), /'created' must match pattern/],
    ['lineage withdrawn', entry('lineage', { withdrawn: false }), /'withdrawn' must be equal to constant/],
    ['lineage, more', entry('lineage', { site: 'default' }), /additional properties: 'site'/],
    ['lineage, in another order', (document) => void document.lineage.reverse(), /must not stand after 2/],
    [
      'lineage, twice',
      (document) => void document.lineage.push(document.lineage[1] ?? {}),
      /update 2 must not stand after 2/,
    ],
    [
      'lineage, not an earlier one',
      (document) => {
        const { id, sequence, base, target, created } = document as Record<string, { digest: string } & Line>;
        document.lineage.push({ id, sequence, base: base?.digest, target: target?.digest, created });
      },
      /lineage: update 3 is not an earlier one/,
    ],
    ['absent, more', entry('absent', { size: 1 }), /additional properties: 'size'/],
  ];
  for (const [field, edit, text] of cases) {
    it(`${field}: ${text.source.slice(0, 60)}`, async () => {
      await rejects(readAll(altered(edit)), ['integrity', 'malformed'], text);
    });
  }

  const unwitnessed: readonly [field: string, edit: (document: Document) => void][] = [
    ['ignore', set('ignore', ['other'])],
    ['include', set('include', [])],
    ['generator', set('generator', 'conda-diff 9.9.9')],
    ['created', set('created', '1999-01-02T03:04:05Z')],
    ['absent path', entry('absent', { path: 'noarch/other-1-0.conda' })],
    ['absent named', entry('absent', { named: 'removed' })],
    ['lineage created', entry('lineage', { created: '1999-01-02T03:04:05Z' })],
    ['lineage withdrawn', entry('lineage', { withdrawn: undefined })],
    ['lineage, one gone', (document) => void document.lineage.pop()],
  ];
  for (const [field, edit] of unwitnessed) {
    it(`${field}: another valid value has no other witness than the checksum`, async () => {
      await readAll(altered(edit));
      const checksum = /"checksum":"[0-9a-f]{64}"/;
      const plain = altered(edit).replace(checksum, checksum.exec(parsed)?.[0] ?? '');
      await rejects(readAll(plain), 'integrity', /checksum does not match/);
    });
  }

  it('baseReference.name of no file: the base reference counts as left behind', async () => {
    const text = altered(within('baseReference', { name: 'other.base.json.gz' }));
    await assert.rejects(readAll(text), /the base reference was not found/);
  });
});
