import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/channel.js';
import {
  assertSettled,
  command,
  copyOfBase,
  type Crossing,
  makeCrossing,
  moves,
  packages,
  type Tree,
} from '../support/crossing.js';
import type { ReaderReport, Sighting } from '../support/reader-child.js';

const CYCLES = Number(process.env.CONDA_DIFF_READER_CYCLES ?? 1);
const HOLD_MS = 200;
/** Change times of files have the resolution of a tick. */
const TICK_MS = 10;

/** One change that readers lived through. */
interface Change {
  readonly what: string;
  readonly before: Tree;
  readonly after: Tree;
  readonly burstMs: number;
}

describe('Readers while updates are applied and undone', () => {
  it('never see a file missing, nor one wrong outside the burst', async (t) => {
    const folder = await temporaryDirectory(t);
    const around = states(80);
    // Several cycles go round; one need not come back.
    const crossing = await makeCrossing(folder, CYCLES > 1 ? around : around.slice(0, 3), {
      zst: true,
      gz: true,
      current: true,
      shards: 'shards',
      channeldata: true,
    });
    const copy = copyOfBase(crossing, join(folder, 'copy'));
    const reader = new Reader(copy);
    t.after(() => {
      reader.kill();
    });
    const changes: Change[] = [];
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      for (const n of crossing.updates.keys()) {
        for (const what of ['apply', 'undo', 'apply'] as const) {
          await reader.turn();
          changes.push(await change(copy, crossing, n, what, cycle > 0));
        }
      }
    }
    await reader.turn();
    const { indexes, files, sightings } = await reader.end();
    t.diagnostic(`${indexes} indexes read, ${files} files checked, ${describeSightings(sightings)}`);
    assert.ok(indexes > 100 && files > 2000, 'too little was read for this to mean anything');
    for (const one of sightings) assertExcused(one, changes);
    const bursts = changes.map(({ burstMs }) => burstMs).sort((a, b) => a - b);
    const show = (ms: number | undefined): string => `${(ms ?? 0).toFixed(1)} ms`;
    t.diagnostic(
      `${bursts.length} bursts: ${show(bursts[0])} to ${show(bursts.at(-1))}, median ${show(bursts[bursts.length >> 1])}`,
    );
  });
});

/** A ring of three states: each update adds, removes, and replaces artifacts under the same name. */
function states(count: number) {
  const noarch = packages(count, count + 20);
  const at = (from: number, content: string) => ({
    'linux-64': [...packages(from, from + count - 10), ...packages(1000, 1010, content)],
    noarch: [...noarch, ...packages(2000, 2003, content)],
  });
  const first = at(0, 'first ');
  return [first, at(count / 2, 'second '), at(count, 'third '), first];
}

/**
 * Applies or undoes the n-th update; afterwards the copy is exactly in one of its states.
 *
 * @param isAgain it was applied before, and later ones after it
 */
async function change(
  copy: string,
  crossing: Crossing,
  n: number,
  what: 'apply' | 'undo',
  isAgain: boolean,
): Promise<Change> {
  const [base = new Map(), target = new Map()] = crossing.trees.slice(n);
  const [before, after] = what === 'apply' ? [base, target] : [target, base];
  const update = [crossing.updates[n] ?? '', copy, ...(isAgain ? ['--again'] : [])];
  const args = what === 'apply' ? update : [copy];
  const result = await command('conda-diff-import', [what, ...args, '--json']);
  const { burstMilliseconds } = result.json<{ burstMilliseconds: number }>();
  if (what === 'apply') assertMeasured(burstMilliseconds, copy, before, after);
  const state = n + (what === 'apply' ? 1 : 0);
  assertSettled(copy, crossing, state === crossing.trees.length - 1 ? [0, state] : [state]);
  return { what: `${what} ${n + 1}`, before, after, burstMs: burstMilliseconds };
}

/** A rename sets the change time: from the first to the last file of the burst it is as long as the command says. */
function assertMeasured(said: number, copy: string, before: Tree, after: Tree): void {
  const moved = [...after.keys()].filter((path) => moves(path, before, after));
  const times = moved.map((path) => statSync(join(copy, path)).ctimeMs);
  const seen = Math.max(...times) - Math.min(...times);
  assert.ok(moved.length > 20, `only ${moved.length} files moved in the burst`);
  assert.ok(seen <= said + TICK_MS, `the burst took ${seen} ms, not ${said}`);
}

/**
 * What a reader may see: another content than its index said, of an artifact that a change replaced under the same
 * name, and not for longer than the burst when it read the index again.
 */
function assertExcused(sighting: Sighting, changes: readonly Change[]): void {
  const { path, found, wrongForMs, persisted, stayed } = sighting;
  const said = JSON.stringify(sighting);
  assert.notEqual(found, undefined, `missing: ${said}`);
  assert.ok(path.endsWith('.conda') && !stayed, said);
  const replacing = changes.filter(({ before, after }) => moves(path, before, after));
  assert.ok(replacing.length > 0, `not replaced by any update: ${said}`);
  const longest = Math.max(...replacing.map(({ burstMs }) => burstMs));
  assert.ok(!persisted || wrongForMs <= longest + 1, `longer than any burst (${longest} ms): ${said}`);
}

function describeSightings(sightings: readonly Sighting[]): string {
  const persisted = sightings.filter((one) => one.persisted);
  const longest = Math.max(0, ...persisted.map(({ wrongForMs }) => wrongForMs));
  return `${sightings.length} same-name replacements met by an old index, ${persisted.length} in the burst (${longest.toFixed(1)} ms)`;
}

/** A process that reads the channel. */
class Reader {
  readonly #child;
  readonly #lines: AsyncIterator<string>;

  constructor(root: string) {
    const script = fileURLToPath(new URL('../support/reader-child.js', import.meta.url));
    this.#child = spawn(process.execPath, [script, root, String(HOLD_MS)], {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits until every index that it holds now was dropped. */
  async turn(): Promise<void> {
    this.#child.stdin.write('\n');
    assert.equal(await this.#line(), 'turned');
  }

  async end(): Promise<ReaderReport> {
    this.#child.stdin.end();
    const report = JSON.parse(await this.#line()) as ReaderReport;
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return report;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error('The reader ended');
    return next.value;
  }
}
