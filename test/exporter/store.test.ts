import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { LedgerEvent } from '../../exporter/ledger.js';
import {
  appendToLedger,
  loadReference,
  openStore,
  removeFile,
  saveReference,
  siteOf,
  stateDirectory,
  writeReferenceGz,
} from '../../exporter/store.js';
import { NO_GLOBS } from '../../shared/globs.js';
import { EMPTY_REFERENCE, encodeReference, referenceOf } from '../../shared/reference.js';
import { stateOf } from '../../shared/state.js';
import { entryOf, hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';

const EVENT: LedgerEvent = {
  ...{ event: 'base', site: 'default', digest: hashOf('a'), scope: 'all', how: 'from', sequence: 3 },
  ...{ ignore: ['größe'], include: [], at: '2024-01-02T03:04:05Z' },
};

describe('the store', () => {
  it('lies in the repository unless another place is given', () => {
    assert.equal(stateDirectory('/mirror', undefined), '/mirror/.conda-diff');
    assert.equal(stateDirectory('/mirror', '/var/state'), '/var/state');
  });

  it('is empty where there is none, and is made (0700) with the first event', async (t) => {
    const directory = join(await temporaryDirectory(t), 'deep/state');
    const store = await openStore(directory);
    assert.equal(siteOf(store, 'default').assumed, undefined);
    const after = await appendToLedger(store, [EVENT]);
    assert.deepEqual(siteOf(after, 'default').assumed, { digest: hashOf('a'), scope: 'all' });
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    assert.deepEqual((await openStore(directory)).log, after.log);
  });

  it('refuses a ledger that is damaged, or holds what no ledger holds', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'ledger.jsonl');
    await appendToLedger(await openStore(directory), [EVENT, EVENT]);
    const good = await readFile(file, 'utf8');
    await writeFile(file, good.replace('"sequence":3', '"sequence":4'));
    await rejects(
      openStore(directory),
      'integrity',
      /ledger\.jsonl is damaged in line 1\n.*init <repository> --from/,
    );
    await writeFile(file, '');
    await appendToLedger(await openStore(directory), [{ ...EVENT, digest: 'x' }]);
    await rejects(openStore(directory), 'integrity', /line 1: 'digest' must match/);
  });

  it('keeps references by their digest, each always with the same bytes', async (t) => {
    const directory = await temporaryDirectory(t);
    const many = Array.from({ length: 3000 }, (_, i) => entryOf(`noarch/${String(i)}.conda`));
    const reference = referenceOf(stateOf(many), { ignore: ['x'], include: [] }, 'artifacts');
    const { digest } = reference.state;
    await saveReference(directory, reference);
    const file = join(directory, 'references', `${digest}.json.gz`);
    const bytes = await readFile(file);
    assert.ok(gunzipSync(bytes).equals(Buffer.concat([...encodeReference(reference)])));
    const loaded = await loadReference(directory, digest);
    assert.deepEqual(
      [loaded.state.digest, loaded.scope, loaded.globs],
      [digest, 'artifacts', reference.globs],
    );
    const written = await writeReferenceGz(file, reference);
    assert.deepEqual(written, { size: bytes.length, sha256: hashOf(bytes) });
    assert.ok((await readFile(file)).equals(bytes));
  });

  it('knows the empty reference without keeping it; of another that is gone it says the way out', async (t) => {
    const directory = await temporaryDirectory(t);
    assert.equal((await loadReference(directory, EMPTY_REFERENCE.state.digest)).state.count, 0);
    const gone = referenceOf(stateOf([entryOf('a')]), NO_GLOBS).state.digest;
    await rejects(
      loadReference(directory, gone),
      'usage',
      /is not there any more\n.*--base <reference\.json>/,
    );
  });

  it('removes files that need not be there', async (t) => {
    const directory = await temporaryDirectory(t);
    await writeFile(join(directory, 'a'), '');
    await removeFile(join(directory, 'a'));
    await removeFile(join(directory, 'a'));
    await rejects(removeFile(directory), 'io', /Cannot remove/);
  });
});
