/** Updates that come in order, twice, too early, too late and in reverse (scenarios 1 to 5). */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeReceipt } from '../../../shared/receipt.js';
import {
  applyUpdate,
  contents,
  cross,
  refuse,
  run,
  succeed,
  trackedContents,
  untouched,
  visibleTree,
} from '../two-sides.js';
import {
  assertIn,
  at,
  canReach,
  CHANNELS,
  historyOf,
  IMPORT,
  manifestOf,
  receiptOf,
  STATES,
  typed,
  unfit,
  update,
} from './history.js';

for (const channel of CHANNELS) {
  const history = historyOf(channel);

  describe(`order, on ${channel.name}`, { skip: channel.skip, concurrency: 2 }, () => {
    test('1. In order: each applies, and leaves a receipt of its own', async (t) => {
      const sides = at(await history(t), 2);
      const imported = await applyUpdate(sides, update(sides, 3));
      assert.equal(imported.outcome, 'apply');
      const { counter, kind, update: named, state } = imported.receipt!;
      assert.deepEqual([counter, kind, named.sequence], [3, 'import', 3]);
      assert.equal(state.digest, (await manifestOf(sides, 3)).target.digest);
      const kept = join(sides.copy, '.conda-diff/receipts/3.json');
      assert.deepEqual(await decodeReceipt(await readFile(kept), kept), imported.receipt);
      await assertIn(sides, 3, channel);
      for (let n = 4; n <= STATES; n++) {
        const { stdout } = await run(IMPORT, ['apply', update(sides, n), sides.copy], 0);
        assert.match(
          stdout,
          new RegExp(`^Update ${n} is applied to .*\nState \\w{12} .*\nConfirmation code: `),
        );
        await assertIn(sides, n, channel);
      }
    });

    test('2. The same update twice: nothing is done, and the receipt is the same', async (t) => {
      const sides = at(await history(t), 3);
      const before = await receiptOf(sides);
      const tree = await visibleTree(sides.copy);
      const again = await untouched(join(sides.copy, '.conda-diff/receipts'), () =>
        applyUpdate(sides, update(sides, 3)),
      );
      assert.equal(again.outcome, 'already-applied');
      assert.deepEqual(await visibleTree(sides.copy), tree);
      assert.equal(again.receipt?.code, before.code);
      const { stdout } = await run(IMPORT, ['apply', update(sides, 3), sides.copy], 0);
      assert.match(stdout, /^Update 3 is applied already\nState \w{12} .*\nConfirmation code: /);
      assert.ok(stdout.includes(before.code));
      assert.deepEqual(readdirSync(join(sides.copy, '.conda-diff/receipts')).sort(), [
        '1.json',
        '2.json',
        '3.json',
      ]);
      await assertIn(sides, 3, channel);
    });

    test('3. and 4. One is lost: behind, and it is named; then one update from what is here applies', async (t) => {
      const sides = at(await history(t), 1);
      const refusal = await unfit(sides, 3);
      assert.equal(refusal.outcome, 'behind');
      assert.match(
        refusal.message,
        /^Update 3 of site 'default' does not fit yet: .* is in an earlier state/,
      );
      const { id, created } = await manifestOf(sides, 2);
      assert.ok(refusal.details.includes(`needs update 2 (${id}) of ${created} first`), refusal.text);
      assert.match(refusal.hint ?? '', /^Import update 2 first; or make one update/);
      const cumulative = await typed(sides, refusal);
      assert.equal((await applyUpdate(sides, cumulative)).outcome, 'apply');
      await assertIn(sides, STATES, channel);
      assert.equal((await unfit(sides, 3)).outcome, 'superseded');
    });

    test('3. Two are lost: both are named, in the order in which they have to come', async (t) => {
      const sides = at(await history(t), 1);
      assert.ok(!(await canReach(sides, 4, channel)));
      const refusal = await unfit(sides, 4);
      assert.equal(refusal.outcome, 'behind');
      const named = refusal.details.flatMap((line) => /^needs update (\d+) /.exec(line)?.[1] ?? []);
      assert.deepEqual(named, ['2', '3']);
      assert.match(refusal.hint ?? '', /^Import update 2, then 3 first; or make one update/);
      for (const n of [2, 3, 4]) assert.equal((await applyUpdate(sides, update(sides, n))).outcome, 'apply');
      await assertIn(sides, 4, channel);
    });

    test('5. Every older update on every newer state: none rolls back', async (t) => {
      const all = await history(t);
      for (let newer = 2; newer <= STATES; newer++) {
        const sides = at(all, newer);
        for (let older = 1; older < newer; older++) {
          if (older === 2 && newer === STATES) continue; // its target is what is here: below
          for (const flags of [[], ['--accept-drift']]) {
            const { outcome, message } = await unfit(sides, older, ...flags);
            assert.equal(outcome, 'superseded', `update ${older} on state ${newer}`);
            const said = `^Update ${older} of site 'default' is older than update ${newer}, which was imported`;
            assert.match(message, new RegExp(said));
          }
        }
      }
      const last = at(all, STATES);
      const unchanged = await untouched(last.copy, () => applyUpdate(last, update(last, 2)));
      assert.equal(unchanged.outcome, 'already-applied');
      assert.equal(
        unchanged.receipt?.update.sequence,
        STATES,
        'the receipt is still that of the last import',
      );
      await assertIn(last, STATES, channel);
    });

    test('5. In reverse: what needs nothing of the others skips ahead, all others come too late', async (t) => {
      const sides = at(await history(t), 1);
      const skips = await canReach(sides, STATES, channel);
      if (!skips) {
        assert.equal((await unfit(sides, STATES)).outcome, 'behind');
        for (const n of [2, 3, 4, STATES]) await applyUpdate(sides, update(sides, n));
      } else {
        const { stdout } = await run(IMPORT, ['apply', update(sides, STATES), sides.copy], 0);
        assert.match(stdout, /^It skips ahead from another state of its site/m);
      }
      await assertIn(sides, STATES, channel);
      for (const n of [4, 3, 1]) assert.equal((await unfit(sides, n)).outcome, 'superseded');
      const old = await untouched(sides.copy, () => applyUpdate(sides, update(sides, 2)));
      assert.equal(old.outcome, 'already-applied');
    });

    test('5. A → B → A in the mirror itself works, and the older update to A does not lead back', async (t) => {
      const sides = at(await history(t), STATES);
      assert.deepEqual(await contents(sides.mirror), await trackedContents(at(sides, 2).copy));
      await channel.put(sides.mirror, 3);
      await cross(sides, '--allow-removals');
      await channel.put(sides.mirror, 2);
      await cross(sides, '--allow-removals');
      assert.deepEqual(
        (await manifestOf(sides, 7)).target.digest,
        (await manifestOf(sides, 2)).target.digest,
      );
      assert.equal((await unfit(sides, 6)).outcome, 'superseded');
      await assertIn(sides, 2, channel);
    });

    test('5. --again leads back, and forward from there', async (t) => {
      const sides = at(await history(t), 3);
      if (await canReach(sides, 2, channel)) {
        assert.equal((await applyUpdate(sides, update(sides, 2), '--again')).outcome, 'superseded');
      } else {
        const { text } = await unfit(sides, 2, '--again'); // what update 3 replaced is neither here nor in it
        assert.match(text, /from here it cannot lead to its target/);
        await succeed(IMPORT, ['undo', sides.copy]);
      }
      await assertIn(sides, 2, channel);
      assert.equal((await unfit(sides, 1)).outcome, 'superseded');
      assert.equal((await applyUpdate(sides, update(sides, 1), '--again')).outcome, 'superseded');
      await assertIn(sides, 1, channel);
      for (const n of [2, 3]) assert.equal((await applyUpdate(sides, update(sides, n))).outcome, 'apply');
      await assertIn(sides, 3, channel);
    });

    test('5. --again over several updates: these come again, in their order', async (t) => {
      const sides = at(await history(t), 3);
      assert.equal((await applyUpdate(sides, update(sides, 1), '--again')).outcome, 'superseded');
      await assertIn(sides, 1, channel);
      for (const n of [2, 3, 4]) assert.equal((await applyUpdate(sides, update(sides, n))).outcome, 'apply');
      await assertIn(sides, 4, channel);
      assert.equal((await unfit(sides, 2)).outcome, 'superseded');
    });

    test('1. A receipt that an interrupted end left out is made up for, and carried back as a file', async (t) => {
      const sides = at(await history(t), 2);
      const own = join(sides.copy, '.conda-diff');
      const { code } = await receiptOf(sides);
      await rm(join(own, 'receipts'), { recursive: true });
      await applyUpdate(sides, update(sides, 2));
      assert.deepEqual(readdirSync(join(own, 'receipts')), ['2.json']);
      const file = join(sides.folder, 'carried.json');
      await succeed(IMPORT, ['receipt', sides.copy, '-o', file]);
      assert.ok((await readFile(file)).equals(await readFile(join(own, 'receipts/2.json'))));
      assert.equal((await decodeReceipt(await readFile(file), file)).code, code);
      await refuse(IMPORT, ['receipt', sides.copy, '-o', join(sides.copy, 'noarch/carried.json')], 2);
    });
  });
}
