import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { capture } from '../../shared/capture.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';

const PATH = 'noarch/notes.json';

async function place(t: TestContext): Promise<{ root: string; outside: string; copyTo: string }> {
  const folder = await temporaryDirectory(t);
  const [root, outside, copyTo] = ['root', 'outside', 'copies'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [join(root, 'noarch'), join(outside, 'noarch')])
    await mkdir(directory, { recursive: true });
  await writeFile(join(root, PATH), 'ours');
  await writeFile(join(outside, PATH), 'secret');
  return { root, outside, copyTo };
}

describe('a capture', () => {
  it('holds what was there, and tells what moved since', async (t) => {
    const { root, copyTo } = await place(t);
    const { source, moved } = await capture(root, [PATH], copyTo);
    assert.deepEqual(moved(), []);
    await rm(join(root, PATH));
    assert.equal(readFileSync(source(PATH), 'utf8'), 'ours');
    assert.deepEqual(moved(), [PATH]);
  });

  it('follows a link that stays inside', async (t) => {
    const { root, copyTo } = await place(t);
    await symlink('notes.json', join(root, 'noarch/link.json'));
    const { source } = await capture(root, ['noarch/link.json'], copyTo);
    assert.equal(readFileSync(source('noarch/link.json'), 'utf8'), 'ours');
  });

  it('copies nothing from behind a link that leads out and was none when the tree was listed', async (t) => {
    const { root, outside, copyTo } = await place(t);
    await rm(join(root, PATH));
    await symlink(join(outside, PATH), join(root, PATH));
    await rejects(
      capture(root, [PATH], copyTo),
      'source',
      /notes\.json is no file of the repository any more/,
    );
    assert.ok(!existsSync(join(copyTo, PATH)));
  });

  it('nor from behind a directory that has become one', async (t) => {
    const { root, outside, copyTo } = await place(t);
    await rename(join(root, 'noarch'), join(root, 'aside'));
    await symlink(join(outside, 'noarch'), join(root, 'noarch'));
    await rejects(capture(root, [PATH], copyTo), 'source', /is no file of the repository any more/);
    assert.ok(!existsSync(join(copyTo, PATH)));
  });
});
