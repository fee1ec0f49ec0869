import assert from 'node:assert/strict';
import { copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DISCARD, readUpdate } from '../../importer/stage.js';
import { parseMark, volumeMark } from '../../shared/volume-mark.js';
import { hashOf } from '../support/arbitrary.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';
import { makeUpdate, type SmallUpdate } from '../support/update.js';

const CONTENTS = {
  'noarch/a-1-0.conda': 'a'.repeat(700),
  'noarch/b-1-0.conda': 'b',
  'noarch/c-1-0.conda': 'c'.repeat(900),
  'noarch/repodata.json': '{}',
};

/** An update of three volumes with one, one and two files. */
async function update(
  t: TestContext,
): Promise<SmallUpdate & { at: (n: number) => string; read: () => Promise<void> }> {
  const made = await makeUpdate(await temporaryDirectory(t), {}, CONTENTS, { perVolume: 1 });
  return {
    ...made,
    at: (n) => join(made.directory, `update.00${String(n)}.tar`),
    read: () => readUpdate(made.manifest, made.directory, DISCARD, new AbortController().signal),
  };
}

describe('volumes that are not those of the manifest:', () => {
  const cases: readonly [
    what: string,
    code: 'malformed' | 'integrity',
    text: RegExp,
    alter: (at: (n: number) => string, other: (n: number) => string) => Promise<unknown>,
  ][] = [
    [
      'one is missing',
      'malformed',
      /^The archive .*update\.002\.tar is missing \(volume 2 of 4\)\n/,
      (at) => rm(at(2)),
    ],
    [
      'one is cut off',
      'integrity',
      /^.*update\.002\.tar is cut off\nexpected 2048 bytes, found 700\n/,
      (at) => truncate(at(2), 700),
    ],
    [
      'one is cut off within its header',
      'integrity',
      /update\.002\.tar is cut off/,
      (at) => truncate(at(2), 100),
    ],
    [
      'one is empty',
      'integrity',
      /update\.002\.tar is cut off\nexpected 2048 bytes, found 0/,
      (at) => truncate(at(2), 0),
    ],
    ['one is too long', 'integrity', /update\.002\.tar is too long/, (at) => truncate(at(2), 4096)],
    [
      'one is of another update',
      'malformed',
      /^.*update\.002\.tar is a volume of another update\nexpected volume 2 of 4 of update (\w{12}), found volume 2 of 2 of update (?!\1)/,
      (at, other) => copyFile(other(2), at(2)),
    ],
    [
      'two have changed places',
      'malformed',
      /^2 of 4 volumes are missing or wrong\n.*update\.001\.tar is volume 2, in the place of volume 1; .*\n.*update\.002\.tar is volume 1, in/,
      async (at) =>
        rename(at(1), at(9))
          .then(() => rename(at(2), at(1)))
          .then(() => rename(at(9), at(2))),
    ],
    [
      'one is there twice, under two names',
      'malformed',
      /^Volume 1 is there twice, as .*update\.001\.tar and as .*update\.002\.tar\nexpected volume 2 of 4 of.*\nCopy volume 2 of/,
      (at) => copyFile(at(1), at(2)),
    ],
    [
      'one has another content',
      'integrity',
      /^Files of the update are damaged\nnoarch\/c-1-0\.conda: expected sha256/,
      async (at) => {
        const bytes = await readFile(at(3));
        bytes[600]! ^= 1;
        await writeFile(at(3), bytes);
      },
    ],
    [
      'all reasons are told at once',
      'malformed',
      /^3 of 4 volumes are missing or wrong\n.*001\.tar is missing \(volume 1 of 4\)\n.*002\.tar is cut off; expected .*\n.*003\.tar is a volume of another update; expected/,
      async (at, other) =>
        rm(at(1))
          .then(() => truncate(at(2), 1536))
          .then(() => copyFile(other(1), at(3))),
    ],
  ];
  for (const [what, code, text, alter] of cases) {
    it(what, async (t) => {
      const { at, read } = await update(t);
      await read();
      const more = { ...CONTENTS, 'noarch/d-1-0.conda': 'd' };
      const folder = await temporaryDirectory(t);
      await makeUpdate(folder, {}, more, { perVolume: 3 });
      await alter(at, (n) => join(folder, `update.00${String(n)}.tar`));
      await rejects(read(), code, text);
    });
  }

  it('another division of the same update', async (t) => {
    const { at, read } = await update(t);
    const folder = await temporaryDirectory(t);
    await makeUpdate(folder, {}, CONTENTS, { perVolume: 2 });
    await copyFile(join(folder, 'update.001.tar'), at(1));
    await rejects(
      read(),
      'malformed',
      /001\.tar is of another division of this update\nexpected volume 1 of 4 of .*, found volume 1 of 2/,
    );
  });
});

describe('parseMark', () => {
  it('reads what volumeMark writes, and nothing else', () => {
    const id = hashOf('an update');
    assert.deepEqual(parseMark(volumeMark(id, 2, 12)), { update: id.slice(0, 12), number: 2, count: 12 });
    const good = volumeMark(id, 1, 1);
    for (const wrong of [
      { ...good, owner: '' },
      { ...good, owner: `${good.owner}0` },
      { ...good, owner: good.owner.toUpperCase() },
      { ...good, group: 'volume:0-of-1' },
      { ...good, group: 'volume:2-of-1' },
      { ...good, group: 'volume:1-of-1 ' },
      { ...good, group: 'volume:1-of-1\u001b[2J' },
      { owner: 'root', group: 'root' },
    ])
      assert.equal(parseMark(wrong), undefined, JSON.stringify(wrong));
  });
});
