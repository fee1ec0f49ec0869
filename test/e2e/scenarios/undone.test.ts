/** Updates that were undone (scenario 11). */
import assert from 'node:assert/strict';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  applyUpdate,
  createUpdate,
  refuse,
  type Refusal,
  run,
  type Sides,
  succeed,
  untouched,
} from '../two-sides.js';
import {
  assertIn,
  at,
  canReach,
  CHANNELS,
  confirm,
  digestAfter,
  EXPORT,
  historyOf,
  IMPORT,
  ONLINE,
  receiptOf,
  STATES,
  typed,
  unfit,
  update,
} from './history.js';

const undo = ({ copy }: Sides) => succeed(IMPORT, ['undo', copy]);

async function refusedUndo(sides: Sides): Promise<Refusal> {
  return untouched(sides.folder, async () => {
    const refusal = await refuse(IMPORT, ['undo', sides.copy], 12);
    assert.match(refusal.hint ?? '', ONLINE);
    return refusal;
  });
}

for (const channel of CHANNELS) {
  const history = historyOf(channel);

  describe(`undo, on ${channel.name}`, { skip: channel.skip, concurrency: 2 }, () => {
    test('11. Undo, then import again: the code is the same, the receipts are two', async (t) => {
      const sides = at(await history(t), 3);
      const first = await receiptOf(sides);
      await undo(sides);
      const undone = await receiptOf(sides);
      assert.deepEqual([undone.counter, undone.kind, undone.update.sequence], [4, 'undo', 3]);
      assert.notEqual(undone.code, first.code);
      await assertIn(sides, 2, channel);
      const again = await applyUpdate(sides, update(sides, 3));
      assert.deepEqual(
        [again.outcome, again.receipt?.counter, again.receipt?.code],
        ['apply', 5, first.code],
      );
      await assertIn(sides, 3, channel);
      const { stdout } = await run(IMPORT, ['log', sides.copy], 0);
      const told = stdout.match(/(import|undo) of update \d/g);
      assert.deepEqual(told?.slice(2), ['import of update 3', 'undo of update 3', 'import of update 3']);
    });

    test('11. Undo, then the next update: behind, and the undone one is named', async (t) => {
      const sides = at(await history(t), 3);
      await undo(sides);
      await succeed(IMPORT, ['gc', sides.copy, '--older-than', '0m']);
      assert.ok(!(await canReach(sides, 4, channel)));
      const refusal = await unfit(sides, 4);
      assert.equal(refusal.outcome, 'behind');
      assert.match(refusal.text, /^needs update 3 /m);
      for (const n of [3, 4]) await applyUpdate(sides, update(sides, n));
      await assertIn(sides, 4, channel);
    });

    for (const by of ['file', 'code'] as const) {
      test(`11. Confirm after undo, by ${by}: the next update starts from the state before`, async (t) => {
        const sides = at(await history(t), STATES);
        assert.equal(
          (await confirm(sides, (await receiptOf(sides))[by])).confirmed,
          await digestAfter(sides, STATES),
        );
        await undo(sides);
        const said = await confirm(sides, (await receiptOf(sides))[by]);
        const before = await digestAfter(sides, STATES - 1);
        assert.deepEqual([said.outcome, said.kind, said.update], ['confirmed', 'undo', STATES]);
        assert.deepEqual([said.confirmed, said.assumed, said.inFlight], [before, before, []]);
        const { stdout } = await succeed(EXPORT, ['status', sides.mirror]);
        assert.match(
          stdout,
          new RegExp(`Confirmed: state ${before.slice(0, 12)} .*[^]*Assumed: state ${before.slice(0, 12)} `),
        );
        const next = await createUpdate(sides, '--allow-removals');
        assert.deepEqual([next.base.digest, next.update.sequence], [before, STATES + 1]);
        assert.equal((await applyUpdate(sides, next.outputs.volume)).outcome, 'apply');
        await assertIn(sides, STATES, channel);
        assert.equal((await confirm(sides, (await receiptOf(sides))[by])).update, STATES + 1);
      });
    }

    test('11. A receipt from before the undo is old, and says which is the last', async (t) => {
      const sides = at(await history(t), STATES);
      const { file } = await receiptOf(sides);
      await undo(sides);
      await confirm(sides, (await receiptOf(sides)).file);
      const { outcome, text } = await refuse(EXPORT, ['confirm', sides.mirror, file], 12);
      assert.equal(outcome, 'old');
      assert.match(
        text,
        /is an old one\n.*the last receipt was number 6 of[^]*here: {2}conda-diff-export confirm /,
      );
    });

    test('11. An undo that cannot be: what to type online leads there, too', async (t) => {
      const all = await history(t);
      const twice = at(all, 4);
      await undo(twice);
      const nothing = await refusedUndo(twice);
      assert.equal(nothing.outcome, 'nothing-to-undo');
      assert.match(
        nothing.text,
        /^There is no import of .* to undo\n[^]*To go back all the same, put the mirror back/,
      );
      assert.match(nothing.hint ?? '', /--site default --base reference.json$/);
      assert.equal((await applyUpdate(twice, await typed(twice, nothing))).outcome, 'apply');
      await assertIn(twice, STATES, channel);

      const unkept = at(all, 1);
      await applyUpdate(unkept, update(all, 2), '--no-undo');
      const none = await refusedUndo(unkept);
      assert.equal(none.outcome, 'nothing-to-undo');
      assert.match(none.message, /^The last import of .* was made with --no-undo$/);

      const changed = at(all, 3);
      await appendFile(join(changed.copy, 'noarch/repodata.json'), '\n');
      const drifted = await refusedUndo(changed);
      assert.equal(drifted.outcome, 'drifted');
      assert.match(drifted.text, /is not as the last import left it\n[^]*conda-diff-import verify /);
      assert.equal((await applyUpdate(changed, await typed(changed, drifted))).outcome, 'apply');
      await assertIn(changed, STATES, channel);

      const fresh = { ...all, copy: join(all.folder, 'fresh') };
      await channel.put(fresh.copy, 1);
      assert.match((await refusedUndo(fresh)).hint ?? '', /create <repository> --base reference.json$/);
      await rm(fresh.copy, { recursive: true });
    });
  });
}
