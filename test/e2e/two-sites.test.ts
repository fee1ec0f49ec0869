import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { writeChannel } from '../support/channel.js';
import { Random, seedFromEnvironment } from '../support/random.js';
import { runCommand } from '../support/run-command.js';
import { assertSameTrees, createUpdate, init, type Sides, succeed, twoSides } from './two-sides.js';

const ROUNDS = Number(process.env.CONDA_DIFF_LOCKSTEP_ROUNDS ?? 2);

/** A copy, and what its people remember. */
interface Site {
  readonly name: string;
  readonly sides: Sides;
  /** Whether it ever imported anything, and so has a receipt. */
  hasReceipt: boolean;
  /** Whether an update was lost since the last import. */
  lost: boolean;
}

test('Two sites of one mirror, with losses, undos and confirmations, end as the mirror is', async (t) => {
  const seed = seedFromEnvironment();
  const random = new Random(seed);
  const chance = (share: number): boolean => random.next() < share;
  t.diagnostic(`seed ${seed} (CONDA_DIFF_SEED), ${ROUNDS} rounds`);
  const sides = await twoSides(t);
  const sites: Site[] = ['lab', 'field'].map((name) => ({
    ...{ name, sides: { ...sides, copy: join(sides.folder, name) } },
    ...{ hasReceipt: false, lost: false },
  }));
  const change = async (): Promise<void> => {
    const names = ['a', 'b', 'c', 'd', 'e'].filter(() => chance(0.6));
    const versions = names.map((name) => ({ name, files: { x: chance(0.3) ? '2' : '1' } }));
    await writeChannel(sides.mirror, { noarch: [{ name: 'always' }, ...versions] });
  };
  await change();
  for (const site of sites) await init(sides, '--empty', '--site', site.name);
  for (let round = 0; round < ROUNDS; round++) {
    await change();
    for (const site of sites) {
      const update = await make(site);
      if (update === undefined) continue;
      if (chance(0.3)) {
        site.lost = true;
        if (chance(0.5))
          await succeed('conda-diff-export', ['withdraw', sides.mirror, update.number, '--site', site.name]);
        continue;
      }
      await bring(site, update.volume);
      if (chance(0.3)) {
        await succeed('conda-diff-import', ['undo', site.sides.copy]);
        await confirm(site);
      } else if (chance(0.7)) await confirm(site);
    }
  }
  for (const site of sites) {
    site.lost = true;
    if (site.hasReceipt) await confirm(site);
    const update = await make(site);
    if (update !== undefined) await bring(site, update.volume);
    await assertSameTrees(site.sides);
  }

  /** The receipt or the code, whichever is at hand. */
  async function confirm({ name, sides: { mirror, copy } }: Site): Promise<void> {
    const { receipt } = (await succeed('conda-diff-import', ['receipt', copy, '--json'])).json<{
      receipt: { counter: number; code: string };
    }>();
    const file = join(copy, `.conda-diff/receipts/${receipt.counter}.json`);
    const statement = chance(0.5) ? file : receipt.code;
    await succeed('conda-diff-export', ['confirm', mirror, statement, '--site', name]);
  }

  /** After a loss the next update starts from what is confirmed, or from nothing. */
  async function make({ name, sides: place, lost, hasReceipt }: Site) {
    const view = (
      await succeed('conda-diff-export', ['status', place.mirror, '--site', name, '--json'])
    ).json<{
      sites: { confirmed: object | null }[];
    }>();
    const fallback = view.sites[0]?.confirmed ? 'confirmed' : hasReceipt ? 'assumed' : 'empty';
    const created = await createUpdate(
      place,
      ...['--site', name, '--base', lost ? fallback : 'assumed', '--allow-removals'],
    );
    if (created.outcome !== 'published') return undefined;
    return { volume: created.outputs.volume, number: String(created.update.sequence) };
  }

  /** What does not fit ends with what to do: confirm, and make one from there. */
  async function bring(site: Site, volume: string): Promise<void> {
    const { copy } = site.sides;
    const { code } = await runCommand('conda-diff-import', ['apply', volume, copy]);
    if (code !== 0) {
      await confirm(site);
      const next = await make({ ...site, lost: true });
      if (next !== undefined) await succeed('conda-diff-import', ['apply', next.volume, copy]);
    }
    site.hasReceipt = true;
    site.lost = false;
  }
});
