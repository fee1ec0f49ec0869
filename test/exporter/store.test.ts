import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { appendToLedger, openStore, removeFile, siteOf, stateDirectory } from '../../exporter/store.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { base, outcome, published, step } from '../support/ledger-events.js';
import { rejects } from '../support/refusal.js';

const EVENT = base('a', { how: 'from', sequence: 3, ignore: ['größe'] });

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
    assert.equal(siteOf(after, 'default').assumed?.digest, hashOf('a'));
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    assert.deepEqual((await openStore(directory)).log, after.log);
  });

  it('refuses a ledger that is damaged, or holds what no ledger holds', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'ledger.jsonl');
    await appendToLedger(await openStore(directory), [EVENT, ...published(step(4, 'a', 'b'))]);
    const good = await readFile(file, 'utf8');
    await writeFile(file, good.replace('"sequence":4', '"sequence":5'));
    await rejects(
      openStore(directory),
      'integrity',
      /ledger\.jsonl is damaged in line 2\nits check is not .*\n[^]*init <repository> --from/,
    );
    const other = await temporaryDirectory(t);
    await appendToLedger(await openStore(other), [{ ...EVENT, digest: 'x' }]);
    await rejects(openStore(other), 'integrity', /line 1: 'digest' must match/);
  });

  it('refuses whole lines that no exporter wrote one after the other', async (t) => {
    const directory = await temporaryDirectory(t);
    await appendToLedger(await openStore(directory), [EVENT, outcome('published', step(4, 'a', 'b'))]);
    await rejects(
      openStore(directory),
      'integrity',
      /ledger\.jsonl is damaged in line 2\nno update [0-9a-f]{64} is planned\n/,
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
