/** Updates that overtake each other, are overwritten or withdrawn (scenario 12). */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { readManifest } from '../../../shared/read-document.js';
import { applyUpdate, createUpdate, init, refuse, type Sides, succeed, twoSides } from '../two-sides.js';
import {
  assertIn,
  type Channel,
  CHANNELS,
  confirm,
  EXPORT,
  IMPORT,
  receiptOf,
  STATES,
  typed,
  unfit,
  update,
} from './history.js';

/** A mirror in its first state, and nothing on the other side. */
async function begun(t: TestContext, { put }: Channel): Promise<Sides> {
  const sides = await twoSides(t);
  await put(sides.mirror, 1);
  await init(sides, '--empty');
  return sides;
}

/** The mirror ends in its last state, whatever it was in meanwhile. */
const end = ({ mirror }: Sides, { put }: Channel): Promise<void> => put(mirror, STATES);

for (const channel of CHANNELS) {
  describe(`exports, on ${channel.name}`, { skip: channel.skip, concurrency: 2 }, () => {
    test('12. Two exports before the first import: both apply, in their order only', async (t) => {
      const sides = await begun(t, channel);
      await createUpdate(sides);
      await channel.put(sides.mirror, 2);
      const { outputs, base } = await createUpdate(sides, '--allow-removals');
      assert.equal(
        base.digest,
        (await readManifest(join(update(sides, 1), 'update.manifest.json'))).target.digest,
      );
      await end(sides, channel);
      const refusal = await unfit(sides, 2);
      assert.equal(refusal.outcome, 'empty');
      assert.match(
        refusal.text,
        /needs a copy that has the base; .* has nothing\n[^]*needs update 1 \([0-9a-f]{64}\) of /,
      );
      assert.ok(!existsSync(sides.copy));
      for (const n of [1, 2]) assert.equal((await applyUpdate(sides, update(sides, n))).outcome, 'apply');
      await assertIn(sides, 2, channel);
      const { inFlight } = await confirm(sides, (await receiptOf(sides)).code);
      assert.deepEqual(inFlight, []);
      assert.ok(existsSync(outputs.manifest));
    });

    for (const arrives of [false, true]) {
      const what = arrives ? 'that arrives all the same gives way' : 'that never left is replaced';
      test(`12. An export is overwritten, and the one ${what}`, async (t) => {
        const sides = await begun(t, channel);
        const output = join(sides.folder, 'out/update.tar');
        await mkdir(dirname(output));
        await createUpdate(sides, '-o', output);
        const carried = join(sides.folder, 'disk');
        await cp(dirname(output), carried, { recursive: true });
        await channel.put(sides.mirror, 2);
        const kept = await refuse(EXPORT, ['create', sides.mirror, '-o', output], 2);
        assert.match(kept.text, /^Update 1 at .* is not confirmed\n[^]*add --overwrite: it is withdrawn/);
        const second = await createUpdate(sides, '-o', output, '--overwrite', '--allow-removals');
        assert.deepEqual(
          [second.update.sequence, second.base.count],
          [2, 0],
          'it starts where the first did',
        );
        const { lineage } = await readManifest(second.outputs.manifest);
        assert.deepEqual(
          lineage.map(({ withdrawn }) => withdrawn),
          [true],
        );
        const { stdout } = await succeed(EXPORT, ['log', sides.mirror]);
        assert.match(stdout, /update 1 was withdrawn\n.*update 2 from state e3b0c44298fc /);
        await end(sides, channel);
        if (arrives) {
          assert.equal((await applyUpdate(sides, join(carried, 'update.tar'))).outcome, 'apply');
          await assertIn(sides, 1, channel);
        }
        const { outcome } = await applyUpdate(sides, output);
        assert.equal(outcome, arrives ? 'skip-ahead' : 'apply');
        await assertIn(sides, 2, channel);
        const late = await refuse(
          'conda-diff-import',
          ['apply', join(carried, 'update.tar'), sides.copy],
          12,
        );
        assert.equal(late.outcome, 'superseded');
        await assertIn(sides, 2, channel);
        assert.equal((await confirm(sides, (await receiptOf(sides)).file)).update, 2);
      });
    }

    test('12. One is withdrawn: the next starts from its base, and nobody is told to import it', async (t) => {
      const sides = await begun(t, channel);
      await createUpdate(sides);
      await channel.put(sides.mirror, 2);
      await createUpdate(sides, '--allow-removals');
      const old = join(sides.folder, 'carried');
      await cp(update(sides, 2), old, { recursive: true });
      const { stdout: said } = await succeed(EXPORT, ['withdraw', sides.mirror, '2']);
      assert.match(said, /^Update 2 is withdrawn/);
      assert.ok(!existsSync(join(update(sides, 2), 'update.manifest.json')));
      await channel.put(sides.mirror, 3);
      await createUpdate(sides, '--allow-removals');
      await end(sides, channel);
      const { stdout } = await succeed(EXPORT, ['log', sides.mirror]);
      assert.match(stdout, /update 2 was withdrawn\n.*update 3 from /);
      const refusal = await unfit(sides, 3);
      assert.match(refusal.text, /needs update 1 /);
      assert.doesNotMatch(refusal.text, /needs update 2 /);
      for (const n of [1, 3]) assert.equal((await applyUpdate(sides, update(sides, n))).outcome, 'apply');
      await assertIn(sides, 3, channel);
      const late = await refuse(IMPORT, ['apply', old, sides.copy], 12);
      assert.equal(late.outcome, 'superseded');
      assert.match(late.message, /^Update 2 .* is older than update 3, which was imported/);
      await assertIn(sides, 3, channel);
    });

    test('12. Where only a withdrawn one leads, nobody is told to import it', async (t) => {
      const sides = await begun(t, channel);
      await createUpdate(sides);
      await channel.put(sides.mirror, 3);
      const { target } = await createUpdate(sides, '--allow-removals');
      await succeed(EXPORT, ['withdraw', sides.mirror, '2']);
      await channel.put(sides.mirror, 4);
      await createUpdate(sides, '--allow-removals', '--base', target.digest);
      await end(sides, channel);
      await applyUpdate(sides, update(sides, 1));
      const refusal = await unfit(sides, 3);
      assert.equal(refusal.outcome, 'behind');
      assert.match(
        refusal.text,
        /^no updates are known that lead from here to its base\nMake one update that starts/m,
      );
      assert.equal((await applyUpdate(sides, await typed(sides, refusal))).outcome, 'apply');
      await assertIn(sides, STATES, channel);
    });

    test('12. A withdrawn one that arrives all the same is confirmed, and the next starts from it', async (t) => {
      const sides = await begun(t, channel);
      await createUpdate(sides);
      await applyUpdate(sides, update(sides, 1));
      await succeed(EXPORT, ['withdraw', sides.mirror, '1']);
      const { code, state } = await receiptOf(sides);
      const said = await confirm(sides, code);
      assert.deepEqual([said.update, said.confirmed, said.assumed], [1, state.digest, state.digest]);
      await channel.put(sides.mirror, 3);
      const next = await createUpdate(sides, '--allow-removals');
      assert.equal(next.base.digest, said.confirmed);
      assert.equal((await applyUpdate(sides, next.outputs.volume)).outcome, 'apply');
      await end(sides, channel);
      await assertIn(sides, 3, channel);
    });
  });
}
