import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { appendEvents, type EventLog, headFile, readEventLog } from '../../shared/event-log.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';

type Event = { readonly event: string };

const EVENTS: readonly Event[] = ['one', 'two ä𐀀', 'three "quoted"\n'].map((event) => ({ event }));

const read = (file: string): Promise<EventLog<Event>> => readEventLog(file, (value) => value as Event);

async function written(t: TestContext): Promise<{ file: string; lines: string[] }> {
  const file = join(await temporaryDirectory(t), 'ledger.jsonl');
  let log = await read(file);
  for (const event of EVENTS) log = await appendEvents(file, log, [event]);
  assert.deepEqual(log.events, EVENTS);
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  assert.equal(lines.length, EVENTS.length);
  return { file, lines };
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('the event log', () => {
  it('is empty where there is none, and gives back what was appended', async (t) => {
    const { file } = await written(t);
    const log = await read(file);
    assert.deepEqual([log.events, log.torn], [EVENTS, false]);
    assert.deepEqual(await appendEvents(file, log, []), log);
    const one = join(file, '..', 'at-once.jsonl');
    await appendEvents(one, await read(one), EVENTS);
    assert.deepEqual(await readFile(one), await readFile(file));
  });

  it('leaves out a torn last line, and cuts it off when the next one is written', async (t) => {
    const { file } = await written(t);
    const whole = await readFile(file);
    const start = whole.lastIndexOf('\n', whole.length - 2) + 1;
    const second = /"check":"([0-9a-f]{16})"\}\n\{[^\n]*\n$/.exec(whole.toString())?.[1];
    for (const length of [start + 1, start + 10, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length));
      await writeFile(headFile(file), `2 ${second}\n`); // as a crash before the end of the line leaves it
      const log = await read(file);
      assert.deepEqual([log.events, log.torn], [EVENTS.slice(0, 2), true]);
      await appendEvents(file, log, EVENTS.slice(2));
      assert.deepEqual(await readFile(file), whole);
      assert.equal((await read(file)).torn, false);
    }
  });

  const damages: readonly [what: string, damage: (lines: string[]) => string[], line: number][] = [
    ['the first line deleted', ([, ...rest]) => rest, 1],
    ['the second line deleted', ([a, , c, d]) => [a!, c!, d!], 2],
    ['two lines swapped', ([a, b, c, d]) => [b!, a!, c!, d!], 1],
    ['a line twice', ([a, ...rest]) => [a!, a!, ...rest], 2],
    ['a line inserted', ([a, ...rest]) => [a!, '{"event":"x","check":"0123456789abcdef"}', ...rest], 2],
    ['an empty line', ([a, ...rest]) => [a!, '', ...rest], 2],
    ['a line without its check', ([a, b, ...rest]) => [a!, b!.replace(/,"check".*/, '}'), ...rest], 2],
    ['a torn line before the last', ([a, b, ...rest]) => [a!, b!.slice(0, 5), ...rest], 2],
  ];
  for (const [what, damage, line] of damages) {
    it(`refuses ${what}`, async (t) => {
      const { file, lines } = await written(t);
      const log = await read(file);
      await appendEvents(file, log, [{ event: 'last' }]);
      const all = [...lines, (await readFile(file, 'utf8')).split('\n')[3]!];
      await writeFile(file, textOf(damage(all)));
      await rejects(
        read(file),
        'integrity',
        new RegExp(`is damaged in line ${String(line)}\\n[^]*mv [^]*init`),
      );
    });
  }

  it('refuses any changed byte', async (t) => {
    const { file } = await written(t);
    const whole = await readFile(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= change;
        await writeFile(file, damaged);
        await rejects(read(file), 'integrity');
      }),
      { numRuns: 400 },
    );
  });

  it('refuses to be shorter than it was, or not there, or torn where it was whole', async (t) => {
    const { file, lines } = await written(t);
    for (const [left, line] of [
      [textOf(lines.slice(0, 2)), 3],
      [textOf(lines.slice(0, 1)), 2],
      ['', 1],
      [textOf(lines).slice(0, -1), 3],
    ] as const) {
      await writeFile(file, left);
      const said = `is damaged in line ${line}\n3 lines were written, ${line - 1} are there\n`;
      await rejects(read(file), 'integrity', new RegExp(said));
    }
    await rm(file);
    await rejects(read(file), 'integrity', /in line 1\n3 lines were written, 0 are there/);
  });

  it('refuses another log of the same length, and a head that says nothing', async (t) => {
    const { file } = await written(t);
    const head = await readFile(headFile(file), 'utf8');
    const other = join(file, '..', 'other.jsonl');
    await appendEvents(other, await read(other), [...EVENTS].reverse());
    await writeFile(file, await readFile(other));
    await rejects(read(file), 'integrity', /line 3\nexpected the check [0-9a-f]{16}, found [0-9a-f]{16}\n/);
    for (const damaged of [
      head.slice(0, -1),
      head.replace(' ', ''),
      `0${head}`,
      'x',
      `-${head}`,
      `${head}x`,
    ]) {
      await writeFile(headFile(file), damaged);
      await rejects(read(file), 'integrity', /ledger\.head is damaged[^]*rm .*ledger\.head$/);
    }
  });

  it('may be ahead of its head after a crash; without a head it says so until the next append', async (t) => {
    const { file } = await written(t);
    const before = await readFile(headFile(file));
    await appendEvents(file, await read(file), [{ event: 'last' }]);
    const after = await readFile(headFile(file));
    await writeFile(headFile(file), before);
    assert.deepEqual([(await read(file)).events.length, (await read(file)).headless], [4, false]);
    await rm(headFile(file));
    assert.equal((await read(file)).headless, true);
    assert.equal((await appendEvents(file, await read(file), [])).headless, false);
    assert.deepEqual(await readFile(headFile(file)), after);
  });

  it('hands every event to the validator, with file and line', async (t) => {
    const { file } = await written(t);
    const seen: string[] = [];
    await readEventLog(file, (value, what) => seen.push(`${what} ${(value as Event).event}`));
    assert.deepEqual(
      seen,
      EVENTS.map(({ event }, i) => `${file}: line ${String(i + 1)} ${event}`),
    );
    await assert.rejects(
      readEventLog(file, () => {
        throw new Error('not valid');
      }),
      /not valid/,
    );
  });
});
