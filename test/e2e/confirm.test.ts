import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readManifest } from '../../shared/read-document.js';
import { type ChannelSpec, writeChannel } from '../support/channel.js';
import {
  applyUpdate,
  assertSameTrees,
  createUpdate,
  init,
  refuse,
  type Sides,
  succeed,
  twoSides,
} from './two-sides.js';

const EXPORT = 'conda-diff-export';
const IMPORT = 'conda-diff-import';
const channel = (...names: string[]): ChannelSpec => ({ noarch: names.map((name) => ({ name })) });

interface Confirmed {
  readonly outcome: string;
  readonly kind: string;
  readonly update: number;
  readonly confirmed: string;
  readonly assumed: string;
  readonly inFlight: readonly number[];
}

async function confirm({ mirror }: Sides, statement: string, ...flags: string[]): Promise<Confirmed> {
  return (await succeed(EXPORT, ['confirm', mirror, statement, '--json', ...flags])).json<Confirmed>();
}

/** The last receipt of the copy, carried over, and its code. */
async function receiptOf({ copy, folder }: Sides): Promise<{ file: string; code: string }> {
  const { receipt } = (await succeed(IMPORT, ['receipt', copy, '--json'])).json<{
    receipt: { counter: number; code: string };
  }>();
  const file = join(folder, `receipt-${receipt.counter}.json`);
  await copyFile(join(copy, `.conda-diff/receipts/${receipt.counter}.json`), file);
  return { file, code: receipt.code };
}

/** Three updates of a growing mirror, of which the copy has the first. */
async function threeUpdates(sides: Sides) {
  await init(sides, '--empty');
  const updates = [];
  for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    await writeChannel(sides.mirror, channel(...names));
    updates.push(await createUpdate(sides));
  }
  const [one, two, three] = updates;
  assert.ok(one && two && three);
  await applyUpdate(sides, one.outputs.volume);
  return { one, two, three };
}

describe('confirm', { concurrency: 2 }, () => {
  test('by receipt, by code, backwards after an undo; the next update starts from there', async (t) => {
    const sides = await twoSides(t);
    const { one, two, three } = await threeUpdates(sides);
    const first = await receiptOf(sides);
    assert.deepEqual(await confirm(sides, first.file), {
      ...{ command: 'confirm', site: 'default', outcome: 'confirmed', kind: 'import', update: 1 },
      ...{ confirmed: one.target.digest, assumed: three.target.digest, inFlight: [2, 3] },
    });
    assert.equal(
      (await createUpdate(sides, '--base', 'confirmed', '--dry-run')).base.digest,
      one.target.digest,
    );
    await applyUpdate(sides, two.outputs.volume);
    const second = await receiptOf(sides);
    const spoken = second.code.toLowerCase().replaceAll('-', ' ').split(' ');
    const { stdout } = await succeed(EXPORT, ['confirm', sides.mirror, ...spoken]);
    assert.match(
      stdout,
      /^Site 'default' has state [0-9a-f]{12}: update 2 arrived\n[^]*\nNot confirmed yet: update 3\n/,
    );
    await succeed(IMPORT, ['undo', sides.copy]);
    const undone = await confirm(sides, (await receiptOf(sides)).code);
    assert.deepEqual(
      [undone.kind, undone.update, undone.confirmed, undone.assumed],
      ['undo', 2, one.target.digest, one.target.digest],
    );
    await writeChannel(sides.mirror, channel('a', 'd'));
    const next = await createUpdate(sides, '--allow-removals');
    assert.equal(next.base.digest, one.target.digest);
    await applyUpdate(sides, next.outputs.volume);
    await assertSameTrees(sides);
    await confirm(sides, (await receiptOf(sides)).file);
    const done = await succeed(EXPORT, ['create', sides.mirror]);
    assert.match(
      done.stdout,
      /^No difference: the base, confirmed, is this state[^]*manifest\.json; it is confirmed\n/,
    );
  });

  test('tells mistyped, foreign, old and confirmed apart', async (t) => {
    const sides = await twoSides(t);
    const { two } = await threeUpdates(sides);
    const first = await receiptOf(sides);
    await applyUpdate(sides, two.outputs.volume);
    const second = await receiptOf(sides);
    await confirm(sides, second.file);
    assert.equal((await confirm(sides, second.file)).outcome, 'already-confirmed');
    assert.equal((await confirm(sides, second.code)).outcome, 'already-confirmed');
    const ledger = await readFile(join(sides.mirror, '.conda-diff/ledger.jsonl'));
    const wrong = `${second.code.startsWith('2') ? '3' : '2'}${second.code.slice(1)}`;
    const foreign = await twoSides(t);
    await writeChannel(foreign.mirror, channel('z'));
    await init(foreign, '--empty');
    await applyUpdate(foreign, (await createUpdate(foreign)).outputs.volume);
    const theirs = await receiptOf(foreign);
    for (const [statement, code, outcome, text] of [
      [wrong, 2, 'mistyped', /is no confirmation code: it is mistyped\n.*three groups of four/],
      [first.code, 12, 'old', /is an old one\n.*confirmed state [0-9a-f]{12}[^]*conda-diff-import receipt/],
      [first.file, 12, 'old', /is an old one\n.*the last receipt was number 2 of \d{4}-\S+Z\n/],
      [theirs.code, 12, 'foreign', /is of no update that .* made for the site 'default'/],
      [theirs.file, 12, 'foreign', /is of no update that .* made for the site 'default'/],
    ] as const) {
      const refusal = await refuse(EXPORT, ['confirm', sides.mirror, statement], code);
      assert.equal(refusal.outcome, outcome, statement);
      assert.match(refusal.text, text);
    }
    await init(sides, '--empty', '--site', 'lab');
    for (const statement of [second.code, second.file]) {
      const refusal = await refuse(EXPORT, ['confirm', sides.mirror, statement, '--site', 'lab'], 12);
      assert.match(refusal.text, /is of the site 'default', not of 'lab'/);
    }
    const text = await readFile(second.file, 'utf8');
    await writeFile(first.file, text.replace('"counter":2', '"counter":9'));
    await refuse(EXPORT, ['confirm', sides.mirror, first.file], 13);
    await refuse(EXPORT, ['confirm', sides.mirror, join(sides.folder, 'none.json')], 15);
    await refuse(EXPORT, ['confirm', sides.mirror, second.code, '--site', 'x'], 2);
    const after = await readFile(join(sides.mirror, '.conda-diff/ledger.jsonl'));
    assert.ok(after.subarray(0, ledger.length).equals(ledger));
    assert.equal(after.toString().match(/"event":"confirmed"/g)?.length, 1);
  });
});

describe('status and log', () => {
  test('tell of each site what it has, what is on its way, and how far the mirror has moved on', async (t) => {
    const sides = await twoSides(t);
    const { one, two, three } = await threeUpdates(sides);
    await confirm(sides, (await receiptOf(sides)).file);
    await succeed(EXPORT, ['withdraw', sides.mirror, '3']);
    await init(sides, '--empty', '--site', 'lab', '--ignore', '*/b-*');
    const [first, second, third] = [one, two, three].map(({ target }) => target.digest.slice(0, 12));
    const before = await readFile(join(sides.mirror, '.conda-diff/ledger.jsonl'));
    const { stdout } = await succeed(EXPORT, ['status', sides.mirror]);
    const expected = [
      "Site 'default'",
      `  Confirmed: state ${first} (by receipt 1, hashed, <time>)`,
      '    The mirror has moved on: 2 added, 1 replaced, 0 removed; an update would carry <size>',
      `  Assumed: state ${second} (assumed delivered, not confirmed)`,
      '    The mirror has moved on: 1 added, 1 replaced, 0 removed; an update would carry <size>',
      '  On their way: 1 update',
      `    update 2 (${two.update.id.slice(0, 12)}) of <time>, to state ${second}`,
      "Site 'lab'",
      '  Confirmed: nothing yet',
      '  Assumed: state e3b0c44298fc (as it was set with init)',
      '    The mirror has moved on: 3 added, 0 replaced, 0 removed; an update would carry <size>',
      '  On their way: no updates',
    ];
    const plain = (text: string): string[] =>
      text
        .trim()
        .replace(/\d{4}-\d\d-\d\dT[\d:]{8}Z/g, '<time>')
        .replace(/[\d.]+ kB/g, '<size>')
        .split('\n');
    assert.deepEqual(plain(stdout), expected);
    const alone = await succeed(EXPORT, ['status', sides.mirror, '--site', 'lab']);
    assert.deepEqual(plain(alone.stdout), expected.slice(7));
    const log = await succeed(EXPORT, ['log', sides.mirror]);
    assert.deepEqual(plain(log.stdout), [
      '<time>  default  first base: state e3b0c44298fc',
      `<time>  default  update 1 from state e3b0c44298fc to ${first}`,
      `<time>  default  update 2 from state ${first} to ${second}`,
      `<time>  default  update 3 from state ${second} to ${third}`,
      `<time>  default  confirmed: update 1 was imported, state ${first}`,
      '<time>  default  update 3 was withdrawn',
      '<time>  lab  first base: state e3b0c44298fc',
    ]);
    assert.equal(plain((await succeed(EXPORT, ['log', sides.mirror, '--site', 'lab'])).stdout).length, 1);
    await refuse(EXPORT, ['status', sides.mirror, '--site', 'x'], 2);
    assert.ok((await readFile(join(sides.mirror, '.conda-diff/ledger.jsonl'))).equals(before));
    const document = (await succeed(EXPORT, ['status', sides.mirror, '--json'])).json<{
      sites: { confirmed: { digest: string; mirror: { bytes: number } } | null }[];
    }>();
    const carried = await createUpdate(sides, '--base', 'confirmed', '--dry-run');
    const sizes = carried.files as readonly { size?: number }[];
    assert.equal(
      document.sites[0]?.confirmed?.mirror.bytes,
      sizes.reduce((sum, { size = 0 }) => sum + size, 0),
    );
  });
});

describe('withdraw', { concurrency: 2 }, () => {
  test('takes back the last one, or one with those that build on it; what arrived is not taken back', async (t) => {
    const sides = await twoSides(t);
    const { one, two, three } = await threeUpdates(sides);
    await confirm(sides, (await receiptOf(sides)).file);
    const withdraw = (update: string, ...flags: string[]) => ['withdraw', sides.mirror, update, ...flags];
    const built = await refuse(EXPORT, withdraw('2'), 2);
    assert.match(built.text, /Later updates build on update 2\nupdate 3 of [^]*withdraw .* 2 --with-later/);
    assert.match(
      (await refuse(EXPORT, withdraw('1'), 2)).text,
      /Update 1 arrived: site 'default' confirmed it/,
    );
    assert.match((await refuse(EXPORT, withdraw('1', '--with-later'), 2)).text, /Update 1 arrived/);
    assert.match((await refuse(EXPORT, withdraw('7'), 2)).text, /has no update 7\nupdate 1 of /);
    const last = await succeed(EXPORT, withdraw(three.update.id.slice(0, 12)));
    assert.match(
      last.stdout,
      /^Update 3 is withdrawn[^]*starts from state [0-9a-f]{12} \(assumed delivered, not confirmed\)/,
    );
    for (const file of Object.values(three.outputs).flat()) assert.ok(!existsSync(file), file);
    assert.match((await succeed(EXPORT, withdraw('3'))).stdout, /Update 3 was withdrawn before/);
    const fourth = await createUpdate(sides);
    assert.equal(fourth.base.digest, two.target.digest);
    const both = await succeed(EXPORT, withdraw('2', '--with-later', '--json'));
    const document = both.json<{ updates: { sequence: number }[]; assumed: string }>();
    assert.deepEqual(
      document.updates.map(({ sequence }) => sequence),
      [4, 2],
    );
    assert.equal(document.assumed, one.target.digest);
    const fifth = await createUpdate(sides);
    assert.deepEqual([fifth.update.sequence, fifth.base.digest], [5, one.target.digest]);
    const { lineage } = await readManifest(fifth.outputs.manifest);
    assert.deepEqual(
      lineage.map(({ withdrawn }) => withdrawn ?? false),
      [false, true, true, true],
    );
    await applyUpdate(sides, fifth.outputs.volume);
    await assertSameTrees(sides);
  });

  test('an update that arrives all the same can be confirmed', async (t) => {
    const sides = await twoSides(t);
    const { two } = await threeUpdates(sides);
    await applyUpdate(sides, two.outputs.volume);
    await succeed(EXPORT, ['withdraw', sides.mirror, '2', '--with-later']);
    const { confirmed, assumed } = await confirm(sides, (await receiptOf(sides)).code);
    assert.deepEqual([confirmed, assumed], [two.target.digest, two.target.digest]);
    await writeChannel(sides.mirror, channel('a', 'b', 'e'));
    const next = await createUpdate(sides);
    assert.equal(next.base.digest, two.target.digest);
    assert.deepEqual(
      (await readManifest(next.outputs.manifest)).lineage.map(({ withdrawn }) => withdrawn ?? false),
      [false, false, true],
    );
  });

  test('a confirmed update gives way at its place without --overwrite', async (t) => {
    const sides = await twoSides(t);
    const output = join(sides.folder, 'update.tar');
    await writeChannel(sides.mirror, channel('a'));
    await init(sides, '--empty');
    await createUpdate(sides, '-o', output);
    await applyUpdate(sides, output);
    await writeChannel(sides.mirror, channel('a', 'b'));
    const early = await refuse(EXPORT, ['create', sides.mirror, '-o', output], 2);
    assert.match(early.text, /Update 1 at .* is not confirmed\n[^]*conda-diff-export confirm/);
    await confirm(sides, (await receiptOf(sides)).file);
    const second = await createUpdate(sides, '-o', output);
    assert.deepEqual([second.update.sequence, second.outcome], [2, 'published']);
    await applyUpdate(sides, output);
    await assertSameTrees(sides);
  });
});
