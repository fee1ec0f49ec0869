/** A copy that was changed by hand or by its disk (scenarios 7 to 9). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { copyTree } from '../../support/channel.js';
import { applyUpdate, contents, createUpdate, refuse, type Sides, succeed } from '../two-sides.js';
import {
  assertIn,
  at,
  CHANNELS,
  historyOf,
  IMPORT,
  manifestOf,
  STATES,
  typed,
  unfit,
  update,
} from './history.js';

/** Files of state 2: one that update 3 replaces, and an artifact that it leaves alone. */
async function filesOf(sides: Sides): Promise<{ inside: string; outside: string }> {
  const { files } = await manifestOf(sides, 3);
  const isArtifact = (path: string): boolean => path.endsWith('.conda');
  const replaced = files.filter(({ replaces, path }) => replaces !== undefined && isArtifact(path));
  const shipped = new Set(files.map(({ path }) => path));
  const [before, after] = [await contents(at(sides, 2).copy), await contents(at(sides, 3).copy)];
  const left = Object.keys(before).filter(
    (path) => isArtifact(path) && !shipped.has(path) && before[path] === after[path],
  );
  assert.ok(replaced[0] && left[0]);
  return { inside: replaced[0].path, outside: left[0] };
}

const NOTES = 'noarch/notes.json';
const edit = (file: string): Promise<void> => appendFile(file, 'x');
const remove = (file: string): Promise<void> => rm(file);
const add = (file: string): Promise<void> => writeFile(file, '{}');

for (const channel of CHANNELS) {
  const history = historyOf(channel);

  describe(`by hand, on ${channel.name}`, { skip: channel.skip, concurrency: 2 }, () => {
    for (const [what, change, where, helps] of [
      ['edited, in the path of the update', edit, 'inside', true],
      ['edited, outside of it', edit, 'outside', false],
      ['deleted, in the path of the update', remove, 'inside', true],
      ['deleted, outside of it', remove, 'outside', false],
      ['added', add, 'new', true],
    ] as const) {
      const end = helps
        ? 'accepting it applies, and undo brings it back'
        : 'accepting it does not help, a reference does';
      test(`7. A tracked file was ${what}: drifted, and named; ${end}`, async (t) => {
        const sides = at(await history(t), 2);
        const path = where === 'new' ? NOTES : (await filesOf(sides))[where];
        await change(join(sides.copy, path));
        const before = await contents(sides.copy);
        const refusal = await unfit(sides, 3);
        assert.equal(refusal.outcome, 'drifted');
        assert.match(
          refusal.message,
          /^Update 3 of site 'default' does not fit: .* is in another state than its base/,
        );
        const named = refusal.details
          .filter((line) => /^[^ ]+: /.test(line))
          .map((line) => line.replace(/: .*/, ''));
        assert.deepEqual([...new Set(named)], [path], refusal.text);
        assert.equal(refusal.hint?.includes('--accept-drift'), helps);
        if (!helps) {
          assert.equal((await unfit(sides, 3, '--accept-drift')).outcome, 'drifted');
          assert.equal((await applyUpdate(sides, await typed(sides, refusal))).outcome, 'apply');
          await assertIn(sides, STATES, channel);
          return;
        }
        assert.equal((await applyUpdate(sides, update(sides, 3), '--accept-drift')).outcome, 'drifted');
        await assertIn(sides, 3, channel);
        await succeed(IMPORT, ['undo', sides.copy]);
        const after = await contents(sides.copy);
        for (const [one, sha256] of Object.entries(before))
          assert.equal(after[one], sha256, `${one} is back`);
      });
    }

    test('7. Of many files that drifted 20 are printed, and all stand in --json', async (t) => {
      const sides = at(await history(t), 2);
      for (let n = 0; n < 30; n++) await add(join(sides.copy, `noarch/notes-${n}.json`));
      const { details } = await unfit(sides, 3);
      assert.equal(details.filter((line) => line.startsWith('noarch/notes-')).length, 30);
      const { runHere } = await import('../../support/in-process.js');
      const { stderr, code } = await runHere(IMPORT, ['apply', update(sides, 3), sides.copy]);
      assert.equal(code, 12);
      const printed = stderr.split('\n').filter((line) => /^ {2}noarch\/notes-/.test(line)).length;
      assert.ok(printed > 0 && printed <= 20, stderr);
      assert.match(stderr, /and \d+ more/);
    });

    test('8. tar xf by hand, whole: the import completes what is left', async (t) => {
      const sides = at(await history(t), 3);
      execFileSync('tar', ['xf', join(update(sides, 4), 'update.tar'), '-C', sides.copy]);
      const imported = await applyUpdate(sides, update(sides, 4));
      const { removed } = await manifestOf(sides, 4);
      const isOnlyArtifacts = removed.every(({ path }) => path.endsWith('.conda'));
      assert.equal(imported.outcome, isOnlyArtifacts ? 'already-applied' : 'apply');
      assert.deepEqual([imported.receipt?.counter, imported.receipt?.update.sequence], [4, 4]);
      await assertIn(sides, 4, channel);
      assert.equal((await unfit(sides, 3)).outcome, 'superseded');
    });

    test('8. tar xf by hand, cut off after any file: the import does the rest', async (t) => {
      const all = await history(t);
      const archive = join(update(all, 4), 'update.tar');
      const names = execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim().split('\n');
      const step = Math.max(1, Math.floor(names.length / 6));
      for (let n = 1; n < names.length; n += step) {
        const sides = { ...all, copy: join(all.folder, `half-${n}`) };
        await copyTree(at(all, 3).copy, sides.copy);
        execFileSync('tar', ['xf', archive, '-C', sides.copy, ...names.slice(0, n)]);
        assert.equal((await applyUpdate(sides, update(all, 4))).outcome, 'apply', `after ${n} files`);
        await assertIn(sides, 4, channel);
      }
    });

    const ticket = async ({ copy, folder }: Sides, ...flags: string[]): Promise<Buffer> => {
      const file = join(folder, 'ticket.json');
      await succeed(IMPORT, ['reference', copy, '-o', file, ...flags]);
      return readFile(file);
    };

    test('9. The ticket of a healthy copy is its plain reference, byte for byte', async (t) => {
      const sides = at(await history(t), STATES);
      assert.ok((await ticket(sides, '--deep')).equals(await ticket(sides)));
    });

    test('9. A damaged artifact of unchanged size and a missing one: verify, a ticket, one small update', async (t) => {
      const sides = at(await history(t), STATES);
      const artifacts = Object.keys(await contents(sides.mirror)).filter((path) => path.endsWith('.conda'));
      const [damaged, missing] = [artifacts[0]!, artifacts[1]!];
      await damage(sides.copy, damaged);
      await rm(join(sides.copy, missing));
      const { text } = await refuse(IMPORT, ['verify', sides.copy], 13);
      assert.match(text, /reference .* --deep -o ticket\.json\n.*create <repository> --base ticket\.json$/);
      for (const path of [damaged, missing]) assert.ok(text.includes(path), text);
      await rm(join(sides.copy, '.conda-diff/hash-cache'), { force: true });
      const plain = await ticket(sides);
      assert.ok(!(await ticket(sides, '--deep')).equals(plain), 'the plain one does not see the damage');
      const made = await createUpdate(sides, '--base', join(sides.folder, 'ticket.json'));
      assert.deepEqual(made.files.map(({ path }) => path).sort(), [damaged, missing].sort());
      assert.equal((await applyUpdate(sides, made.outputs.volume)).outcome, 'apply');
      await assertIn(sides, STATES, channel);
      await succeed(IMPORT, ['verify', sides.copy]);
    });
  });
}

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
