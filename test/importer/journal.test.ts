import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { goneOf, inOrder, publishOf } from '../../importer/commit-plan.js';
import { type Disk, realDisk } from '../../importer/disk.js';
import { benchFor, importUpdate } from '../../importer/import.js';
import { decodeJournal, encodeJournal, type Journal } from '../../importer/journal.js';
import { recover } from '../../importer/recover.js';
import { CondaDiffError } from '../../shared/errors.js';
import { HashCache } from '../../shared/hash-cache.js';
import { encodeLineDocument, type JsonObject } from '../../shared/line-document.js';
import { encodeManifest } from '../../shared/manifest.js';
import { readState } from '../../shared/read-state.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { memoryDirectory } from '../support/memory-directory.js';
import { refuses, rejects } from '../support/refusal.js';
import { type Contents, makeUpdate, type SmallUpdate, writeFiles, originOf } from '../support/update.js';

const SIGNAL = new AbortController().signal;
const TOTALS = { digest: hashOf('1'), count: 1, bytes: 2 };
const bytesOf = (journal: Journal): Buffer => Buffer.concat([...encodeJournal(journal)]);

describe('a journal', () => {
  const journal: Journal = {
    ...{ attempt: '0123456789abcdef', kind: 'undo', keepsUndo: false, at: '2024-01-02T03:04:05Z' },
    globs: { ignore: ['**/*.bak'], include: ['keys/*'] },
    ...originOf(7),
    stateDirectory: '/srv/state of the copy',
    links: ['linux-64'],
    reused: [entryOf('osx-64/reused.conda')],
    ...{ from: TOTALS, to: { digest: hashOf('2'), count: 0, bytes: 0 } },
    directories: ['osx-64', 'osx-64/gr\u00f6\u00dfe'],
    actions: inOrder([
      publishOf({ ...entryOf('osx-64/gr\u00f6\u00dfe/a.conda'), kind: 'artifact' }, undefined),
      publishOf({ ...entryOf('noarch/repodata.json'), kind: 'index' }, entryOf('noarch/repodata.json', '')),
      goneOf(entryOf('noarch/x.html'), 'metadata', { removeNow: false }),
      goneOf(entryOf('noarch/b.conda'), 'artifact', { removeNow: false }),
    ]),
  };

  it('is read as it was written', async () => {
    assert.deepEqual(await decodeJournal([bytesOf(journal)], 'journal.json'), journal);
    const empty: Journal = { ...journal, reused: [], directories: [], actions: [] };
    assert.deepEqual(await decodeJournal([bytesOf(empty)], 'journal.json'), empty);
  });

  it('is read as a stream, in whatever pieces it comes', async () => {
    const bytes = bytesOf(journal);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 7) yield await Promise.resolve(bytes.subarray(at, at + 7));
    }
    assert.deepEqual(await decodeJournal(pieces(), 'journal.json'), journal);
  });

  it('is refused when it is cut off or any byte is another', async () => {
    const good = bytesOf(journal);
    for (let at = 0; at < good.length; at++) {
      const flipped = Buffer.from(good);
      flipped[at]! ^= 1;
      for (const damaged of [flipped, good.subarray(0, at)])
        await assert.rejects(decodeJournal([damaged], 'x'), { code: /^(malformed|integrity)$/ }, `${at}`);
    }
  });
});

const repodata = (names: Contents): string => {
  const records = Object.entries(names).map(([name, text]) => {
    const { size, sha256 } = entryOf(name, text);
    return [name, { size, sha256 }];
  });
  return JSON.stringify({ 'packages.conda': Object.fromEntries(records) as object });
};
const OLD = { 'gone-1-0.conda': 'gone', 'same-1-0.conda': 'as it was', 'stays-1-0.conda': 'stays' };
const NEW = { 'new-1-0.conda': 'new', 'same-1-0.conda': 'as it is', 'stays-1-0.conda': 'stays' };
const inDirectory = (directory: string, contents: Contents): Contents =>
  Object.fromEntries(Object.entries(contents).map(([name, text]) => [`${directory}/${name}`, text]));
const BEFORE = {
  ...inDirectory('noarch', OLD),
  'noarch/repodata.json': repodata(OLD),
  'noarch/repodata.json.gz': 'old',
  'noarch/notes.txt': 'notes',
};
const AFTER = {
  ...inDirectory('noarch', NEW),
  'noarch/repodata.json': repodata(NEW),
  'noarch/repodata.json.zst': 'zst',
  'noarch/pictures.json': '[]',
  'osx-64/repodata.json': '{}',
  'channeldata.json': '{}',
};

type Line = Record<string, unknown>;
type Document = Line & Record<(typeof SECTIONS)[number], Line[]>;
type Edit = (document: Document) => void;

const SECTIONS = ['lineage', 'reused', 'directories', 'actions'] as const;

/** A journal with something altered and its checksum made right: only the field's own check can refuse it. */
function altered(text: string, edit: Edit): string {
  const document = JSON.parse(text) as Document;
  edit(document);
  const header: JsonObject = Object.fromEntries(
    Object.entries(document).filter(([key]) => key !== 'checksum' && !SECTIONS.includes(key as 'actions')),
  );
  const sections = SECTIONS.map((name) => ({ name, entries: document[name] }));
  const bytes = Buffer.concat([...encodeLineDocument(header, sections)]).toString();
  assert.notEqual(bytes, text, 'nothing was altered');
  return bytes;
}

const set =
  (key: string, value: unknown): Edit =>
  (document) =>
    void (document[key] = value);
const within =
  (key: string, changes: Line): Edit =>
  (document) =>
    void (document[key] = { ...(document[key] as Line), ...changes });
/** Alters the first update of the lineage. */
const lineage =
  (changes: Line): Edit =>
  (document) =>
    void Object.assign(document.lineage[0]!, changes);
/** Adds a file that was reused. */
const reused =
  (changes: Line): Edit =>
  (document) =>
    void document.reused.push({ ...entryOf('noarch/reused-1-0.conda'), ...changes });
/** Alters the action of a path. An undefined value removes a field. */
const action =
  (path: string, changes: Line): Edit =>
  (document) =>
    void Object.assign(find(document, path), changes);
const content =
  (path: string, key: 'before' | 'after', changes: Line): Edit =>
  (document) => {
    const line = find(document, path);
    line[key] = { ...(line[key] as Line), ...changes };
  };
const without =
  (path: string): Edit =>
  (document) =>
    void document.actions.splice(document.actions.indexOf(find(document, path)), 1);

function find({ actions }: Document, path: string): Line {
  const line = actions.find((one) => one['path'] === path);
  assert.ok(line !== undefined, `there is no action of ${path}`);
  return line;
}

const [INDEX, ZST, GZ] = ['noarch/repodata.json', 'noarch/repodata.json.zst', 'noarch/repodata.json.gz'];
const [FRESH, SAME, GONE] = ['noarch/new-1-0.conda', 'noarch/same-1-0.conda', 'noarch/gone-1-0.conda'];
const [NOTES, PICTURES] = ['noarch/notes.txt', 'noarch/pictures.json'];
const OTHER = hashOf('other');
const CONTENT = { size: 1, sha256: OTHER };

const REFUSED: readonly [field: string, edit: Edit, text: RegExp][] = [
  ['format', set('format', 'conda-diff-manifest'), /not a conda-diff-journal document/],
  ['version', set('version', 2), /has version 2/],
  ['rules', set('rules', 2), /has rules 2/],
  ['ignore', set('ignore', ['']), /'ignore.0' must NOT have fewer/],
  ['include', set('include', 'keys/*'), /'include' must be array/],
  ['attempt', set('attempt', '../../noarch'), /'attempt' must match pattern/],
  ['kind', set('kind', 'export'), /'kind' must be equal to one of/],
  ['update.id', within('update', { id: 'x' }), /'update.id' must match pattern/],
  ['update.site', within('update', { site: '' }), /'update.site' must match pattern/],
  ['update.sequence', within('update', { sequence: 0 }), /'update.sequence' must be >= 1/],
  ['update.id', within('update', { id: hashOf('other') }), /is not in its lineage/],
  ['update.site', within('update', { site: 'another' }), /has another id/],
  ['update.sequence', within('update', { sequence: 9 }), /is not in its lineage/],
  ['again', set('again', 'yes'), /'again' must be boolean/],
  ['stateDirectory', set('stateDirectory', ''), /'stateDirectory' must NOT have fewer/],
  ['stateDirectory', set('stateDirectory', '../elsewhere'), /"..\/elsewhere" is not a path within/],
  ['stateDirectory', set('stateDirectory', '/srv/../etc'), /is not the shortest form of its path/],
  ['stateDirectory', set('stateDirectory', 'a\0b'), /has a zero byte/],
  ['reused path', reused({ path: '../out' }), /begins with a dot/],
  ['reused.size', reused({ size: -1 }), /'size' must be >= 0/],
  ['reused.sha256', reused({ sha256: 'x' }), /'sha256' must match pattern/],
  ['reused, an unknown field', reused({ extra: 1 }), /additional properties: 'extra'/],
  [
    'reused, one twice',
    (document) => {
      reused({})(document);
      reused({})(document);
    },
    /stands twice/,
  ],
  ['lineage.id', lineage({ id: hashOf('other') }), /has another id/],
  ['lineage.sequence', lineage({ sequence: 9 }), /has another id/],
  ['lineage.base', lineage({ base: hashOf('other') }), /has another id/],
  ['lineage.target', lineage({ target: hashOf('other') }), /has another id/],
  ['lineage.target', lineage({ target: 'x' }), /'target' must match pattern/],
  ['lineage.created', lineage({ created: 'yesterday' }), /'created' must match pattern/],
  ['lineage.withdrawn', lineage({ withdrawn: false }), /'withdrawn' must be equal to constant/],
  ['lineage, an unknown field', lineage({ extra: 1 }), /additional properties: 'extra'/],
  ['lineage, gone', set('lineage', []), /is not in its lineage/],
  ['lineage, one twice', (document) => document.lineage.push(document.lineage[0]!), /stands twice/],
  ['from.digest', within('from', { digest: 'x' }), /'from.digest' must match pattern/],
  ['from.count', within('from', { count: -1 }), /'from.count' must be >= 0/],
  ['to.bytes', within('to', { bytes: 1.5 }), /'to.bytes' must be integer/],
  ['to, gone', set('to', undefined), /required property 'to'/],
  ['keepsUndo', set('keepsUndo', 'yes'), /'keepsUndo' must be boolean/],
  ['at', set('at', 'yesterday'), /'at' must match pattern/],
  ['an unknown field', set('extra', 1), /additional properties: 'extra'/],
  ['directory', ({ directories }) => directories.push({ path: '../out' }), /begins with a dot/],
  ['directory', ({ directories }) => directories.push({ path: 'osx-64' }), /osx-64 stands twice/],
  ['directory', ({ directories }) => directories.push({ path: 'keys' }), /keys: nothing is published in/],
  [
    'directories, in another order',
    (document) => {
      action('osx-64/repodata.json', { path: 'osx-64/deep/repodata.json' })(document);
      document.directories.unshift({ path: 'osx-64/deep' });
    },
    /osx-64\/deep stands before the directory that it is in/,
  ],
  ['action path', action(FRESH, { path: '../new-1-0.conda' }), /begins with a dot/],
  ['action path', action(FRESH, { path: '/etc/passwd' }), /is absolute/],
  ['action path', action(FRESH, { path: '.conda-diff/lock' }), /begins with a dot/],
  ['action path', action(FRESH, { path: SAME }), /same-1-0.conda stands twice/],
  ['action path', action(ZST, { path: 'noarch/repodata.json.xz' }), /no plan has this action/],
  ['action', action(FRESH, { action: 'move' }), /'action' must be equal to one of/],
  ['action', action(GONE, { action: 'publish' }), /gone-1-0.conda: no plan has this action/],
  ['action', action(SAME, { action: 'remove' }), /same-1-0.conda: no plan has this action/],
  ['action', action(GZ, { action: 'retire' }), /repodata.json.gz: no plan has this action/],
  ['action', action(NOTES, { action: 'retire' }), /notes.txt: no plan has this action/],
  ['step', action(FRESH, { step: 4 }), /new-1-0.conda: no plan has this action/],
  ['step', action(INDEX, { step: 1 }), /repodata.json: no plan has this action/],
  ['step', action(GONE, { step: 1 }), /gone-1-0.conda: no plan has this action/],
  ['step', action(GONE, { step: 7 }), /'step' must be <= 6/],
  ['kind', action(FRESH, { kind: 'metadata' }), /new-1-0.conda: no plan has this action/],
  ['kind', action(SAME, { kind: 'index' }), /same-1-0.conda: no plan has this action/],
  ['kind', action(PICTURES, { kind: 'root' }), /pictures.json: no plan has this action/],
  ['kind', action(GONE, { kind: 'metadata' }), /gone-1-0.conda: no plan has this action/],
  ['kind', action(GONE, { kind: 'thing' }), /'kind' must be equal to one of/],
  ['after, gone', action(FRESH, { after: undefined }), /new-1-0.conda: no plan has this action/],
  ['after, of what goes', action(GONE, { after: CONTENT }), /gone-1-0.conda: no plan has this action/],
  ['after.size', content(FRESH, 'after', { size: -1 }), /'after.size' must be >= 0/],
  ['after.sha256', content(FRESH, 'after', { sha256: 'x' }), /'after.sha256' must match pattern/],
  ['before, gone', action(GONE, { before: undefined }), /gone-1-0.conda: no plan has this action/],
  ['before, gone', action(SAME, { before: undefined }), /same-1-0.conda: no plan has this action/],
  ['before, added', action(FRESH, { before: CONTENT }), /new-1-0.conda: no plan has this action/],
  ['before.size', content(GONE, 'before', { size: 1.5 }), /'before.size' must be integer/],
  ['wasNamed', action(SAME, { wasNamed: true }), /same-1-0.conda: no plan has this action/],
  ['wasNamed', action(GONE, { wasNamed: true }), /gone-1-0.conda: no plan has this action/],
  ['wasNamed', action(PICTURES, { wasNamed: true }), /pictures.json: no plan has this action/],
  ['wasNamed', action(FRESH, { wasNamed: false }), /'wasNamed' must be equal to constant/],
  ['an unknown field', action(GONE, { extra: 1 }), /additional properties: 'extra'/],
  ['actions, in another order', ({ actions }) => void actions.reverse(), /stands in the wrong place/],
  ['actions, one twice', ({ actions }) => actions.push(actions.at(-1)!), /stands twice/],
];

type Way = 'finish' | 'take-back';
const BOTH: readonly Way[] = ['finish', 'take-back'];

/** What recovery refuses: when it finishes, when it takes back, or both. */
const WITNESSED: readonly [field: string, edit: Edit, refusing: readonly Way[], text: RegExp][] = [
  ['ignore', set('ignore', ['osx-64/**']), ['finish'], /digest: expected/],
  ['ignore', set('ignore', ['noarch/**']), BOTH, /digest: expected/],
  ['include', set('include', ['beside.txt']), BOTH, /digest: expected/],
  ['attempt', set('attempt', 'f'.repeat(16)), ['take-back'], /neither its new content is staged nor/],
  ['from.digest', within('from', { digest: OTHER }), ['take-back'], /digest: expected/],
  ['from.count', within('from', { count: 9 }), ['take-back'], /count: expected 9/],
  ['from.bytes', within('from', { bytes: 9 }), ['take-back'], /bytes: expected 9/],
  ['to.digest', within('to', { digest: OTHER }), ['finish'], /digest: expected/],
  ['to.count', within('to', { count: 9 }), ['finish'], /count: expected 9/],
  ['to.bytes', within('to', { bytes: 9 }), ['finish'], /bytes: expected 9/],
  ['action path', action(GZ, { path: 'noarch/repodata.json.bz2' }), ['take-back'], /digest: expected/],
  ['before.size', content(SAME, 'before', { size: 1 }), ['take-back'], /same-1-0.conda: neither its new/],
  ['before.sha256', content(GZ, 'before', { sha256: OTHER }), ['take-back'], /json.gz: neither its new/],
  ['before.sha256', content(INDEX, 'before', { sha256: OTHER }), ['take-back'], /repodata.json: neither its/],
  ['before, added', action(ZST, { before: CONTENT }), ['take-back'], /json.zst: neither its new/],
  ['before, gone', action(INDEX, { before: undefined }), ['take-back'], /repodata.json: neither its new/],
  ['actions, one gone', without('channeldata.json'), ['finish'], /digest: expected/],
  ['after, of what is done', content(ZST, 'after', { sha256: OTHER }), BOTH, /json.zst: neither its new/],
  ['actions, one gone', without(SAME), BOTH, /neither its new content is staged nor/],
  ['actions, one gone', without(NOTES), ['finish'], /digest: expected/],
];

/** What has no other witness than the checksum: the commit ends at its base or its target all the same. */
const UNWITNESSED: readonly [field: string, edit: Edit][] = [
  ['kind', set('kind', 'undo')],
  ['stateDirectory', set('stateDirectory', '.conda-diff/elsewhere')],
  ['reused', reused({})],
  ['keepsUndo', set('keepsUndo', false)],
  ['again', set('again', true)],
  ['lineage.created', lineage({ created: '1999-01-02T03:04:05Z' })],
  ['lineage.withdrawn', lineage({ withdrawn: undefined })],
  ['at', set('at', '1999-01-02T03:04:05Z')],
  ['directories, one gone', set('directories', [])],
  ['directories, one more', ({ directories }) => directories.push({ path: 'noarch' })],
  ['action path', action(FRESH, { path: 'noarch/newer-1-0.conda' })],
  ['action path', action(GONE, { path: 'noarch/even-1-0.conda' })],
  ['action', action(GONE, { action: 'remove' })],
  ['kind', action(SAME, { kind: 'shard' })],
  ['wasNamed', action(FRESH, { wasNamed: true })],
  ['after.size', content(INDEX, 'after', { size: 1 })],
  ['after.sha256', content(INDEX, 'after', { sha256: OTHER })],
  ['before.size, retired', content(GONE, 'before', { size: 1 })],
  ['actions, one gone', without(INDEX)],
  ['actions, one gone', without(GONE)],
];

const file = { after: (remove?: () => unknown) => after(() => remove?.()) } as Pick<TestContext, 'after'>;
const folder = await memoryDirectory(file);

describe('a stored field of a journal is a checked field:', () => {
  let update: SmallUpdate;
  let text: string;
  before(async () => {
    update = await makeUpdate(join(folder, 'update'), BEFORE, AFTER);
    const manifest = Buffer.concat([...encodeManifest(update.manifest)]);
    await writeFile(join(update.directory, 'update.manifest.json'), manifest);
    await writeFiles(join(folder, 'interrupted'), { ...BEFORE, 'beside.txt': 'not tracked' });
    await interrupt(join(folder, 'interrupted'));
    text = readFileSync(join(folder, 'interrupted/.conda-diff/journal.json'), 'utf8');
  });

  /** Imports up to the middle of the burst: the new repodata.json is not there yet. */
  async function interrupt(repository: string): Promise<void> {
    const stopped = new Error('stopped');
    const rename: Disk['rename'] = async (from, to) => {
      if (to === join(repository, INDEX)) throw stopped;
      await realDisk.rename(from, to);
    };
    const options = { stateDirectory: join(repository, '.conda-diff'), keepsUndo: true, removeNow: false };
    const disk = { ...realDisk, rename };
    const note = (): void => undefined;
    const run = importUpdate({
      ...{ ...options, repository, update: update.directory, signal: SIGNAL, disk, note },
    });
    await assert.rejects(run, stopped);
  }

  /** Recovers with another journal; tells the digest that the copy is in then, or the refusal. */
  async function recoverWith(journal: string, way: Way): Promise<string | CondaDiffError> {
    const repository = join(folder, 'copy');
    rmSync(repository, { recursive: true, force: true });
    cpSync(join(folder, 'interrupted'), repository, { recursive: true });
    const bench = benchFor({ repository, signal: SIGNAL });
    writeFileSync(bench.layout.journal, journal);
    if (way === 'take-back') rmSync(bench.layout.stage, { recursive: true });
    const cache = await HashCache.open(repository);
    const notebook = { stateDirectory: bench.layout.own, cache };
    try {
      const recovery = await recover(bench, notebook);
      assert.ok(recovery !== undefined && !existsSync(bench.layout.journal));
    } catch (error) {
      assert.ok(error instanceof CondaDiffError, String(error));
      return error;
    }
    const { globs } = update.manifest;
    return (await readState(repository, { globs, cache, mustHash: 'all' })).state.digest;
  }

  it('as it was written, the commit is finished, or taken back when the stage is lost', async () => {
    assert.equal(await recoverWith(text, 'finish'), update.manifest.target.digest);
    assert.equal(await recoverWith(text, 'take-back'), update.manifest.base.digest);
  });

  for (const [field, edit, said] of REFUSED) {
    it(`${field}: ${said.source.slice(0, 60)}`, async () => {
      const journal = altered(text, edit);
      await rejects(decodeJournal([Buffer.from(journal)], 'journal.json'), 'malformed', said);
      const error = await recoverWith(journal, 'finish');
      refuses(() => {
        throw error;
      }, 'malformed');
      assert.equal(readFileSync(join(folder, 'copy/.conda-diff/journal.json'), 'utf8'), journal);
    });
  }

  for (const [field, edit, refusing, said] of WITNESSED) {
    it(`${field}: refused by ${refusing.join(' and ')}: ${said.source.slice(0, 60)}`, async () => {
      for (const way of BOTH) {
        const result = await recoverWith(altered(text, edit), way);
        if (refusing.includes(way))
          refuses(
            () => {
              throw result;
            },
            'integrity',
            said,
          );
        else assertEnd(result);
      }
    });
  }

  for (const [field, edit] of UNWITNESSED) {
    it(`${field}: another valid value has no other witness than the checksum`, async () => {
      const journal = altered(text, edit);
      for (const way of BOTH) assertEnd(await recoverWith(journal, way));
      const checksum = /"checksum":"[0-9a-f]{64}"/;
      const plain = journal.replace(checksum, checksum.exec(text)?.[0] ?? '');
      await rejects(decodeJournal([Buffer.from(plain)], 'x'), 'integrity', /checksum does not match/);
    });
  }

  function assertEnd(result: string | CondaDiffError): void {
    const { base, target } = update.manifest;
    if (typeof result !== 'string') throw result;
    assert.ok([base.digest, target.digest].includes(result), 'neither base nor target');
  }
});
