import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryDirectory, writeChannel } from '../support/channel.js';
import { command } from '../support/crossing.js';
import { createUpdate, setFirstBase } from '../support/exporting.js';
import { apply, recover, undo } from '../support/importing.js';
import { runHere } from '../support/in-process.js';
import { type Disk, realDisk } from '../../importer/disk.js';
import { Crashed } from './crash/stopping-disk.js';

const named = (...names: string[]) => ({ noarch: ['stays', ...names].map((name) => ({ name })) });
const path = (name: string): string => `noarch/${name}-1.0-0.conda`;

interface Copy {
  readonly copy: string;
  /** Makes the update that leads to these artifacts; its directory. */
  readonly update: (...names: string[]) => Promise<string>;
  /** Makes and applies it. */
  readonly cross: (...names: string[]) => Promise<void>;
  readonly retired: () => readonly string[];
}

async function copyWith(t: TestContext, ...first: string[]): Promise<Copy> {
  const folder = await temporaryDirectory(t);
  const [mirror, copy] = [join(folder, 'mirror'), join(folder, 'copy')];
  let made = 0;
  const update = async (...names: string[]): Promise<string> => {
    await writeChannel(mirror, named(...names));
    if (made === 0) await setFirstBase(mirror);
    await createUpdate(mirror, `${join(folder, 'outbox')}/`);
    return join(folder, `outbox/default-${++made}`);
  };
  const cross = async (...names: string[]): Promise<void> => {
    await apply(copy, await update(...names));
  };
  const retired = (): string[] => {
    const text = readFileSync(join(copy, '.conda-diff/retired.json'), 'utf8');
    return (JSON.parse(text) as { entries: { path: string }[] }).entries.map((entry) => entry.path);
  };
  await cross(...first);
  return { copy, update, cross, retired };
}

async function gc(copy: string) {
  const { stdout, stderr, code } = await runHere('conda-diff-import', [
    ...['gc', copy, '--older-than', '0m', '--json'],
  ]);
  assert.equal(code, 0, stderr);
  return { document: JSON.parse(stdout) as Record<string, unknown>, stderr };
}

describe('an undo of an import that tracks retired files again', () => {
  for (const [what, content] of [
    ['as they were', {}],
    ['with another content', { content: 'other' }],
  ] as const) {
    it(`${what}: they are retired again, and gc deletes them`, async (t) => {
      const folder = await temporaryDirectory(t);
      const [mirror, copy] = [join(folder, 'mirror'), join(folder, 'copy')];
      const packageOf = (files?: Record<string, string>) => ({ name: 'a', ...(files && { files }) });
      const states = [
        [{ name: 'b' }, packageOf({ x: 'first' })],
        [{ name: 'b' }],
        [{ name: 'b' }, packageOf({ x: 'first', ...content })],
      ];
      for (const [n, packages] of states.entries()) {
        await writeChannel(mirror, { noarch: packages });
        if (n === 0) await setFirstBase(mirror);
        await createUpdate(mirror, `${join(folder, 'outbox')}/`);
        await apply(copy, join(folder, `outbox/default-${n + 1}`));
      }
      const list = (): string => readFileSync(join(copy, '.conda-diff/retired.json'), 'utf8');
      assert.doesNotMatch(list(), /noarch/);
      await undo(copy);
      assert.match(list(), /"path":"noarch\/a-1\.0-0\.conda"/);
      const { document } = await gc(copy);
      assert.deepEqual([document['files'], document['left']], [1, []]);
      assert.ok(!existsSync(join(copy, path('a'))));
      await command('conda-diff-import', ['verify', copy]);
    });
  }
});

describe('gc', () => {
  it('counts what it deleted, and says what it left and why', async (t) => {
    const { copy, cross, retired } = await copyWith(t, 'a', 'b', 'c', 'd');
    await cross();
    assert.deepEqual(retired(), ['a', 'b', 'c', 'd'].map(path));
    const { length } = readFileSync(join(copy, path('a')));
    rmSync(join(copy, path('b')));
    writeFileSync(join(copy, path('c')), 'of somebody else');
    rmSync(join(copy, path('d')));
    const { document, stderr } = await gc(copy);
    assert.deepEqual(document, {
      ...{ command: 'gc', files: 1, bytes: length, waiting: 0 },
      left: [
        { path: path('b'), reason: 'gone' },
        { path: path('c'), reason: 'changed' },
        { path: path('d'), reason: 'gone' },
      ],
    });
    assert.match(stderr, /c-1\.0-0\.conda is left alone: it is not what was retired/);
    assert.equal(readFileSync(join(copy, path('c')), 'utf8'), 'of somebody else');
    assert.deepEqual(retired(), []);
  });
});

describe('recovery', () => {
  for (const [what, state] of [
    ['elsewhere', '../kept'],
    ['within the copy', '.conda-diff/kept here'],
  ] as const) {
    for (const moment of ['journal.json', 'committed.json']) {
      it(`needs no --state-dir: a state directory ${what}, stopped after ${moment}`, async (t) => {
        const { copy, update } = await copyWith(t, 'a');
        const stateDirectory = join(copy, state);
        const next = await update('a', 'b');
        const before = readFileSync(join(copy, '.conda-diff/reference.json'));
        const rename: Disk['rename'] = async (from, to) => {
          await realDisk.rename(from, to);
          if (to.endsWith(`/${moment}`)) throw new Crashed();
        };
        const disk = { ...realDisk, rename };
        await assert.rejects(apply(copy, next, { disk, stateDirectory }), Crashed);
        const recovery = await recover(copy);
        assert.equal(recovery?.did, 'finished');
        assert.match(readFileSync(join(stateDirectory, 'reference.json'), 'utf8'), /b-1\.0-0\.conda/);
        assert.deepEqual(readFileSync(join(copy, '.conda-diff/reference.json')), before);
        await command('conda-diff-import', ['verify', copy, '--state-dir', stateDirectory]);
      });
    }
  }
});

describe('an undo beside damaged documents', () => {
  for (const document of ['copy-ledger.json', 'retired.json']) {
    it(`${document}: is refused before anything is changed`, async (t) => {
      const { copy, cross } = await copyWith(t, 'a');
      await cross('b');
      const file = join(copy, '.conda-diff', document);
      const text = readFileSync(file, 'utf8');
      const index = readFileSync(join(copy, 'noarch/repodata.json'));
      writeFileSync(file, text.slice(0, -20));
      const refused = await runHere('conda-diff-import', ['undo', copy]);
      assert.equal(refused.code, 14, refused.stderr);
      assert.match(refused.stderr, new RegExp(document));
      assert.deepEqual(readFileSync(join(copy, 'noarch/repodata.json')), index);
      writeFileSync(file, text);
      assert.equal((await runHere('conda-diff-import', ['verify', copy])).code, 0, 'it was begun');
      await undo(copy);
    });
  }
});
