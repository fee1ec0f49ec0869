/** An update for one site that is offered to another (scenario 6). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import {
  applyUpdate,
  createUpdate,
  init,
  refuse,
  type Refusal,
  run,
  type Sides,
  twoSides,
  untouched,
} from '../two-sides.js';
import {
  assertIn,
  type Channel,
  CHANNELS,
  confirm,
  EXPORT,
  IMPORT,
  ONLINE,
  receiptOf,
  STATES,
  typed,
} from './history.js';

const own = (sides: Sides, site: string): Sides => ({ ...sides, copy: join(sides.folder, `copy-${site}`) });
const sent = ({ outbox }: Sides, site: string, n: number): string => join(outbox, `${site}-${n}`);

/** Two sites of one mirror, which went through three states; the copies of both have the first. */
async function twoSites(t: TestContext, { put }: Channel): Promise<{ a: Sides; b: Sides }> {
  const sides = await twoSides(t);
  const [a, b] = [own(sides, 'a'), own(sides, 'b')];
  for (let n = 1; n <= 3; n++) {
    await put(sides.mirror, n);
    for (const site of ['a', 'b']) {
      if (n === 1) await init(sides, '--empty', '--site', site);
      await createUpdate(sides, '--site', site, '--allow-removals');
    }
  }
  await put(sides.mirror, STATES);
  await applyUpdate(a, sent(sides, 'a', 1));
  await applyUpdate(b, sent(sides, 'b', 1));
  return { a, b };
}

async function refused(sides: Sides, update: string, ...flags: string[]): Promise<Refusal> {
  return untouched(sides.folder, async () => {
    const refusal = await refuse(IMPORT, ['apply', update, sides.copy, ...flags], 12);
    assert.equal(refusal.outcome, 'other-site');
    assert.match(
      refusal.message,
      /^Update \d of site 'a' is not for this copy: .*copy-b is the copy of site 'b'$/,
    );
    assert.match(refusal.hint ?? '', /conda-diff-import apply .* --site a\n/);
    assert.match(refusal.hint ?? '', ONLINE);
    assert.doesNotMatch(refusal.text, /so far/, 'said once');
    assert.match(refusal.hint ?? '', /--site b --base \S+$/);
    return refusal;
  });
}

for (const channel of CHANNELS) {
  describe(`an update of another site, on ${channel.name}`, { skip: channel.skip, concurrency: 2 }, () => {
    test('6. It would fit: refused, and what is to be typed makes the one for this site', async (t) => {
      const { b } = await twoSites(t, channel);
      const refusal = await refused(b, sent(b, 'a', 2));
      const imported = await applyUpdate(b, await typed(b, refusal));
      assert.deepEqual([imported.outcome, imported.receipt?.update.site], ['apply', 'b']);
      await assertIn(b, STATES, channel);
    });

    test('6. It is too early or too late for this site: refused for the same reason, not as behind', async (t) => {
      const { b } = await twoSites(t, channel);
      await refused(b, sent(b, 'a', 3));
      await applyUpdate(b, sent(b, 'b', 2));
      await applyUpdate(b, sent(b, 'b', 3));
      await refused(b, sent(b, 'a', 2));
      await refused(b, sent(b, 'a', 2), '--again');
      await refused(b, sent(b, 'a', 2), '--accept-drift');
      await assertIn(b, 3, channel);
    });

    test('6. It leads to what is here: answered with 0, nothing is noted, and the receipt is of this site', async (t) => {
      const { a } = await twoSites(t, channel);
      const before = await receiptOf(a);
      // Site b's was made later: its date alone does not tell that it is not to be noted
      const { stdout } = await run(IMPORT, ['apply', sent(a, 'b', 1), a.copy], 0);
      assert.match(stdout, /is applied already/);
      assert.deepEqual(await receiptOf(a), before);
      await assertIn(a, 1, channel);
    });

    test('6. A receipt of one site confirms nothing of the other', async (t) => {
      const { a, b } = await twoSites(t, channel);
      await applyUpdate(a, sent(a, 'a', 2));
      for (const statement of [(await receiptOf(a)).file, (await receiptOf(a)).code]) {
        const flags = ['confirm', b.mirror, statement, '--site', 'b'];
        const { outcome, text } = await refuse(EXPORT, flags, 12);
        assert.equal(outcome, 'foreign');
        assert.match(text, /is of the site 'a', not of 'b'\n.*confirm .* --site a$/);
      }
    });

    test('6. --site moves the copy to the other site, whose updates it takes from then on', async (t) => {
      const { b } = await twoSites(t, channel);
      await refused(b, sent(b, 'a', 2));
      assert.equal((await applyUpdate(b, sent(b, 'a', 2), '--site', 'a')).outcome, 'apply');
      assert.equal((await applyUpdate(b, sent(b, 'a', 3))).outcome, 'apply');
      await assertIn(b, 3, channel);
      const { file } = await receiptOf(b);
      await assert.rejects(confirm(b, file), /is no site|There is no site 'default'/);
    });
  });
}
