/**
 * Lockstep as the copy sees it: updates that come in order, twice, too early, too late, over a copy that was changed
 * by hand, undone, or bereft of its memory. Each case looks at exit code, outcome, message and both trees.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { appendFile, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeReceipt } from '../../shared/receipt.js';
import { type ChannelPackage, copyTree, writeChannel } from '../support/channel.js';
import {
  applyUpdate,
  assertSameTrees,
  contents,
  createUpdate,
  cross,
  init,
  prepared,
  refuse,
  type Refusal,
  run,
  type Sides,
  succeed,
  trackedContents,
  untouched,
} from './two-sides.js';

const [a, b, c, d, e]: ChannelPackage[] = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name })) as [];
const b2 = { name: 'b', files: { 'share/b': 'another' } };

/** What the mirror has, one state after the other: the last one is the second again. */
const STATES = [
  [a, b],
  [a, b, c],
  [a, b2, c, d],
  [a, b2, d, e],
  [a, b, c],
] as ChannelPackage[][];

/** The states' updates in the outbox, and in `at-1` … `at-5` the copy after each. */
const history = prepared(async (sides) => {
  await init(sides, '--empty');
  for (const [n, noarch] of STATES.entries()) {
    await writeChannel(sides.mirror, { noarch }, { zst: true });
    await cross(sides, '--allow-removals');
    await copyTree(sides.copy, join(sides.folder, `at-${n + 1}`));
  }
});

const IMPORT = 'conda-diff-import';
const update = ({ outbox }: Sides, n: number): string => join(outbox, `default-${n}`);
const at = (sides: Sides, n: number): Sides => ({ ...sides, copy: join(sides.folder, `at-${n}`) });
const A = 'noarch/a-1.0-0.conda';
const B = 'noarch/b-1.0-0.conda';
const NOTES = 'noarch/notes.json';

/** Refused with 12, nothing is changed, and the hint ends with the command for the online side. */
async function unfit(sides: Sides, n: number, ...flags: string[]): Promise<Refusal> {
  const apply = ['apply', update(sides, n), sides.copy, ...flags];
  const refusal = await untouched(sides.folder, () => refuse(IMPORT, apply, 12));
  assert.match(refusal.hint ?? '', /conda-diff-export create <repository> --site default --base \S+$/);
  return refusal;
}

/** What is typed on the online side, as a refusal says it. */
async function typed(sides: Sides, { hint = '' }: Refusal): Promise<string> {
  const line = hint
    .split('\n')
    .at(-1)
    ?.replace(/^ *(online: )?conda-diff-export create <repository> /, '');
  const args = (line ?? '').split(' ');
  const { outputs, outcome } = await createUpdate(sides, ...args, '--allow-removals');
  assert.equal(outcome, 'published');
  return outputs.manifest;
}

async function codeOf({ copy }: Sides): Promise<string> {
  const { stdout } = await run(IMPORT, ['receipt', copy], 0);
  return /^Confirmation code: (\S+)$/m.exec(stdout)?.[1] ?? '';
}

describe('lockstep', { concurrency: 2 }, () => {
  test('in order, and the same update twice: one receipt for each, none for what changed nothing', async (t) => {
    const sides = at(await history(t), 2);
    const imported = await applyUpdate(sides, update(sides, 3));
    assert.equal(imported.outcome, 'apply');
    assert.deepEqual(
      [imported.receipt?.counter, imported.receipt?.kind, imported.receipt?.state.digest],
      [3, 'import', imported.target.digest],
    );
    const kept = join(sides.copy, '.conda-diff/receipts/3.json');
    assert.deepEqual(await decodeReceipt(await readFile(kept), kept), imported.receipt);
    const again = await untouched(join(sides.copy, '.conda-diff/receipts'), () =>
      applyUpdate(sides, update(sides, 3)),
    );
    assert.equal(again.outcome, 'already-applied');
    assert.deepEqual(again.receipt, imported.receipt);
    const { stdout } = await run(IMPORT, ['apply', update(sides, 3), sides.copy], 0);
    assert.match(stdout, /^Update 3 is applied already\nState \w{12} .*\nConfirmation code: /);
    assert.ok(stdout.includes(imported.receipt?.code ?? 'none'));
    assert.equal(await codeOf(sides), imported.receipt?.code);
    assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(sides, 3).copy));
  });

  test('a receipt that an interrupted end left out is made up for, and carried back as a file', async (t) => {
    const sides = at(await history(t), 2);
    const own = join(sides.copy, '.conda-diff');
    const code = await codeOf(sides);
    await rm(join(own, 'receipts'), { recursive: true });
    await applyUpdate(sides, update(sides, 2));
    assert.deepEqual(readdirSync(join(own, 'receipts')), ['2.json']);
    const file = join(sides.folder, 'carried.json');
    await succeed(IMPORT, ['receipt', sides.copy, '-o', file]);
    assert.ok((await readFile(file)).equals(await readFile(join(own, 'receipts/2.json'))));
    assert.equal((await decodeReceipt(await readFile(file), file)).code, code);
    await refuse(IMPORT, ['receipt', sides.copy, '-o', join(sides.copy, 'noarch/carried.json')], 2);
  });

  test('an update was lost: behind, and named; then one from the state that is here', async (t) => {
    const sides = at(await history(t), 1);
    const refusal = await unfit(sides, 3);
    assert.equal(refusal.outcome, 'behind');
    assert.match(refusal.message, /^Update 3 of site 'default' does not fit yet: .* is in an earlier state/);
    assert.match(refusal.text, /^needs update 2 \([0-9a-f]{64}\) of \d{4}-\S+Z first$/m);
    assert.match(refusal.hint ?? '', /^Import update 2 first; or make one update/);
    const cumulative = await typed(sides, refusal);
    const imported = await applyUpdate(sides, cumulative);
    assert.equal(imported.outcome, 'apply');
    await assertSameTrees(sides);
    assert.equal((await unfit(sides, 3)).outcome, 'superseded');
  });

  test('every older update on every newer state: no tree changes', async (t) => {
    const all = await history(t);
    for (let newer = 2; newer <= STATES.length; newer++) {
      const sides = at(all, newer);
      for (let older = 1; older < newer; older++) {
        if (older === 2 && newer === 5) continue; // its target is what is here: below
        for (const flags of [[], ['--accept-drift']]) {
          const { outcome, message } = await unfit(sides, older, ...flags);
          assert.equal(outcome, 'superseded', `update ${older} on state ${newer}`);
          assert.match(
            message,
            new RegExp(`^Update ${older} .* is older than update ${newer}, which was imp`),
          );
        }
      }
    }
    const last = at(all, 5);
    const unchanged = await untouched(last.copy, () => applyUpdate(last, update(last, 2)));
    assert.equal(unchanged.outcome, 'already-applied');
    assert.equal(unchanged.receipt?.update.sequence, 5, 'the receipt is still that of the last import');
    await assertSameTrees(last);
  });

  test('in reverse: one that needs nothing of the others skips ahead, all others come too late', async (t) => {
    const sides = at(await history(t), 1);
    const { stdout } = await run(IMPORT, ['apply', update(sides, 5), sides.copy], 0);
    assert.match(stdout, /^It skips ahead from another state of its site/m);
    await assertSameTrees(sides);
    for (const n of [4, 3, 1]) assert.equal((await unfit(sides, n)).outcome, 'superseded');
    const old = await untouched(sides.copy, () => applyUpdate(sides, update(sides, 2)));
    assert.equal(old.outcome, 'already-applied');
  });

  test('--again leads back, and forward from there', async (t) => {
    const sides = at(await history(t), 3);
    const { text } = await unfit(sides, 2, '--again'); // the old b is neither here nor in it
    assert.match(text, /from here it cannot lead to its target/);
    await succeed(IMPORT, ['undo', sides.copy]);
    assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(sides, 2).copy));
    assert.equal((await unfit(sides, 1)).outcome, 'superseded');
    const first = await applyUpdate(sides, update(sides, 1), '--again');
    assert.equal(first.outcome, 'superseded');
    assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(sides, 1).copy));
    for (const n of [2, 3]) assert.equal((await applyUpdate(sides, update(sides, n))).outcome, 'apply');
    assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(sides, 3).copy));
  });

  const drifts: readonly [
    what: string,
    change: (copy: string) => Promise<void>,
    path: string,
    helps: boolean,
  ][] = [
    ['edited, in the path of the update', (copy) => appendFile(join(copy, B), 'x'), B, true],
    ['edited, outside of it', (copy) => appendFile(join(copy, A), 'x'), A, false],
    ['deleted, in the path of the update', (copy) => rm(join(copy, B)), B, true],
    ['deleted, outside of it', (copy) => rm(join(copy, A)), A, false],
    ['added', (copy) => writeFile(join(copy, NOTES), '{}'), NOTES, true],
  ];
  for (const [what, change, path, helps] of drifts) {
    test(`a tracked file that was ${what}: drifted; accepting it ${helps ? 'helps' : 'does not'}`, async (t) => {
      const sides = at(await history(t), 2);
      await change(sides.copy);
      const before = await contents(sides.copy);
      const refusal = await unfit(sides, 3);
      assert.equal(refusal.outcome, 'drifted');
      assert.ok(
        refusal.details.some((line) => line.startsWith(`${path}: `)),
        refusal.text,
      );
      assert.equal(refusal.hint?.includes('--accept-drift'), helps);
      if (!helps) {
        assert.equal((await unfit(sides, 3, '--accept-drift')).outcome, 'drifted');
        const file = join(sides.folder, 'reference.json');
        await succeed(IMPORT, ['reference', sides.copy, '-o', file]);
        const made = await createUpdate(sides, '--base', file, '--allow-removals');
        assert.equal((await applyUpdate(sides, made.outputs.volume)).outcome, 'apply');
        await assertSameTrees(sides);
        return;
      }
      const accepted = await applyUpdate(sides, update(sides, 3), '--accept-drift');
      assert.equal(accepted.outcome, 'drifted');
      assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(sides, 3).copy));
      await succeed(IMPORT, ['undo', sides.copy]);
      for (const [one, sha256] of Object.entries(before))
        assert.equal((await contents(sides.copy))[one], sha256, `${one} is back`);
    });
  }

  test('tar xf by hand, whole: the import completes what is left', async (t) => {
    const sides = at(await history(t), 3);
    execFileSync('tar', ['xf', join(update(sides, 4), 'update.tar'), '-C', sides.copy]);
    const imported = await applyUpdate(sides, update(sides, 4));
    assert.equal(imported.outcome, 'already-applied');
    assert.deepEqual([imported.receipt?.counter, imported.receipt?.update.sequence], [4, 4]);
    assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(sides, 4).copy));
    assert.equal((await unfit(sides, 3)).outcome, 'superseded');
  });

  test('tar xf by hand, cut off after any file: the import does the rest', async (t) => {
    const all = await history(t);
    const archive = join(update(all, 4), 'update.tar');
    const names = execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim().split('\n');
    for (let n = 1; n < names.length; n++) {
      const sides = { ...all, copy: join(all.folder, `half-${n}`) };
      await copyTree(at(all, 3).copy, sides.copy);
      execFileSync('tar', ['xf', archive, '-C', sides.copy, ...names.slice(0, n)]);
      assert.equal((await applyUpdate(sides, update(all, 4))).outcome, 'apply', `after ${n} files`);
      assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(all, 4).copy));
    }
  });

  test('undo, then again; undo, then the next one, which finds the copy behind', async (t) => {
    const sides = at(await history(t), 3);
    const [code, before] = [await codeOf(sides), await trackedContents(sides.copy)];
    const { receipt } = (await succeed(IMPORT, ['undo', sides.copy, '--json'])).json<{
      receipt: { counter: number; kind: string; update: { sequence: number }; code: string };
    }>();
    assert.deepEqual([receipt.counter, receipt.kind, receipt.update.sequence], [4, 'undo', 3]);
    assert.notEqual(receipt.code, code);
    const again = await applyUpdate(sides, update(sides, 3));
    assert.deepEqual([again.outcome, again.receipt?.counter, again.receipt?.code], ['apply', 5, code]);
    assert.deepEqual(await trackedContents(sides.copy), before);
    await succeed(IMPORT, ['undo', sides.copy]);
    await succeed(IMPORT, ['gc', sides.copy, '--older-than', '0m']);
    const refusal = await unfit(sides, 4);
    assert.equal(refusal.outcome, 'behind');
    assert.match(refusal.text, /^needs update 3 /m);
    const { stdout } = await run(IMPORT, ['log', sides.copy], 0);
    assert.deepEqual(
      stdout.match(/(import|undo) of update \d/g),
      ['import 1', 'import 2', 'import 3', 'undo 3', 'import 3', 'undo 3'].map((one) =>
        one.replace(' ', ' of update '),
      ),
    );
  });
});

/** Changes a byte of a file and nothing that a look at its size and time would show. */
async function damage(copy: string, path: string): Promise<void> {
  const file = join(copy, path);
  const { mtimeMs } = await stat(file);
  const bytes = await readFile(file);
  bytes[150]! ^= 1;
  await writeFile(file, bytes);
  await utimes(file, mtimeMs / 1000, mtimeMs / 1000);
  await rm(join(copy, '.conda-diff/hash-cache'), { force: true }); // that knew when the file was last right
}

describe('repair with a ticket', { concurrency: 2 }, () => {
  const reference = async ({ copy, folder }: Sides, ...flags: string[]): Promise<Buffer> => {
    const file = join(folder, 'ticket.json');
    await succeed(IMPORT, ['reference', copy, '-o', file, ...flags]);
    return readFile(file);
  };

  test('of a healthy copy it is the plain reference, byte for byte', async (t) => {
    const sides = at(await history(t), 5);
    assert.ok((await reference(sides, '--deep')).equals(await reference(sides)));
  });

  test('a damaged artifact of unchanged size and a missing one: one small update repairs both', async (t) => {
    const sides = at(await history(t), 5);
    const right = await trackedContents(sides.copy);
    await damage(sides.copy, A);
    await rm(join(sides.copy, B));
    const { text } = await refuse(IMPORT, ['verify', sides.copy], 13);
    for (const path of [A, B]) assert.ok(text.includes(path), text);
    await rm(join(sides.copy, '.conda-diff/hash-cache'), { force: true });
    const plain = await reference(sides);
    assert.ok(!(await reference(sides, '--deep')).equals(plain), 'the plain one does not see the damage');
    const made = await createUpdate(sides, '--base', join(sides.folder, 'ticket.json'));
    assert.deepEqual(made.files.map(({ path }) => path).sort(), [A, B]);
    assert.equal((await applyUpdate(sides, made.outputs.volume)).outcome, 'apply');
    assert.deepEqual(await trackedContents(sides.copy), right);
    await succeed(IMPORT, ['verify', sides.copy]);
  });
});

describe('a copy that lost its state directory', { concurrency: 2 }, () => {
  test('goes on with the next update; what it remembers begins anew', async (t) => {
    const sides = at(await history(t), 4);
    await rm(join(sides.copy, '.conda-diff'), { recursive: true });
    await refuse(IMPORT, ['receipt', sides.copy], 2);
    const imported = await applyUpdate(sides, update(sides, 5));
    assert.deepEqual([imported.outcome, imported.receipt?.counter], ['apply', 1]);
    assert.deepEqual(await trackedContents(sides.copy), await trackedContents(at(sides, 5).copy));
    assert.equal((await unfit(sides, 3)).outcome, 'superseded', 'the lineage of the fifth names the third');
  });

  test('is told from another by importing the last update again', async (t) => {
    const sides = at(await history(t), 5);
    await rm(join(sides.copy, '.conda-diff'), { recursive: true });
    const again = await applyUpdate(sides, update(sides, 5));
    assert.deepEqual([again.outcome, again.receipt?.counter], ['already-applied', 1]);
    assert.equal((await unfit(sides, 3)).outcome, 'superseded');
  });

  test('and was changed: a reference and a new update', async (t) => {
    const sides = at(await history(t), 3);
    await rm(join(sides.copy, '.conda-diff'), { recursive: true });
    await rm(join(sides.copy, A));
    assert.equal((await unfit(sides, 4)).outcome, 'drifted');
    const file = join(sides.folder, 'reference.json');
    await succeed(IMPORT, ['reference', sides.copy, '-o', file]);
    const made = await createUpdate(sides, '--base', file, '--allow-removals');
    assert.equal((await applyUpdate(sides, made.outputs.volume)).outcome, 'apply');
    await assertSameTrees(sides);
  });
});
