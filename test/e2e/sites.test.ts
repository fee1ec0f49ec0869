import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readManifest } from '../../shared/read-document.js';
import { type ChannelSpec, writeChannel } from '../support/channel.js';
import {
  applyUpdate,
  assertSameTrees,
  createUpdate,
  cross,
  init,
  refuse,
  type Sides,
  succeed,
  twoSides,
} from './two-sides.js';

const channel = (...names: string[]): ChannelSpec => ({ noarch: names.map((name) => ({ name })) });
const EXPORT = 'conda-diff-export';

/** Another copy of the same mirror. */
const other = (sides: Sides, name: string): Sides => ({ ...sides, copy: join(sides.folder, name) });

describe('sites', { concurrency: 2 }, () => {
  test('have a sequence, globs and a base of their own, and share references', async (t) => {
    const lab = await twoSides(t);
    const field = other(lab, 'field');
    await writeChannel(lab.mirror, channel('a'));
    await init(lab, '--empty', '--site', 'lab');
    await cross(lab, '--site', 'lab');
    await writeChannel(lab.mirror, channel('a', 'b'));
    await init(field, '--empty', '--site', 'field', '--ignore', '*/b-*');
    const first = await createUpdate(field, '--site', 'field');
    assert.deepEqual([first.update.site, first.update.sequence], ['field', 1]);
    await applyUpdate(field, first.outputs.volume);
    const second = await cross(lab, '--site', 'lab');
    assert.deepEqual([second.update.site, second.update.sequence], ['lab', 2]);
    assert.match(second.outputs.manifest, /outbox\/lab-2\/update\.manifest\.json$/);
    assert.deepEqual((await readManifest(first.outputs.manifest)).lineage, []);
    assert.equal((await createUpdate(lab, '--site', 'lab')).outcome, 'no-difference');
    // The empty base with and without globs, and the two targets of lab and the one of field
    assert.equal((await readdir(join(lab.mirror, '.conda-diff/references'))).length, 5);
  });

  test('must be made first, with a name that differs; others are listed', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, channel('a'));
    const none = await refuse(EXPORT, ['create', sides.mirror, '--site', 'lab'], 2);
    assert.match(none.text, /There is no site 'lab' of .*\nMake it[^]*init .* --site lab --empty/);
    await init(sides, '--empty', '--site', 'lab');
    for (const command of [['create'], ['show'], ['reference', '--site', 'x'], ['verify', '--site', 'x']]) {
      const { text } = await refuse(EXPORT, [command[0] ?? '', sides.mirror, ...command.slice(1)], 2);
      assert.match(text, /There is no site '(default|x)' of .*\nthere is lab\n/, command.join());
    }
    const twice = await refuse(EXPORT, ['init', sides.mirror, '--empty', '--site', 'lab'], 2);
    assert.match(twice.text, /first base of site 'lab' of .* was set before/);
    const alike = await refuse(EXPORT, ['init', sides.mirror, '--empty', '--site', 'LAB'], 2);
    assert.match(alike.text, /differs from the site 'lab' only in capitals/);
    const bad = await refuse(EXPORT, ['init', sides.mirror, '--empty', '--site', '../x'], 2);
    assert.match(bad.text, /'\.\.\/x' cannot be the name of a site/);
    const config = join(sides.folder, 'c.yaml');
    await writeFile(config, 'site: lab\n');
    const created = await createUpdate(sides, '--config', config);
    assert.equal(created.update.site, 'lab');
  });
});

describe('--base', { concurrency: 2 }, () => {
  test('takes a number, a digest or the beginning of one: one update then replaces lost ones', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, channel('a'));
    await init(sides, '--empty');
    const first = await cross(sides);
    for (const names of [
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]) {
      await writeChannel(sides.mirror, channel(...names));
      await createUpdate(sides);
    }
    const short = first.target.digest.slice(0, 12);
    for (const base of ['1', first.target.digest, short, short.toUpperCase()]) {
      const dry = await createUpdate(sides, '--base', base, '--dry-run');
      assert.equal(dry.base.digest, first.target.digest, base);
    }
    const { stdout } = await succeed(EXPORT, ['create', sides.mirror, '--base', short, '-o', sides.outbox]);
    assert.match(stdout, new RegExp(`from state ${short} \\(the state ${short}\\)`));
    await applyUpdate(sides, join(sides.outbox, 'default-4'));
    await assertSameTrees(sides);
    for (const [base, said] of [
      ['9', /has no update 9\nit has 1, 2, 3, 4\n/],
      ['0123456', /No state of .* with the digest 0123456 is known here/],
      ['confirmed', /has not confirmed what it has\n[^]*: the state after update 4 of [^]*: the first base/],
    ] as const) {
      assert.match((await refuse(EXPORT, ['create', sides.mirror, '--base', base], 2)).text, said);
    }
    await rm(join(sides.mirror, `.conda-diff/references/${first.target.digest}.json.gz`));
    const gone = await refuse(EXPORT, ['create', sides.mirror, '--base', '1'], 2);
    assert.match(gone.text, /is not kept any more\n[^]*conda-diff-import reference/);
  });
});

describe('globs', { concurrency: 2 }, () => {
  test('that are given with init --from release what the reference still has', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, { ...channel('a'), 'win-64': [{ name: 'w' }] });
    await init(sides, '--empty');
    const first = await cross(sides);
    await rm(join(sides.mirror, '.conda-diff'), { recursive: true });
    await init(sides, '--from', first.outputs.manifest, '--ignore', 'win-*/**');
    await writeChannel(sides.mirror, { ...channel('a', 'b'), 'win-64': [{ name: 'w' }] });
    const second = await createUpdate(sides);
    assert.deepEqual([second.removed, second.released.length], [[], 2]);
    assert.equal((await applyUpdate(sides, second.outputs.volume)).outcome, 'apply');
    assert.ok(existsSync(join(sides.copy, 'win-64/w-1.0-0.conda')));
  });
});

describe('a ledger that is lost', { concurrency: 2 }, () => {
  test('is rebuilt from a manifest: history, number and base go on', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, channel('a'));
    await init(sides, '--empty', '--site', 'lab');
    await cross(sides, '--site', 'lab');
    await writeChannel(sides.mirror, channel('a', 'b'));
    const second = await cross(sides, '--site', 'lab');
    await rm(join(sides.mirror, '.conda-diff/ledger.jsonl'));
    const lost = await refuse(EXPORT, ['create', sides.mirror, '--site', 'lab'], 13);
    assert.match(
      lost.text,
      /damaged in line 1\n5 lines were written, 0 are there\n[^]*init .* --from <last manifest>/,
    );
    await rm(join(sides.mirror, '.conda-diff/ledger.head'));
    const without = await refuse(EXPORT, ['create', sides.mirror], 2);
    assert.match(without.text, /references in .* and no ledger[^]*init .* --from <last manifest>/);
    await rm(join(sides.mirror, '.conda-diff'), { recursive: true });
    const from = ['init', sides.mirror, '--from', second.outputs.manifest];
    assert.match((await refuse(EXPORT, from, 2)).text, /is of the site 'lab'[^]*--site lab/);
    const { stdout } = await succeed(EXPORT, [...from, '--site', 'lab']);
    assert.match(stdout, /history of 2 updates was taken over\nThe next update is number 3/);
    // The base reference of the manifest is at hand, too
    assert.equal((await createUpdate(sides, '--site', 'lab', '--base', '1', '--dry-run')).base.count, 2);
    await writeChannel(sides.mirror, channel('a', 'b', 'c'));
    const third = await cross(sides, '--site', 'lab');
    assert.equal(third.update.sequence, 3);
    assert.equal((await readManifest(third.outputs.manifest)).lineage.length, 2);
  });

  test('is begun anew from reference and receipt of the copy; numbers go on above that of the receipt', async (t) => {
    const sides = await twoSides(t);
    await writeChannel(sides.mirror, channel('a'));
    await init(sides, '--empty');
    await cross(sides);
    await writeChannel(sides.mirror, channel('a', 'b'));
    await cross(sides);
    const receipts = join(sides.copy, '.conda-diff/receipts');
    const files = (await readdir(receipts)).sort();
    const [old = '', last = ''] = files.map((name) => join(receipts, name));
    await rm(join(sides.mirror, '.conda-diff'), { recursive: true });
    await rm(sides.outbox, { recursive: true });
    const reference = join(sides.folder, 'carried.json');
    await copyFile(join(sides.copy, '.conda-diff/reference.json'), reference);
    const from = ['init', sides.mirror, '--from', reference, '--receipt'];
    assert.match((await refuse(EXPORT, [...from, old], 2)).text, /receipt is of another state/);
    const alone = await refuse(EXPORT, ['init', sides.mirror, '--from', last], 2);
    assert.match(alone.text, /is a receipt: it names a state/);
    await succeed(EXPORT, [...from, last]);
    await writeChannel(sides.mirror, channel('a', 'b', 'c'));
    assert.equal((await cross(sides)).update.sequence, 3);
  });
});
