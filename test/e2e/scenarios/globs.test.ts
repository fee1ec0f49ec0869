/** Globs that change between updates (scenario 13). */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import {
  applyUpdate,
  assertReference,
  contents,
  createUpdate,
  cross,
  init,
  type Sides,
  trackedContents,
  twoSides,
} from '../two-sides.js';
import { type Channel, CHANNELS, typed, unfit, update } from './history.js';

const SUB = 'win-64/';
const GLOBS = ['--ignore', `${SUB}**`];
const within = (tree: Record<string, string>): object =>
  Object.fromEntries(Object.entries(tree).filter(([path]) => path.startsWith(SUB)));
const without = (tree: Record<string, string>): object =>
  Object.fromEntries(Object.entries(tree).filter(([path]) => !path.startsWith(SUB)));

/** Both sides in the second state, after two updates without globs. */
async function inSecond(t: TestContext, { put }: Channel): Promise<Sides> {
  const sides = await twoSides(t);
  await init(sides, '--empty');
  for (const n of [1, 2]) {
    await put(sides.mirror, n);
    await cross(sides, '--allow-removals');
  }
  return sides;
}

for (const channel of CHANNELS) {
  describe(`globs, on ${channel.name}`, { skip: channel.skip, concurrency: 2 }, () => {
    test('13. --ignore of what the mirror drops at the same time: it is released, and none of it deleted', async (t) => {
      const sides = await inSecond(t, channel);
      const before = within(await contents(sides.copy));
      assert.ok(Object.keys(before).length > 1);
      for (const n of [3, 4]) {
        await channel.put(sides.mirror, n);
        await rm(join(sides.mirror, SUB), { recursive: true });
        const flags = n === 3 ? GLOBS : [];
        const created = await createUpdate(sides, '--allow-removals', ...flags);
        assert.deepEqual(
          created.removed.filter((path) => path.startsWith(SUB)),
          [],
        );
        assert.deepEqual(created.released, n === 3 ? Object.keys(before).sort() : []);
        const { outcome, plan = [] } = await applyUpdate(sides, created.outputs.volume);
        assert.equal(outcome, 'apply');
        assert.deepEqual(
          plan.filter(({ path }) => path.startsWith(SUB)),
          [],
        );
        assert.deepEqual(within(await contents(sides.copy)), before);
        assert.deepEqual(without(await trackedContents(sides.copy)), await contents(sides.mirror));
      }
    });

    test('13. What was released and is taken in again ends as it is in the mirror', async (t) => {
      const sides = await inSecond(t, channel);
      await channel.put(sides.mirror, 3);
      await applyUpdate(sides, (await createUpdate(sides, '--allow-removals', ...GLOBS)).outputs.volume);
      await channel.put(sides.mirror, 4);
      const back = await createUpdate(sides, '--allow-removals', '--no-ignore');
      assert.ok(back.files.some(({ path }) => path.startsWith(SUB)));
      assert.equal((await applyUpdate(sides, back.outputs.volume)).outcome, 'apply');
      await assertReference(sides.copy, back.target.digest);
      assert.deepEqual(await trackedContents(sides.copy), await contents(sides.mirror));
    });

    test('13. The globs alone: an update without files, after which nothing else is different', async (t) => {
      const sides = await inSecond(t, channel);
      const before = await contents(sides.copy);
      const created = await createUpdate(sides, ...GLOBS);
      assert.deepEqual([created.outcome, created.files, created.removed], ['published', [], []]);
      assert.equal((await applyUpdate(sides, created.outputs.volume)).outcome, 'already-applied');
      assert.deepEqual(await contents(sides.copy), before);
      assert.equal((await createUpdate(sides)).outcome, 'no-difference');
    });

    test('13. An update with other globs is lost: the next one names it, and one more from here applies', async (t) => {
      const sides = await inSecond(t, channel);
      await channel.put(sides.mirror, 3);
      await createUpdate(sides, '--allow-removals', ...GLOBS);
      await channel.put(sides.mirror, 4);
      await createUpdate(sides, '--allow-removals');
      const before = within(await contents(sides.copy));
      const refusal = await unfit(sides, 4);
      assert.equal(refusal.outcome, 'behind');
      assert.match(refusal.text, /^needs update 3 \([0-9a-f]{64}\) of /m);
      assert.match(refusal.hint ?? '', /^Import update 3 first; or make one update/);
      assert.equal((await applyUpdate(sides, await typed(sides, refusal))).outcome, 'apply');
      assert.deepEqual(within(await contents(sides.copy)), before);
      assert.deepEqual(without(await trackedContents(sides.copy)), without(await contents(sides.mirror)));
      assert.equal((await unfit(sides, 3)).outcome, 'superseded');
    });

    test('13. One that takes in again what was released is lost: the next one names it', async (t) => {
      const sides = await inSecond(t, channel);
      await channel.put(sides.mirror, 3);
      await applyUpdate(sides, (await createUpdate(sides, '--allow-removals', ...GLOBS)).outputs.volume);
      await writeFile(join(sides.mirror, SUB, 'notes.json'), '{}');
      await createUpdate(sides, '--no-ignore');
      await writeFile(join(sides.mirror, 'noarch/notes.json'), '{}');
      await createUpdate(sides);
      const refusal = await unfit(sides, 5);
      assert.equal(refusal.outcome, 'behind');
      assert.match(refusal.text, /^needs update 4 \([0-9a-f]{64}\) of /m);
      for (const n of [4, 5]) await applyUpdate(sides, update(sides, n));
      assert.deepEqual(await trackedContents(sides.copy), await contents(sides.mirror));
    });

    test('13. --include takes in a file that only the copy has: drifted, and named, and left alone', async (t) => {
      const sides = await inSecond(t, channel);
      await writeFile(join(sides.copy, 'notes.txt'), 'of this side');
      await channel.put(sides.mirror, 3);
      await createUpdate(sides, '--allow-removals', '--include', '*.txt');
      const refusal = await unfit(sides, 3);
      assert.equal(refusal.outcome, 'drifted');
      assert.match(refusal.text, /notes\.txt: here, not in the /);
      assert.equal((await applyUpdate(sides, await typed(sides, refusal))).outcome, 'apply');
      const { 'notes.txt': left, ...tree } = await trackedContents(sides.copy);
      assert.ok(left !== undefined);
      assert.deepEqual(tree, await contents(sides.mirror));
    });
  });
}
