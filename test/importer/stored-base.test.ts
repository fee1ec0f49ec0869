import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { encodeLineDocument, type JsonObject } from '../../shared/line-document.js';
import { targetOf } from '../../shared/manifest.js';
import { readBaseReference } from '../../shared/read-base.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';
import { makeUpdate, type SmallUpdate } from '../support/update.js';

const BEFORE = { 'noarch/repodata.json': '{}', 'noarch/a-1-0.conda': 'a', 'noarch/b-1-0.conda': 'b' };
const AFTER = { 'noarch/repodata.json': '{"packages":{}}', 'noarch/b-1-0.conda': 'b' };

type Line = Record<string, unknown>;
type Document = { entries: Line[] } & Line;

describe('a stored field of a base reference is a checked field:', () => {
  let update: SmallUpdate;
  let file: string;
  let parsed: string;
  before(async () => {
    update = await makeUpdate(await mkdtemp(join(tmpdir(), 'conda-diff-')), BEFORE, AFTER);
    file = join(update.directory, update.manifest.baseReference.name);
    parsed = gunzipSync(await readFile(file)).toString();
  });
  after(() => rm(update.directory, { recursive: true, force: true }));

  /**
   * Reads it as an import does.
   *
   * @param isNamed whether the manifest names these bytes: else their hash alone refuses them
   */
  async function read(bytes: Buffer, isNamed: boolean): Promise<void> {
    await writeFile(file, bytes);
    const { name } = update.manifest.baseReference;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const baseReference = isNamed ? { name, size: bytes.length, sha256 } : update.manifest.baseReference;
    const manifest = { ...update.manifest, baseReference };
    const manifestFile = join(update.directory, 'update.manifest.json');
    const base = await readBaseReference(manifest, manifestFile);
    assert.ok(base !== undefined, 'the base reference was not found');
    targetOf(manifest, base, manifestFile);
  }

  /** The reference with something altered, its checksum made right. */
  function altered(edit: (document: Document) => void): Buffer {
    const document = JSON.parse(parsed) as Document;
    edit(document);
    const header = Object.fromEntries(
      Object.entries(document).filter(([key]) => key !== 'checksum' && key !== 'entries'),
    ) as JsonObject;
    const sections = [{ name: 'entries', entries: document.entries as JsonObject[] }];
    const text = Buffer.concat([...encodeLineDocument(header, sections)]);
    assert.notEqual(text.toString(), parsed, 'nothing was altered');
    return gzipSync(text);
  }

  it('as it was made it is accepted', async () => {
    await read(gzipSync(parsed), true);
  });

  const set = (key: string, value: unknown) => (document: Document) => void (document[key] = value);
  const entry = (changes: Line) => (document: Document) => void Object.assign(document.entries[0]!, changes);
  const other = hashOf('other');
  const cases: readonly [field: string, edit: (document: Document) => void, text: RegExp][] = [
    ['format', set('format', 'conda-diff-manifest'), /not a conda-diff-reference document/],
    ['version', set('version', 2), /has version 2/],
    ['rules', set('rules', 2), /has rules 2/],
    ['scope', set('scope', 'artifacts'), /other rules, scope or globs than its base reference/],
    ['scope', set('scope', 'some'), /'scope' must be/],
    ['ignore', set('ignore', ['x']), /other rules, scope or globs than its base reference/],
    ['include', set('include', []), /other rules, scope or globs than its base reference/],
    ['digest', set('digest', other), /digest: expected/],
    ['count', set('count', 4), /count: expected 4, found 3/],
    ['count', set('count', 2), /has more entries than its header says/],
    ['bytes', set('bytes', 0), /bytes: expected 0, found/],
    ['entry path', entry({ path: '../a' }), /begins with a dot/],
    ['entry path', entry({ path: 'noarch/a-2-0.conda' }), /digest: expected/],
    ['entry size', entry({ size: 9 }), /bytes: expected/],
    ['entry sha256', entry({ sha256: other }), /digest: expected/],
    ['entry, more', entry({ kind: 'artifact' }), /additional properties: 'kind'/],
    ['entries, in another order', (document) => void document.entries.reverse(), /must not stand after/],
    ['entries, one gone', (document) => void document.entries.pop(), /count: expected 3, found 2/],
    ['more', set('created', 'now'), /additional properties: 'created'/],
  ];
  for (const [field, edit, text] of cases) {
    it(`${field}: ${text.source.slice(0, 60)}`, async () => {
      await rejects(read(altered(edit), true), ['integrity', 'malformed'], text);
      // Where the manifest was not altered with it, its hash is enough.
      await rejects(
        read(altered(edit), false),
        'integrity',
        /is not the base reference that the manifest names/,
      );
    });
  }

  it('checksum', async () => {
    const wrong = parsed.replace(/"checksum":"[0-9a-f]{64}"/, `"checksum":"${other}"`);
    await rejects(read(gzipSync(wrong), true), 'integrity', /its checksum does not match its content/);
  });

  it('a whole state that is another one: the target does not follow from it', async (t) => {
    const more = await makeUpdate(
      await temporaryDirectory(t),
      { ...BEFORE, 'noarch/z-1-0.conda': 'z' },
      AFTER,
    );
    const bytes = await readFile(join(more.directory, more.manifest.baseReference.name));
    await rejects(read(bytes, true), ['integrity', 'malformed'], /expected/);
  });
});
