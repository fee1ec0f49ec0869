import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  keptStates,
  loadReference,
  notKept,
  pruneReferences,
  saveReference,
  writeReferenceGz,
} from '../../exporter/references.js';
import { appendToLedger, openStore } from '../../exporter/store.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { EMPTY_REFERENCE, encodeReference, referenceOf } from '../../shared/reference.js';
import { stateOf } from '../../shared/state.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { base } from '../support/ledger-events.js';
import { rejects } from '../support/refusal.js';

const STATE = stateOf([entryOf('noarch/a.conda'), entryOf('noarch/repodata.json')]);
const { digest } = STATE;
const WIN = { ignore: ['win-*/**'], include: [] };
const ALL = { scope: 'all', globs: NO_GLOBS } as const;

const names = async (directory: string): Promise<string[]> =>
  (await readdir(join(directory, 'references'))).sort();

describe('kept references', () => {
  it('are named after the digest, and have always the same bytes', async (t) => {
    const directory = await temporaryDirectory(t);
    const many = Array.from({ length: 3000 }, (_, i) => entryOf(`noarch/${i}.conda`));
    const reference = referenceOf(stateOf(many), NO_GLOBS);
    await saveReference(directory, reference);
    const file = join(directory, 'references', `${reference.state.digest}.json.gz`);
    const bytes = await readFile(file);
    assert.ok(gunzipSync(bytes).equals(Buffer.concat([...encodeReference(reference)])));
    const written = await writeReferenceGz(file, reference);
    assert.deepEqual(written, { size: bytes.length, sha256: hashOf(bytes) });
    assert.ok((await readFile(file)).equals(bytes));
  });

  it('of one state that is known more or less completely do not replace each other', async (t) => {
    const directory = await temporaryDirectory(t);
    const references = [
      referenceOf(STATE, NO_GLOBS),
      referenceOf(STATE, WIN),
      referenceOf(STATE, NO_GLOBS, 'artifacts'),
      referenceOf(STATE, { ignore: [], include: ['win-*/**'] }),
    ];
    for (const reference of [...references, ...references]) await saveReference(directory, reference);
    assert.equal((await names(directory)).length, 4);
    assert.deepEqual([...(await keptStates(directory))], [digest]);
    for (const { scope, globs } of references) {
      const loaded = await loadReference(directory, { digest, known: { scope, globs } });
      assert.deepEqual([loaded?.scope, loaded?.globs, loaded?.state.digest], [scope, globs, digest]);
    }
  });

  it('say themselves what they know where the ledger does not', async (t) => {
    const directory = await temporaryDirectory(t);
    assert.equal(await loadReference(directory, { digest, known: undefined }), undefined);
    await saveReference(directory, referenceOf(STATE, WIN, 'artifacts'));
    for (const known of [undefined, ALL]) {
      const loaded = await loadReference(directory, { digest, known });
      assert.deepEqual([loaded?.scope, loaded?.globs], ['artifacts', WIN]);
    }
  });

  it('are not needed for the empty state', async (t) => {
    const directory = await temporaryDirectory(t);
    const empty = EMPTY_REFERENCE.state.digest;
    assert.deepEqual(await loadReference(directory, { digest: empty, known: undefined }), EMPTY_REFERENCE);
    const known = { scope: 'all', globs: WIN } as const;
    assert.deepEqual((await loadReference(directory, { digest: empty, known }))?.globs, WIN);
  });

  it('that are damaged, or of another state, are refused', async (t) => {
    const directory = await temporaryDirectory(t);
    const other = referenceOf(stateOf([entryOf('noarch/b.conda')]), NO_GLOBS);
    await saveReference(directory, other);
    const [name = ''] = await names(directory);
    const file = join(directory, 'references', `${digest}.json.gz`);
    await copyFile(join(directory, 'references', name), file);
    const wanted = { digest, known: ALL };
    await rejects(
      loadReference(directory, wanted),
      'integrity',
      new RegExp(`holds another state[^]*expected ${digest}, found ${other.state.digest}`),
    );
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length - 30));
    await rejects(loadReference(directory, wanted), 'malformed', /json\.gz is damaged/);
  });

  it('that no site needs are pruned; other files are left alone', async (t) => {
    const directory = await temporaryDirectory(t);
    const notes: string[] = [];
    const note = (line: string): number => notes.push(line);
    const needed = referenceOf(STATE, WIN);
    const other = referenceOf(stateOf([entryOf('x')]), NO_GLOBS);
    for (const reference of [needed, other]) await saveReference(directory, reference);
    await writeFile(join(directory, 'references/notes.txt'), 'mine');
    const store = await appendToLedger(await openStore(directory), [
      base('a', { digest, baseIgnore: WIN.ignore }),
    ]);
    await pruneReferences(store, note);
    assert.deepEqual([...(await keptStates(directory))], [digest]);
    assert.equal((await names(directory)).length, 2);
    await mkdir(join(directory, 'references', `${hashOf('d')}.json.gz`));
    await pruneReferences(store, note);
    assert.match(
      notes.join('\n'),
      /^References that no site needs any more are left for the next run: Cannot remove/,
    );
  });

  it('that are gone have a way out', () => {
    const { code, message, hint } = notKept({ repository: '/m', site: 'lab' }, digest);
    assert.equal(code, 'usage');
    assert.match(message, new RegExp(`state ${digest.slice(0, 12)} is not kept any more`));
    assert.match(hint ?? '', /create \/m --site lab --base reference\.json/);
  });
});
