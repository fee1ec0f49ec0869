/** Two sites of one mirror over a lossy way (scenario 14), against a model that knows nothing but trees. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { writeChannel } from '../../support/channel.js';
import { runHere } from '../../support/in-process.js';
import { Random, seedFromEnvironment } from '../../support/random.js';
import {
  applyUpdate,
  contents,
  type Created,
  createUpdate,
  init,
  refuse,
  type Sides,
  succeed,
  trackedContents,
  twoSides,
} from '../two-sides.js';
import { EXPORT, IMPORT, receiptOf, typed } from './history.js';

const ROUNDS = Number(process.env.CONDA_DIFF_LOCKSTEP_ROUNDS ?? 3);

type Tree = Readonly<Record<string, string>>;

/** A copy, and what it has to have. */
interface Site {
  readonly name: string;
  readonly sides: Sides;
  holds: Tree;
  /** What an undo brings back. */
  before: Tree | undefined;
}

const isSame = (a: Tree, b: Tree): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((path) => a[path] === b[path]);

test('14. Two sites of one mirror, with losses, undos and confirmations: who does what it is told has what the mirror has', async (t) => {
  const seed = seedFromEnvironment();
  const random = new Random(seed);
  const chance = (share: number): boolean => random.next() < share;
  t.diagnostic(`seed ${seed} (CONDA_DIFF_SEED), ${ROUNDS} rounds`);
  const sides = await twoSides(t);
  const { mirror, folder } = sides;
  const sites = ['lab', 'field'].map((name): Site => ({
    name,
    sides: { ...sides, copy: join(folder, name) },
    holds: {},
    before: undefined,
  }));
  /** The states by digest. */
  const trees = new Map<string, Tree>([['empty', {}]]);
  const told: string[] = [];
  await change();
  for (const { name } of sites) await init(sides, '--empty', '--site', name);
  for (let round = 0; round < ROUNDS; round++) {
    await change();
    for (const site of sites) {
      const update = await make(site);
      if (update === undefined) continue;
      if (chance(0.3)) {
        if (chance(0.5)) await withdraw(site, update);
        continue;
      }
      await bring(site, update);
      if (chance(0.3)) await undo(site);
      if (chance(0.6)) await confirm(site);
    }
  }
  for (const site of sites) {
    const here = (await succeed(IMPORT, ['status', site.sides.copy, '--json']).catch(() => undefined))?.json<{
      state: { digest: string };
    }>();
    const update = await make(site, here === undefined ? 'empty' : here.state.digest);
    if (update !== undefined) await bring(site, update);
    assert.deepEqual(await trackedContents(site.sides.copy), await contents(mirror), site.name);
  }
  t.diagnostic(`told: ${told.join(', ')}`);

  /** Additions, replacements and removals at random. */
  async function change(): Promise<void> {
    const names = ['a', 'b', 'c', 'd', 'e'].filter(() => chance(0.6));
    const versions = names.map((name) => ({ name, files: { x: chance(0.3) ? '2' : '1' } }));
    await writeChannel(mirror, { noarch: [{ name: 'always' }, ...versions] });
  }

  async function make({ name }: Site, base = 'assumed'): Promise<Created | undefined> {
    const created = await createUpdate(sides, '--site', name, '--base', base, '--allow-removals');
    trees.set(created.target.digest, await contents(mirror));
    return created.outcome === 'published' ? created : undefined;
  }

  /** What the model expects: it fits where it starts from what is held, or brings whatever is not there at all. */
  async function fits({ holds, sides: { copy } }: Site, { base, target, files }: Created): Promise<boolean> {
    const [from, to] = [base.count === 0 ? {} : trees.get(base.digest), trees.get(target.digest)];
    assert.ok(from && to);
    const shipped = new Set(files.map(({ path }) => path));
    const here = await contents(copy); // with what was retired
    const reaches = Object.entries(to).every(([path, hash]) => here[path] === hash || shipped.has(path));
    return isSame(holds, from) || isSame(holds, to) || (reaches && Object.keys(holds).length > 0);
  }

  async function bring(site: Site, update: Created): Promise<void> {
    const { copy } = site.sides;
    const apply = ['apply', update.outputs.volume, copy];
    if (await fits(site, update)) await succeed(IMPORT, apply);
    else {
      const refusal = await refuse(IMPORT, apply, 12);
      assert.match(refusal.outcome ?? '', /^(behind|empty)$/);
      told.push(refusal.outcome ?? '');
      assert.deepEqual(await held(site), site.holds, 'a refused update changes nothing');
      await applyUpdate(site.sides, await typed(site.sides, refusal));
    }
    const target = await contents(mirror);
    if (!isSame(site.holds, target)) site.before = site.holds;
    site.holds = target;
    assert.deepEqual(await held(site), site.holds);
  }

  async function held({ sides: { copy } }: Site): Promise<Tree> {
    return trackedContents(copy);
  }

  async function undo(site: Site): Promise<void> {
    const { code } = await runHere(IMPORT, ['undo', site.sides.copy]);
    assert.equal(code, site.before === undefined ? 12 : 0);
    site.holds = site.before ?? site.holds;
    site.before = undefined;
    assert.deepEqual(await held(site), site.holds);
  }

  /** By the receipt or the code, whichever is at hand. */
  async function confirm({ name, sides: place }: Site): Promise<void> {
    const { file, code } = await receiptOf(place);
    await succeed(EXPORT, ['confirm', mirror, chance(0.5) ? file : code, '--site', name]);
  }

  async function withdraw({ name }: Site, { update }: Created): Promise<void> {
    await succeed(EXPORT, ['withdraw', mirror, String(update.sequence), '--site', name]);
  }
});
