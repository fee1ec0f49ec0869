/** What either side remembers is damaged, lost, or put back (scenario 10). */
import assert from 'node:assert/strict';
import { appendFile, copyFile, cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readManifest } from '../../../shared/read-document.js';
import {
  applyUpdate,
  createUpdate,
  cross,
  init,
  refuse,
  run,
  type Sides,
  succeed,
  untouched,
} from '../two-sides.js';
import {
  assertIn,
  at,
  CHANNELS,
  confirm,
  digestAfter,
  EXPORT,
  historyOf,
  IMPORT,
  ledgerOf,
  receiptOf,
  STATES,
  typed,
  unfit,
  update,
} from './history.js';

const stateOf = ({ mirror }: Sides): string => join(mirror, '.conda-diff');
const ledgerFile = (sides: Sides): string => join(stateOf(sides), 'ledger.jsonl');

/** Every command of the exporter that reads the ledger refuses, says this, and writes nothing. */
async function refusedByAll(sides: Sides, said: RegExp): Promise<void> {
  const file = join(sides.folder, 'receipt.json');
  for (const [command = '', ...flags] of [
    ['create', '-o', sides.outbox],
    ['create', '--dry-run'],
    ['status'],
    ['log'],
    ['confirm', file],
    ['withdraw', '1'],
    ['show'],
    ['init', '--empty'],
    ['init', '--empty', '--site', 'other'],
  ]) {
    const place = command === 'confirm' || command === 'withdraw' ? [sides.mirror, ...flags] : [sides.mirror];
    const args = [command, ...place, ...(place.length > 1 ? [] : flags)];
    const { text } = await untouched(sides.folder, () => refuse(EXPORT, args, 13));
    assert.match(text, said, args.join(' '));
  }
}

/** Moves the state directory away and begins with the last manifest, as the refusal says. */
async function beginAnew(sides: Sides, manifest: string): Promise<void> {
  await rename(stateOf(sides), `${stateOf(sides)}.damaged`);
  const { stdout } = await succeed(EXPORT, ['init', sides.mirror, '--from', manifest]);
  assert.match(
    stdout,
    new RegExp(`history of ${STATES} updates was taken over\nThe next update is number ${STATES + 1}`),
  );
}

for (const channel of CHANNELS) {
  const history = historyOf(channel);
  /** The last update is confirmed, and the mirror has moved on to this state. */
  const goesOn = async (sides: Sides, n: number): Promise<void> => {
    const { code } = await receiptOf(sides);
    assert.equal((await confirm(sides, code)).confirmed, await digestAfter(sides, STATES));
    await channel.put(sides.mirror, n);
    const { update: next } = await cross(sides, '--allow-removals');
    assert.equal(next.sequence, STATES + 1);
    await channel.put(sides.mirror, STATES);
    await assertIn(sides, n, channel);
  };

  describe(`a lost or damaged ledger, on ${channel.name}`, { skip: channel.skip, concurrency: 2 }, () => {
    test('10. Online, torn in the last line: left out with a note, and the next update follows', async (t) => {
      const sides = await history(t);
      await appendFile(ledgerFile(sides), '{"event":"planned","site":"def');
      const { stderr } = await run(EXPORT, ['create', sides.mirror, '-o', sides.outbox], 0);
      assert.match(stderr, /The last line of the ledger was torn by a crash and is left out/);
      await goesOn(sides, 3);
    });

    const damages: readonly [
      what: string,
      damage: (file: string, bytes: Buffer) => Promise<void>,
      said: RegExp,
    ][] = [
      [
        'a byte of it is another',
        (file, bytes) => writeFile(file, bytes.toString().replace('"sequence":2', '"sequence":3')),
        /ledger\.jsonl is damaged in line 4\nits check is not that of its content/,
      ],
      [
        'its last two lines are lost',
        (file, bytes) => truncate(file, bytes.lastIndexOf('{"event":"planned"')),
        /ledger\.jsonl is damaged in line 10\n11 lines were written, 9 are there\n/,
      ],
      [
        'it is empty',
        (file) => truncate(file),
        /ledger\.jsonl is damaged in line 1\n11 lines were written, 0 are there\n/,
      ],
      [
        'it is lost',
        (file) => rm(file),
        /ledger\.jsonl is damaged in line 1\n11 lines were written, 0 are there\n/,
      ],
    ];
    for (const [what, damage, said] of damages) {
      test(`10. Online, ${what}: every command says so, and the last manifest is the way back`, async (t) => {
        const sides = at(await history(t), STATES);
        await copyFile((await receiptOf(sides)).file, join(sides.folder, 'receipt.json'));
        await damage(ledgerFile(sides), await ledgerOf(sides));
        await refusedByAll(sides, said);
        const { hint = '' } = await refuse(EXPORT, ['status', sides.mirror], 13);
        assert.match(
          hint,
          /mv .*\.conda-diff .*\.conda-diff\.damaged\n {2}conda-diff-export init <repository> --from/,
        );
        await beginAnew(sides, join(update(sides, STATES), 'update.manifest.json'));
        await goesOn(sides, 3);
        const { lineage } = await readManifest(join(update(sides, STATES + 1), 'update.manifest.json'));
        assert.equal(lineage.length, STATES);
        assert.equal((await unfit(sides, 4)).outcome, 'superseded');
      });
    }

    test('10. Online, only the head is lost: said until the next append; a wrong one is damage', async (t) => {
      const sides = at(await history(t), STATES);
      const head = join(stateOf(sides), 'ledger.head');
      await writeFile(head, 'eleven\n');
      assert.match(
        (await refuse(EXPORT, ['status', sides.mirror], 13)).text,
        /ledger\.head is damaged[^]*rm .*ledger\.head$/,
      );
      await rm(head);
      const { stderr } = await run(EXPORT, ['confirm', sides.mirror, (await receiptOf(sides)).code], 0);
      assert.match(stderr, /The ledger has no head: whether its last lines are there cannot be told/);
      const { stderr: quiet } = await run(EXPORT, ['create', sides.mirror, '-o', sides.outbox], 0);
      assert.doesNotMatch(quiet, /head/);
    });

    test('10. Online, all is lost: from the last manifest, or from reference and receipt of the copy', async (t) => {
      const sides = at(await history(t), STATES);
      await rm(stateOf(sides), { recursive: true });
      assert.match(
        (await refuse(EXPORT, ['create', sides.mirror], 2)).text,
        /It is not known what the other side/,
      );
      const [reference, receipt] = ['reference.json', 'receipt.json'].map((name) =>
        join(sides.folder, name),
      ) as [string, string];
      await succeed(IMPORT, ['reference', sides.copy, '-o', reference]);
      await succeed(IMPORT, ['receipt', sides.copy, '-o', receipt]);
      await init(sides, '--from', reference, '--receipt', receipt);
      await channel.put(sides.mirror, 3);
      assert.equal((await cross(sides, '--allow-removals')).update.sequence, STATES + 1);
      await channel.put(sides.mirror, STATES);
      await assertIn(sides, 3, channel);
      assert.equal((await confirm(sides, (await receiptOf(sides)).file)).update, STATES + 1);
    });

    test('10. Online, an older state directory was put back: the outbox and the receipt tell', async (t) => {
      const sides = at(await history(t), STATES);
      const saved = join(sides.folder, 'backup');
      await cp(stateOf(sides), saved, { recursive: true });
      await channel.put(sides.mirror, 3);
      await cross(sides, '--allow-removals');
      await rm(stateOf(sides), { recursive: true });
      await cp(saved, stateOf(sides), { recursive: true });
      const { text } = await refuse(
        EXPORT,
        ['create', sides.mirror, '-o', sides.outbox, '--allow-removals'],
        2,
      );
      assert.match(
        text,
        /^The ledger does not know update 6 of site 'default' in .*default-6\/update\.manifest\.json\n/,
      );
      assert.match(text, /an older one from a backup[^]*mv .*\.conda-diff[^]*init .* --from <last manifest>/);
      const foreign = await refuse(EXPORT, ['confirm', sides.mirror, (await receiptOf(sides)).file], 12);
      assert.match(
        foreign.text,
        /is of update 6, and this ledger knows none after 5\n[^]*init .* --from <last manifest>/,
      );
      await rename(stateOf(sides), `${stateOf(sides)}.old`);
      await init(sides, '--from', join(update(sides, STATES + 1), 'update.manifest.json'));
      await confirm(sides, (await receiptOf(sides)).file);
      await channel.put(sides.mirror, 2);
      assert.equal((await cross(sides, '--allow-removals')).update.sequence, STATES + 2);
      await assertIn(sides, 2, channel);
    });

    test('10. Air-gapped, all is lost: the next update applies, and its receipt is a new one online', async (t) => {
      const sides = at(await history(t), STATES);
      const before = join(sides.folder, 'before.json');
      await copyFile((await receiptOf(sides)).file, before);
      await rm(join(sides.copy, '.conda-diff'), { recursive: true });
      assert.match((await refuse(IMPORT, ['receipt', sides.copy], 2)).text, /There is no receipt/);
      await confirm(sides, before);
      await channel.put(sides.mirror, 3);
      const next = await createUpdate(sides, '--allow-removals');
      const imported = await applyUpdate(sides, next.outputs.volume);
      assert.deepEqual([imported.outcome, imported.receipt?.counter], ['apply', 1]);
      assert.equal((await confirm(sides, (await receiptOf(sides)).file)).update, STATES + 1);
      const { outcome } = await refuse(EXPORT, ['confirm', sides.mirror, before], 12);
      assert.equal(outcome, 'old', 'its counter is higher, and it is of the ledger that was lost');
      assert.equal(
        (await unfit(sides, 4)).outcome,
        'superseded',
        'the lineage of the sixth names the fourth',
      );
      await channel.put(sides.mirror, STATES);
      await assertIn(sides, 3, channel, 'lost');
    });

    test('10. Air-gapped, all is lost: the last update again tells the copy what it is', async (t) => {
      const sides = at(await history(t), STATES);
      await rm(join(sides.copy, '.conda-diff'), { recursive: true });
      const again = await applyUpdate(sides, update(sides, STATES));
      assert.deepEqual([again.outcome, again.receipt?.counter], ['already-applied', 1]);
      assert.equal((await unfit(sides, 3)).outcome, 'superseded');
      assert.equal((await confirm(sides, (await receiptOf(sides)).file)).update, STATES);
      await assertIn(sides, STATES, channel);
    });

    test('10. Air-gapped, all is lost and the copy was changed: a reference and a new update', async (t) => {
      const sides = at(await history(t), 3);
      await rm(join(sides.copy, '.conda-diff'), { recursive: true });
      await rm(join(sides.copy, 'noarch/repodata.json'));
      const refusal = await unfit(sides, 4);
      assert.equal(refusal.outcome, 'drifted');
      assert.equal((await applyUpdate(sides, await typed(sides, refusal))).outcome, 'apply');
      await assertIn(sides, STATES, channel, 'lost');
    });

    test('10. Air-gapped, the ledger is damaged: it is named, and moved away it begins anew', async (t) => {
      const sides = at(await history(t), 3);
      const file = join(sides.copy, '.conda-diff/copy-ledger.json');
      const bytes = await readFile(file);
      await writeFile(file, bytes.toString().replace('"counter":2', '"counter":7'));
      for (const args of [
        ['apply', update(sides, 4), sides.copy],
        ['check', update(sides, 4), sides.copy],
        ['status', sides.copy],
        ['receipt', sides.copy],
        ['log', sides.copy],
      ]) {
        const { text } = await untouched(sides.folder, () => refuse(IMPORT, args, 13));
        assert.match(
          text,
          /copy-ledger\.json is damaged: its checksum does not match its content[^]*mv .*copy-ledger\.json /,
        );
      }
      await assertIn(sides, 3, channel);
      await rename(file, `${file}.damaged`);
      const again = await applyUpdate(sides, update(sides, 3));
      assert.deepEqual(
        [again.outcome, again.receipt?.counter],
        ['already-applied', 4],
        'above the receipts that are there',
      );
      assert.equal((await unfit(sides, 2)).outcome, 'superseded');
      assert.equal((await applyUpdate(sides, update(sides, 4))).outcome, 'apply');
      await assertIn(sides, 4, channel);
    });
  });
}
