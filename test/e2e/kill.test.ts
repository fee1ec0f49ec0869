import assert from 'node:assert/strict';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { setImmediate as tick, setTimeout as sleep } from 'node:timers/promises';
import { memoryDirectory } from '../support/memory-directory.js';
import {
  assertSettled,
  copyOfBase,
  type Crossing,
  makeCrossing,
  moves,
  packages,
  unexcused,
} from '../support/crossing.js';
import { nextRuns } from '../support/importing.js';
import { Random, seedFromEnvironment } from '../support/random.js';
import { type Spawned, start } from '../support/spawned.js';

const ROUNDS = Number(process.env.CONDA_DIFF_KILLS ?? 10);
const ARTIFACTS = Number(process.env.CONDA_DIFF_KILL_ARTIFACTS ?? 120);

/** What follows a kill: many kills are worth a process for it. */
const next = nextRuns(ROUNDS > 50);

/** What is noted of a run that ended before its kill. */
const TOO_LATE = 'too late';

/** The moments that a kill is aimed from: each is seen from outside, by a file that is there or has changed. */
const PHASES = ['start', 'stage', 'commit', 'burst', 'end'] as const;
type Phase = (typeof PHASES)[number];

type Subcommand = 'apply' | 'undo' | 'recover';

/** Milliseconds from the start at which each phase began, and at which the process ended. */
type Times = Readonly<Partial<Record<Phase, number>>> & { readonly over: number };

describe('SIGKILL at any moment', () => {
  it(`${ROUNDS} kills: readers are safe before any recovery; one run settles it, one more ends at the target`, async (t) => {
    const seed = seedFromEnvironment();
    t.diagnostic(`seed ${seed} (CONDA_DIFF_SEED), ${ROUNDS} kills (CONDA_DIFF_KILLS)`);
    const folder = await memoryDirectory(t);
    const options = { zst: true, gz: true, current: true, shards: 'shards' } as const;
    const crossing = await makeCrossing(folder, states(ARTIFACTS), options);
    t.diagnostic(`${crossing.trees.map(({ size }) => size).join(' and ')} files before and after`);
    const arenas = Array.from(
      { length: ROUNDS > 50 ? 2 : 1 },
      (_, n) => new Arena(crossing, join(folder, `copy-${n}`), new Random(seed + n)),
    );
    await Promise.all(arenas.map((arena) => arena.fight(ROUNDS / arenas.length)));
    for (const { times } of arenas) t.diagnostic(`undisturbed, in ms: ${JSON.stringify(times)}`);
    const hits = arenas.flatMap((arena) => arena.hits).sort();
    const tally = new Map(hits.map((hit) => [hit, hits.filter((one) => one === hit).length]));
    t.diagnostic(`killed in: ${JSON.stringify(Object.fromEntries(tally))}`);
    const missed = hits.filter((hit) => hit === TOO_LATE).length;
    assert.ok(missed < hits.length / 2, `${missed} of ${hits.length} runs had ended before they were killed`);
  });
});

function states(count: number) {
  const noarch = packages(count, count + count / 4);
  const some = Math.floor(count / 20);
  return [
    { 'linux-64': packages(0, count), noarch },
    {
      'linux-64': [
        ...packages(count / 4, count - some),
        ...packages(count - some, count, 'replaced '),
        ...packages(count * 2, count * 2 + count / 2),
      ],
      noarch,
      'linux-aarch64': packages(0, some),
    },
  ];
}

/** One copy, the two states that it goes between, and what is done to it. */
class Arena {
  readonly #crossing: Crossing;
  readonly #copy: string;
  readonly #random: Random;
  /** An index of the burst, to see it begin by. */
  readonly #watched: string;
  times: Readonly<Record<Subcommand, Times>> | undefined;
  /** Where each kill hit. */
  readonly hits: string[] = [];

  constructor(crossing: Crossing, copy: string, random: Random) {
    this.#crossing = crossing;
    this.#copy = copy;
    this.#random = random;
    const [before, after] = this.#states('apply');
    const first = [...before.keys()].filter((path) => moves(path, before, after)).find(isArtifact);
    this.#watched = join(copy, first ?? 'linux-64/repodata.json');
  }

  async fight(rounds: number): Promise<void> {
    copyOfBase(this.#crossing, this.#copy);
    // How long runs take that nobody disturbs, and when their phases begin.
    this.times = {
      apply: await this.#time('apply'),
      undo: await this.#time('undo'),
      recover: await this.#time('recover'),
    };
    for (let round = 0; round < rounds; round++) {
      const phase = PHASES[(round >> 1) % PHASES.length] as Phase;
      await this.#killRound(round % 2 === 0 ? 'apply' : 'undo', phase);
    }
  }

  async #time(subcommand: Subcommand): Promise<Times> {
    const run = this.#start(subcommand);
    const begun = performance.now();
    const times: Partial<Record<Phase, number>> = {};
    for (const phase of PHASES) {
      if (await this.#reached(run, phase)) times[phase] = Math.round(performance.now() - begun);
    }
    assert.equal((await run.process.ended).code, 0);
    return { ...times, over: Math.round(performance.now() - begun) };
  }

  /** Kills one run, perhaps the recovery after it, too; then lets the runs end that must succeed. */
  async #killRound(subcommand: 'apply' | 'undo', phase: Phase): Promise<void> {
    if (subcommand === 'apply') copyOfBase(this.#crossing, this.#copy);
    else assertSettled(this.#copy, this.#crossing, [1]);
    const [before, after] = this.#states(subcommand);
    await this.#kill(subcommand, phase);
    assert.deepEqual(unexcused(this.#copy, before, after), [], `${subcommand} killed after ${phase}`);
    if (this.#random.next() < 0.3) {
      await this.#kill('recover', 'start');
      assert.deepEqual(unexcused(this.#copy, before, after), [], `recover killed, ${subcommand} before it`);
    }
    if (this.#random.next() < 0.2)
      rmSync(join(this.#copy, '.conda-diff/stage'), { recursive: true, force: true });
    await next.recover(this.#copy);
    assertSettled(this.#copy, this.#crossing, [0, 1]);
    await next.apply(this.#copy, this.#crossing.updates[0] ?? '');
    assertSettled(this.#copy, this.#crossing, [1]);
  }

  #states(subcommand: Subcommand): [ReadonlyMap<string, string>, ReadonlyMap<string, string>] {
    const [base = new Map(), target = new Map()] = this.#crossing.trees;
    return subcommand === 'undo' ? [target, base] : [base, target];
  }

  /** Kills a run at a random moment between the beginning of this phase and that of the next. */
  async #kill(subcommand: Subcommand, phase: Phase): Promise<void> {
    const run = this.#start(subcommand);
    const reached = await this.#reached(run, phase);
    const until = performance.now() + this.#random.next() * this.#length(subcommand, phase);
    while (reached && !run.process.hasEnded() && performance.now() < until) await tick();
    const where = run.process.hasEnded() ? TOO_LATE : this.#position(subcommand, run);
    run.process.kill('SIGKILL');
    const { signal, code, stderr } = await run.process.ended;
    assert.ok(signal === 'SIGKILL' || code === 0, stderr);
    this.hits.push(where);
  }

  #length(subcommand: Subcommand, phase: Phase): number {
    const times = this.times?.[subcommand];
    if (times === undefined) throw new Error('Measure first');
    const later = PHASES.slice(PHASES.indexOf(phase) + 1).map((one) => times[one]);
    const end = later.find((time) => time !== undefined) ?? times.over;
    return (end - (times[phase] ?? 0)) * 1.1;
  }

  #position(subcommand: Subcommand, run: Run): string {
    const at = PHASES.findLast((phase) => this.#isReached(run, phase)) ?? 'start';
    return `${subcommand}: ${at}`;
  }

  #arguments(subcommand: Subcommand): string[] {
    const [update = ''] = this.#crossing.updates;
    return subcommand === 'apply' ? ['apply', update, this.#copy] : [subcommand, this.#copy];
  }

  #start(subcommand: Subcommand): Run {
    const inode = statSync(this.#watched).ino;
    return { inode, process: start('conda-diff-import', this.#arguments(subcommand)) };
  }

  /** Waits for a phase; false when the process ended without it. */
  async #reached(run: Run, phase: Phase): Promise<boolean> {
    while (!this.#isReached(run, phase)) {
      if (run.process.hasEnded()) return false;
      await (phase === 'burst' || phase === 'end' ? tick() : sleep(1));
    }
    return true;
  }

  #isReached({ inode }: Run, phase: Phase): boolean {
    const own = join(this.#copy, '.conda-diff');
    switch (phase) {
      case 'start':
        return true;
      case 'stage':
        return existsSync(join(own, 'stage/0'));
      case 'commit':
        return existsSync(join(own, 'journal.json'));
      case 'burst':
        return statSync(this.#watched).ino !== inode;
      case 'end':
        return existsSync(join(own, 'committed.json'));
    }
  }
}

interface Run {
  /** Of the watched file, when the run began. */
  readonly inode: number;
  readonly process: Spawned;
}

function isArtifact(path: string): boolean {
  return path.endsWith('.conda');
}
