import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { appendEvents, type EventLog, readEventLog } from '../../shared/event-log.js';
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

async function torn(file: string): Promise<[readonly Event[], boolean]> {
  const log = await read(file);
  return [log.events, log.torn];
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
    for (const length of [start + 1, start + 10, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length));
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

  it('refuses any changed byte; a changed end of the last line looks torn', async (t) => {
    const { file } = await written(t);
    const whole = await readFile(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= change;
        await writeFile(file, damaged);
        if (at < whole.length - 1) await rejects(read(file), 'integrity');
        else assert.deepEqual(await torn(file), [EVENTS.slice(0, 2), true]);
      }),
      { numRuns: 400 },
    );
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
