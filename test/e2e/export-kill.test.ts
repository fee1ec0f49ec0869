import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeChannel } from '../support/channel.js';
import { assertSettled, command, packages, type Tree } from '../support/crossing.js';
import { createUpdate, setFirstBase, writeReferenceOf } from '../support/exporting.js';
import { nextRuns } from '../support/importing.js';
import { hashTree } from '../support/index-reader.js';
import { memoryDirectory } from '../support/memory-directory.js';
import { Random, seedFromEnvironment } from '../support/random.js';
import { skipWithout } from '../support/run-command.js';
import { start } from '../support/spawned.js';
import { type Call, type Injection, runTraced, type TracedCall } from '../support/strace.js';

/** Every call that changes a file, and as many random moments, instead of some. */
const ALL = process.env.CONDA_DIFF_CALLS === 'all';

const noarch = packages(100, 104);
const STATES = [
  { 'linux-64': packages(0, 20), noarch },
  { 'linux-64': [...packages(2, 19), ...packages(19, 20, 'replaced '), ...packages(30, 40)], noarch },
  { 'linux-64': [...packages(4, 19), ...packages(30, 45)], noarch },
];
const OPTIONS = { zst: true, shards: 'shards', channeldata: true } as const;
const CHANGING: readonly Call[] = ['rename', 'fsync', 'mkdir', 'link', 'unlink', 'rmdir'];

/** A mirror, where its updates go, and the export that is killed there. */
interface Scene {
  readonly what: string;
  readonly place: string;
  /** A copy of the place as it is before. */
  readonly before: string;
  readonly args: readonly string[];
  readonly base: string;
  /** The states of the copy: the base, then the one that the next update leads to. */
  readonly trees: readonly Tree[];
}

/** How many exports were found unfinished, by what became of them. */
interface Tally {
  dropped: number;
  adopted: number;
}

test('An export that is killed', { skip: skipWithout('strace') }, async (t) => {
  const seed = seedFromEnvironment();
  const random = new Random(seed);
  t.diagnostic(`seed ${seed} (CONDA_DIFF_SEED)`);
  const folder = await memoryDirectory(t);
  for (const scene of [await firstUpdate(folder), await overwriting(folder)]) {
    await t.test(
      `${scene.what}: the next one is right, no number is used twice, nothing is left over`,
      async (t) => {
        const tally: Tally = { dropped: 0, adopted: 0 };
        const { points, milliseconds } = await survey(scene);
        for (const point of points) await afterKill(scene, tally, () => killedAt(scene, point));
        const moments = ALL ? points.length : 1;
        for (let n = 0; n < moments; n++) {
          const after = milliseconds * (0.3 + 0.7 * ((n + random.next()) / moments));
          await afterKill(scene, tally, () => killedAfter(scene, after));
        }
        t.diagnostic(`${points.length} calls and ${moments} moments: ${JSON.stringify(tally)}`);
        assert.ok(tally.dropped > 0 && tally.adopted > 0, 'the ledger was never left with a planned update');
      },
    );
  }
});

/** A mirror whose first update is to be made. */
async function firstUpdate(folder: string): Promise<Scene> {
  const place = join(folder, 'first');
  const [mirror, base] = [join(place, 'mirror'), join(folder, 'base')];
  await writeChannel(base, STATES[0] ?? {}, OPTIONS);
  const reference = join(folder, 'base.json');
  await writeReferenceOf(base, reference);
  await mkdir(place);
  execFileSync('cp', ['-a', base, mirror]);
  await setFirstBase(mirror, reference);
  await writeChannel(mirror, STATES[1] ?? {}, OPTIONS);
  const args = ['create', mirror, '-o', `${join(place, 'outbox')}/`, '--json'];
  return saved({ what: 'the first update', place, args, base }, folder);
}

/** A mirror whose last update was not delivered and is to be replaced by one that carries more. */
async function overwriting(folder: string): Promise<Scene> {
  const first = await firstUpdate(join((await mkdir(join(folder, 'more'), { recursive: true })) ?? folder));
  const mirror = join(first.place, 'mirror');
  const output = join(first.place, 'update.tar');
  await createUpdate(mirror, output);
  await writeChannel(mirror, STATES[2] ?? {}, OPTIONS);
  const args = ['create', mirror, '-o', output, '--overwrite', '--json'];
  return saved({ ...first, what: 'one that takes the place of another', args }, folder);
}

function saved(scene: Omit<Scene, 'before' | 'trees'>, folder: string): Scene {
  const before = join(folder, `before-${scene.what.length}`);
  execFileSync('cp', ['-a', scene.place, before]);
  return { ...scene, before, trees: [hashTree(scene.base), hashTree(join(scene.place, 'mirror'))] };
}

function reset({ place, before }: Scene): void {
  execFileSync('rm', ['-rf', place]);
  execFileSync('cp', ['-a', before, place]);
}

/** The calls to be killed at, and how long an export takes. */
async function survey(scene: Scene): Promise<{ points: Injection[]; milliseconds: number }> {
  reset(scene);
  const { calls, code, stderr } = await runTraced('conda-diff-export', scene.args);
  assert.equal(code, 0, stderr);
  const isHere = ({ paths }: TracedCall): boolean => paths.some((path) => path.startsWith(scene.place));
  const points = CHANGING.flatMap((call) =>
    calls
      .filter((one) => one.call === call && isHere(one))
      .map((_, n) => ({ call, error: 'SIGKILL', when: n + 1 })),
  );
  // Around the moment at which the update is complete, and nobody has been told.
  const isManifest = (path: string): boolean => path.endsWith('.manifest.json');
  const complete = calls.findIndex(({ call, paths }) => call === 'rename' && paths.some(isManifest));
  const before = calls.slice(0, complete).filter(({ call }) => call === 'fsync').length;
  const around = [before - 4, before, before + 1, before + 2];
  const some = points.filter(
    ({ call, when }, n) => n % 24 === 5 || (call === 'fsync' && around.includes(when)),
  );
  reset(scene);
  const begun = performance.now();
  await command('conda-diff-export', scene.args);
  return { points: ALL ? points : some, milliseconds: performance.now() - begun };
}

async function killedAt({ args }: Scene, point: Injection): Promise<void> {
  const { signal, stderr } = await runTraced('conda-diff-export', args, point);
  assert.equal(signal, 'SIGKILL', `${JSON.stringify(point)}: ${stderr}`);
}

async function killedAfter({ args }: Scene, milliseconds: number): Promise<void> {
  const run = start('conda-diff-export', args);
  await sleep(milliseconds);
  run.kill('SIGKILL');
  await run.ended;
}

async function afterKill(scene: Scene, tally: Tally, kill: () => Promise<void>): Promise<void> {
  reset(scene);
  await kill();
  const { sequence, manifest } = await nextExport(scene, tally);
  const copy = join(scene.place, 'copy');
  execFileSync('cp', ['-a', scene.base, copy]);
  await nextRuns(ALL).apply(copy, manifest);
  assertSettled(copy, { ...scene, mirror: '', updates: [] }, [1]);
  assert.deepEqual(leftOver(scene, manifest), []);
  assertNumbers(ledgerOf(scene));
  assert.ok(sequence <= 3, `sequence ${sequence}`);
}

interface Document {
  readonly outcome: 'published' | 'no-difference';
  readonly update?: { readonly id: string; readonly sequence: number };
  readonly lastUpdate?: string;
  readonly outputs?: { readonly manifest: string };
}

/** The update that there is after the next export, which may have adopted the one that was killed. */
async function nextExport(scene: Scene, tally: Tally): Promise<{ sequence: number; manifest: string }> {
  const before = ledgerOf(scene);
  const result = await command('conda-diff-export', scene.args);
  const document = result.json<Document>();
  const events = ledgerOf(scene).slice(before.length);
  const pending = before.findLast(({ event }) => event === 'planned')?.id;
  const end = events.find(({ id }) => id === pending)?.event;
  if (end === 'dropped') tally.dropped++;
  if (end === 'published') tally.adopted++;
  if (document.outcome === 'published') {
    const { update, outputs } = document;
    return { sequence: update?.sequence ?? 0, manifest: outputs?.manifest ?? '' };
  }
  const planned = ledgerOf(scene).find(({ event, id }) => event === 'planned' && id === document.lastUpdate);
  assert.ok(planned, `no update ${document.lastUpdate} in the ledger`);
  return { sequence: planned.sequence ?? 0, manifest: planned.manifest ?? '' };
}

interface LedgerLine {
  readonly event: string;
  readonly id?: string;
  readonly sequence?: number;
  readonly manifest?: string;
}

function ledgerOf({ place }: Scene): LedgerLine[] {
  const text = readFileSync(join(place, 'mirror/.conda-diff/ledger.jsonl'), 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerLine);
}

/** No two planned updates have the same number. */
function assertNumbers(ledger: readonly LedgerLine[]): void {
  const planned = ledger.filter(({ event }) => event === 'planned').map(({ sequence }) => sequence);
  assert.equal(new Set(planned).size, planned.length, planned.join());
}

/** Files that are neither of the update, nor of the mirror, nor what an export keeps. */
function leftOver({ place }: Scene, manifest: string): string[] {
  const stem = basename(manifest, '.manifest.json');
  const ours = [`${stem}.tar`, `${stem}.manifest.json`, `${stem}.base.json.gz`];
  const outputs = readdirSync(place, { recursive: true, withFileTypes: true }).filter(
    (item) => item.isFile() && !/^(mirror|copy)(\/|$)/.test(item.parentPath.slice(place.length + 1)),
  );
  const own = readdirSync(join(place, 'mirror/.conda-diff'), { recursive: true, encoding: 'utf8' });
  return [
    ...outputs
      .filter((item) => !(manifest.startsWith(`${item.parentPath}/`) && ours.includes(item.name)))
      .map((item) => join(item.parentPath, item.name)),
    ...own.filter(
      (name) => !/^(hash-cache|ledger\.(head|jsonl)|references(\/[0-9a-f]{64}\.json\.gz)?)$/.test(name),
    ),
  ];
}
