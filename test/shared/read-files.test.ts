import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HashCache } from '../../shared/hash-cache.js';
import { Listing } from '../../shared/listing.js';
import { readFiles } from '../../shared/read-files.js';
import { MARK, Rows } from '../../shared/rows.js';
import { temporaryDirectory } from '../support/channel.js';
import { writeFiles } from '../support/update.js';

const SHA256 = 'ab'.repeat(32);

describe('the files of a directory', () => {
  it('are missing when they are gone, or something else, by the time that they are looked at', async (t) => {
    const repository = await temporaryDirectory(t);
    await writeFiles(repository, { 'noarch/a-1-0.conda': 'a', 'noarch/d-1-0.conda': 'd' });
    await mkdir(join(repository, 'noarch/b-1-0.conda'));
    const names = ['a', 'b', 'c', 'd'].map((name) => `${name}-1-0.conda`);
    const rows = new Rows();
    for (const name of names) rows.marks[rows.add(`noarch/${name}`, 1, SHA256)] = MARK.sha256;
    const found = readFiles({
      ...{ repository, directory: 'noarch', rows: rows.columns() },
      listing: Listing.of([...names.slice(0, 3), 'e-1-0.conda']).columns(),
      cache: (await HashCache.open(repository)).columns(),
      ...{ trusts: 'records', extensions: [], ignore: [] },
    });
    assert.deepEqual([...found.present], [0]);
    assert.deepEqual(
      found.missing,
      ['b', 'c', 'd'].map((name) => `noarch/${name}-1-0.conda`),
    );
    assert.deepEqual(found.unindexed, ['noarch/e-1-0.conda']);
  });
});
