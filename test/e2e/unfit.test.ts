import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type ChannelSpec, copyTree, listTree, writeChannel } from '../support/channel.js';
import {
  applyUpdate,
  assertSameTrees,
  contents,
  cross,
  init,
  type Imported,
  prepared,
  type Refusal,
  refuse,
  retired,
  type Sides,
  succeed,
  untouched,
} from './two-sides.js';

const versions: readonly ChannelSpec[] = [
  { noarch: [{ name: 'data' }], 'linux-64': [{ name: 'app' }, { name: 'lib', files: { x: 'one' } }] },
  { noarch: [{ name: 'data' }], 'linux-64': [{ name: 'app' }, { name: 'lib', files: { x: 'two' } }] },
  { noarch: [{ name: 'data' }], 'linux-64': [{ name: 'app' }, { name: 'more' }] },
];

/** Three updates in the outbox, and in `at-1`, `at-2`, `at-3` the copy as it was after each. */
const threeUpdates = prepared(async (sides) => {
  await init(sides, '--empty');
  for (const [i, spec] of versions.entries()) {
    await writeChannel(sides.mirror, spec, { zst: true });
    await cross(sides, '--allow-removals');
    await copyTree(sides.copy, join(sides.folder, `at-${String(i + 1)}`));
  }
});

const update = ({ outbox }: Sides, number: number): string => join(outbox, `default-${String(number)}`);
const copyAt = ({ folder }: Sides, number: number): string => join(folder, `at-${String(number)}`);

/** The copy is left as it is, and what to type on the online side is said. */
async function unfit(sides: Sides, number: number, copy: string): Promise<Refusal> {
  return untouched(sides.folder, async () => {
    const refusal = await refuse('conda-diff-import', ['apply', update(sides, number), copy], 12);
    assert.match(refusal.hint ?? '', /conda-diff-export create <repository> --site default --base \S+$/);
    return refusal;
  });
}

describe('an update that does not fit', { concurrency: 2 }, () => {
  test('is refused where a file drifted, and the remedy that it names works', async (t) => {
    const sides = await threeUpdates(t);
    const copy = copyAt(sides, 2);
    await appendFile(join(copy, 'noarch/repodata.json'), '\n');
    await writeFile(join(copy, 'linux-64/notes.txt'), 'local');
    await rm(join(copy, 'linux-64/app-1.0-0.conda'));
    const { outcome, details } = await unfit(sides, 3, copy);
    assert.deepEqual(
      (await refuse('conda-diff-import', ['check', update(sides, 3), copy], 12)).details,
      details,
    );
    assert.equal(outcome, 'drifted');
    const text = details.join('\n');
    assert.match(text, /^linux-64\/notes\.txt: here, not in the base$/m);
    assert.match(text, /^noarch\/repodata\.json: expected sha256 [0-9a-f]{64}, found sha256 [0-9a-f]{64}$/m);
    assert.match(text, /^linux-64\/app-1\.0-0\.conda: in the base, not here$/m);
    const reference = join(sides.folder, 'carried.json');
    const own = await succeed('conda-diff-import', ['reference', copy, '-o', reference, '--json']);
    assert.ok(text.includes(own.json<{ digest: string }>().digest), text);
    await cross({ ...sides, copy }, '--base', reference, '--allow-removals');
  });

  test('is refused where an artifact was altered without a trace in size and time', async (t) => {
    const sides = await threeUpdates(t);
    const copy = copyAt(sides, 1);
    for (const path of ['linux-64/lib-1.0-0.conda', 'linux-64/app-1.0-0.conda']) {
      const file = join(copy, path);
      const [good, { mtimeMs }] = [
        await readFile(file),
        (await listTree(copy)).find((one) => one.path === path) ?? { mtimeMs: 0 },
      ];
      const bad = Buffer.from(good);
      bad[150] = (bad[150] ?? 0) ^ 1;
      await applyKnown(sides, copy); // so that the hash cache of the copy knows the file
      await writeFile(file, bad);
      await utimes(file, mtimeMs / 1000, mtimeMs / 1000);
      const { outcome, text } = await unfit(sides, 2, copy);
      assert.equal(outcome, 'drifted');
      assert.ok(text.includes(`${path}: expected sha256`), text);
      await writeFile(file, good);
    }
    await applyUpdate({ ...sides, copy }, update(sides, 2));
  });

  test('is refused where there is nothing: no copy is made, an empty one stays empty', async (t) => {
    const sides = await threeUpdates(t);
    const copy = join(sides.folder, 'fresh');
    assert.equal((await unfit(sides, 2, copy)).outcome, 'empty');
    assert.ok(!existsSync(copy));
    await mkdir(copy);
    assert.equal((await unfit(sides, 2, copy)).outcome, 'empty');
  });

  test('is refused where there is another repository', async (t) => {
    const sides = await threeUpdates(t);
    const copy = join(sides.folder, 'foreign');
    await writeChannel(copy, { noarch: [{ name: 'other' }], 'linux-64': [{ name: 'app', version: '2.0' }] });
    assert.equal((await unfit(sides, 2, copy)).outcome, 'foreign');
  });

  test('is refused when it is an older one; one may be left out where nothing of it is needed', async (t) => {
    const sides = await threeUpdates(t);
    for (const [number, at] of [
      [1, 2],
      [2, 3],
    ] as const)
      assert.equal((await unfit(sides, number, copyAt(sides, at))).outcome, 'superseded');
    const copy = copyAt(sides, 1);
    assert.equal((await applyUpdate({ ...sides, copy }, update(sides, 3))).outcome, 'skip-ahead');
    await assertSameTrees({ ...sides, copy });
    assert.equal((await unfit(sides, 2, copy)).outcome, 'superseded');
  });

  test('without its base reference applies to exactly the base and to nothing else', async (t) => {
    const sides = await threeUpdates(t);
    for (const number of [1, 2]) await rm(join(update(sides, number), 'update.base.json.gz'));
    await rm(sides.copy, { recursive: true });
    await rm(join(copyAt(sides, 3), '.conda-diff'), { recursive: true });
    const { text, outcome } = await unfit(sides, 2, copyAt(sides, 3));
    assert.equal(outcome, 'drifted');
    assert.match(text, /the base reference did not travel along, so only a copy in exactly the base state/);
    await applyUpdate(sides, update(sides, 1));
    await applyUpdate(sides, update(sides, 2));
    const reference = (root: string): Promise<string> =>
      readFile(join(root, '.conda-diff/reference.json'), 'utf8');
    assert.equal(await reference(sides.copy), await reference(copyAt(sides, 2)));
    assert.deepEqual(await contents(sides.copy), await contents(copyAt(sides, 2)));
    assert.deepEqual(await retired(sides.copy), await retired(copyAt(sides, 2)));
  });
});

describe('a copy that is locked by another run', () => {
  test('is refused with 11, and read by what changes nothing', async (t) => {
    const sides = await threeUpdates(t);
    const copy = copyAt(sides, 1);
    const holder = {
      host: 'another-host',
      boot: '',
      pid: 1,
      started: '',
      command: 'conda-diff-import apply',
      id: '0',
    };
    await writeFile(join(copy, '.conda-diff/lock'), JSON.stringify(holder));
    const apply = ['apply', update(sides, 2), copy];
    const { text } = await untouched(sides.folder, () => refuse('conda-diff-import', apply, 11));
    assert.match(text, /in use by conda-diff-import apply \(process 1 on another-host\)[^]*remove .*lock/);
    await untouched(sides.folder, async () => {
      await succeed('conda-diff-import', [...apply, '--dry-run']);
      await succeed('conda-diff-import', ['check', ...apply.slice(1)]);
    });
    await rm(join(copy, '.conda-diff/lock'));
    await succeed('conda-diff-import', apply);
  });

  test('is taken over where the run is dead', async (t) => {
    const sides = await threeUpdates(t);
    const copy = copyAt(sides, 1);
    const { hostname } = await import('node:os');
    const holder = {
      host: hostname(),
      boot: 'an earlier one',
      pid: process.pid,
      started: '1',
      command: 'x',
      id: '0',
    };
    await writeFile(join(copy, '.conda-diff/lock'), JSON.stringify(holder));
    await applyUpdate({ ...sides, copy }, update(sides, 2));
    assert.ok(!existsSync(join(copy, '.conda-diff/lock')));
  });
});

/** Imports the update that led here again, which changes nothing but what the hash cache knows. */
async function applyKnown(sides: Sides, copy: string): Promise<Imported> {
  const imported = await applyUpdate({ ...sides, copy }, update(sides, 1));
  assert.equal(imported.outcome, 'already-applied');
  return imported;
}
