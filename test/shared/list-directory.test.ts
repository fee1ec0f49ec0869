import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listDirectory, listForThread } from '../../shared/list-directory.js';
import { idlestThread } from '../../shared/threads.js';
import { temporaryDirectory } from '../support/channel.js';
import { writeFiles } from '../support/update.js';

describe('listing a directory', () => {
  it('tells files, directories and links apart, and leaves out what begins with a dot', async (t) => {
    const root = await temporaryDirectory(t);
    await writeFiles(root, { 'a.conda': '', b: '', '.c': '', 'd/e': '', '.f/g': '' });
    await symlink('a.conda', join(root, 'h'));
    const { files, directories, links, isWhole } = listDirectory(root, () => false);
    assert.deepEqual([[...files].sort(), directories, links], [['a.conda', 'b'], ['d'], ['h']]);
    assert.equal(isWhole, true);
  });

  it('stops where it is not wanted any more', async (t) => {
    const root = await temporaryDirectory(t);
    const names = Array.from({ length: 1500 }, (_, n) => `p${String(n)}-1-0.conda`);
    await writeFiles(root, Object.fromEntries(names.map((name) => [name, ''])));
    const { files, isWhole } = listDirectory(root, (count) => count > 1000);
    assert.deepEqual([[...files].length, isWhole], [1024, false]);
    assert.equal(listForThread(root, () => true).files.packed.count, 0);
    assert.equal(listForThread(root).files.packed.count, 1500);
  });

  it('says in another thread, too, which directory cannot be listed', async (t) => {
    const gone = join(await temporaryDirectory(t), 'gone');
    const refusal = { code: 'io', message: new RegExp(`^Cannot list ${gone}: ENOENT`) };
    await assert.rejects(idlestThread().call('list-directory', gone), refusal);
    await mkdir(gone);
    assert.equal((await idlestThread().call('list-directory', gone)).isWhole, true);
  });
});
