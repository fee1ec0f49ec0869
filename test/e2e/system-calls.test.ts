import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { test, type TestContext } from 'node:test';
import pLimit from 'p-limit';
import type { ChannelSpec } from '../support/channel.js';
import {
  assertSettled,
  copyOfBase,
  type Crossing,
  makeCrossing,
  packages,
  unexcused,
} from '../support/crossing.js';
import { nextRuns } from '../support/importing.js';
import { memoryDirectory } from '../support/memory-directory.js';
import { skipWithout } from '../support/run-command.js';
import { type Injection, runTraced, type Traced, type TracedCall } from '../support/strace.js';

/** Every call, instead of some of each kind. */
const ALL = process.env.CONDA_DIFF_CALLS === 'all';
const next = nextRuns(ALL);
const AT_ONCE = 2;
const ERRORS = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE', 'EDQUOT'] as const;

const STATES: readonly ChannelSpec[] = [
  { 'linux-64': packages(0, 6), noarch: packages(10, 13) },
  {
    'linux-64': [...packages(1, 5), ...packages(5, 6, 'replaced '), ...packages(20, 22)],
    noarch: packages(10, 13),
    'win-64': packages(30, 31),
  },
];

/** Files that an import can do without: a cache, and an experiment. (Where no link can be made, there is a copy.) */
const TOLERATED = /\/hash-cache|\/link-test|\/\.conda-diff$/;

/** A command that is run again and again from the same state, each time with another call that fails. */
interface Subject {
  readonly name: 'apply' | 'undo' | 'recover';
  /** The repository that each run gets a copy of. */
  readonly start: string;
  readonly from: 0 | 1;
  readonly to: 0 | 1;
}

test('A system call that fails', { skip: skipWithout('strace') }, async (t) => {
  const folder = await memoryDirectory(t);
  const crossing = await makeCrossing(folder, STATES, { zst: true, shards: 'shards', channeldata: true });
  for (const subject of await makeSubjects(crossing, folder)) {
    await t.test(`${subject.name}: exit 15, the file is named, nothing is lost, the next run succeeds`, (t) =>
      failEach(t, crossing, folder, subject),
    );
  }
});

/** What `apply`, `undo` and `recover` start from; the last is a commit that was killed in its steps 1 to 3. */
async function makeSubjects(crossing: Crossing, folder: string): Promise<Subject[]> {
  const applied = copyOfBase(crossing, join(folder, 'applied'));
  await next.apply(applied, crossing.updates[0] ?? '');
  const killed = copyOfBase(crossing, join(folder, 'killed'));
  const kill: Injection = { call: 'rename', error: 'SIGKILL', when: 4 };
  const run = await runTraced('conda-diff-import', argumentsOf('apply', crossing, killed), kill);
  assert.equal(run.signal, 'SIGKILL', `strace must be able to trace here (ptrace): ${run.stderr}`);
  return [
    { name: 'apply', start: crossing.base, from: 0, to: 1 },
    { name: 'undo', start: applied, from: 1, to: 0 },
    { name: 'recover', start: killed, from: 0, to: 1 },
  ];
}

function argumentsOf(name: Subject['name'], { updates }: Crossing, copy: string): string[] {
  return name === 'apply' ? ['apply', updates[0] ?? '', copy] : [name, copy];
}

async function failEach(t: TestContext, crossing: Crossing, folder: string, subject: Subject): Promise<void> {
  const arena = { crossing, subject };
  const copy = copyOf(subject, join(folder, 'undisturbed'));
  const undisturbed = await runTraced('conda-diff-import', argumentsOf(subject.name, crossing, copy));
  assert.equal(undisturbed.code, 0, undisturbed.stderr);
  const cases = casesOf(subject.name, undisturbed, copy);
  const limit = pLimit(AT_ONCE);
  const results = await Promise.allSettled(
    cases.map((injection, n) => limit(() => failOne(arena, injection, join(folder, `copy-${n % 97}`)))),
  );
  const exits = results.map((result) => (result.status === 'fulfilled' ? result.value : 'wrong'));
  t.diagnostic(`${cases.length} calls failed: ${exits.filter((one) => one === 15).length} times exit 15`);
  const [first, ...others] = results.filter((result) => result.status === 'rejected');
  for (const { reason } of others) t.diagnostic(String(reason));
  if (first !== undefined) throw first.reason;
}

function copyOf({ start }: Subject, to: string): string {
  execFileSync('rm', ['-rf', to]);
  execFileSync('cp', ['-a', start, to]); // links would let one run see another one's changes
  return to;
}

/** The calls that shall fail, one a run, with an error each. */
function casesOf(subject: Subject['name'], { calls }: Traced, copy: string): Injection[] {
  const counts = new Map<string, number>();
  const cases = new Map<string, Injection>();
  for (const one of calls) {
    const path = one.call === 'open' || one.call === 'write' ? pathIn(copy, one) : undefined;
    if ((one.call === 'open' || one.call === 'write') && path === undefined) continue;
    const key = `${one.call} ${path ?? ''} ${one.thread}`;
    const when = (counts.get(key) ?? 0) + 1;
    counts.set(key, when);
    if (one.hasFailed) continue;
    const error = ERRORS[cases.size % ERRORS.length] as string;
    cases.set(`${one.call} ${path ?? ''} ${when}`, { call: one.call, error, when, ...(path && { path }) });
  }
  const all = [...cases.values()];
  return ALL ? [...all, ...withEveryError(all)] : someOf(subject, all);
}

/** The first and the last call of each kind, with each of the errors that it did not have yet. */
function withEveryError(all: readonly Injection[]): Injection[] {
  const kinds = [...new Set(all.map(({ call }) => call))];
  const ends = kinds.flatMap((kind) => {
    const alike = all.filter(({ call }) => call === kind);
    return alike.length > 1 ? [alike[0]!, alike.at(-1)!] : alike;
  });
  return ends.flatMap((one) =>
    ERRORS.filter((error) => error !== one.error).map((error) => ({ ...one, error })),
  );
}

/** Of each kind of call the first and the last; for undo and recover, which do the same things, one of them. */
function someOf(subject: Subject['name'], all: readonly Injection[]): Injection[] {
  const kinds = [...new Set(all.map(({ call }) => call))];
  return kinds.flatMap((kind, k) => {
    const alike = all.filter(({ call }) => call === kind);
    const last = alike.length - 1;
    const chosen = subject === 'apply' ? [0, last] : [Math.round((last * ((k * 7) % 10)) / 10)];
    return alike.filter((_, n) => chosen.includes(n));
  });
}

/**
 * The file below the copy that is opened or written, for calls that node itself makes, too: only those on this path
 * are counted then. Names that are made up for each run cannot be told.
 */
function pathIn(copy: string, { paths }: TracedCall): string | undefined {
  const path = paths.find((one) => one.startsWith(`${copy}/`))?.slice(copy.length + 1);
  return path === undefined || /[0-9a-f]{8}\.partial|undo\/[0-9a-f]/.test(path) ? undefined : path;
}

async function failOne(
  { crossing, subject }: { crossing: Crossing; subject: Subject },
  injection: Injection,
  to: string,
): Promise<number | null> {
  const { trees } = crossing;
  const copy = copyOf(subject, to);
  const { path } = injection;
  const args = argumentsOf(subject.name, crossing, copy);
  const run = await runTraced('conda-diff-import', args, {
    ...injection,
    ...(path !== undefined && { path: join(copy, path) }),
  });
  const said = `${JSON.stringify(injection)}\n${run.stdout}${run.stderr}`;
  assertFailed(run, injection, said);
  const [before = new Map(), after = new Map()] = subject.to === 1 ? trees : [...trees].reverse();
  assert.deepEqual(unexcused(copy, before, after), [], said);
  if (ALL || subject.name !== 'apply') await next.recover(copy);
  if (ALL || subject.name !== 'apply') assertSettled(copy, crossing, [0, 1]);
  if (subject.name === 'undo') await undoAgain(copy, crossing);
  else await next.apply(copy, crossing.updates[0] ?? '');
  assertSettled(copy, crossing, [subject.to]);
  execFileSync('rm', ['-rf', copy]);
  return run.code;
}

/** The copy may be at the base already: the undo was finished by the recovery. */
async function undoAgain(copy: string, crossing: Crossing): Promise<void> {
  if (assertSettled(copy, crossing, [0, 1]) === 1) await next.undo(copy);
}

function assertFailed(run: Traced, { call }: Injection, said: string): void {
  const hit = run.calls.filter(({ isInjected }) => isInjected);
  assert.ok(hit.length > 0, `no call failed: ${said}`);
  assert.doesNotMatch(run.stderr, /^ +at /m, said);
  const names = hit.flatMap(({ paths }) => paths);
  if (run.code === 0 && (call === 'link' || names.every((name) => TOLERATED.test(name)))) return;
  assert.equal(run.code, 15, said);
  // A directory that was opened for a change has no name in the log: then the copy must be named.
  const wanted = names.map((name) =>
    name
      .replace(/(\.[0-9a-f]{8})?\.partial$/, '')
      .replace(/^\/proc\/self\/fd\/\d+$/, '/copy-')
      .replace(/^\/proc\/self\/fd\/\d+/, ''),
  );
  const isNamed = wanted.some((name) => run.stderr.includes(name)) || / to the stage: /.test(run.stderr);
  assert.ok(isNamed, `the message does not name ${names.join(' or ')}: ${said}`);
}
