import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { CondaDiffError } from '../../shared/errors.js';
import { apply, cloneSite, listing } from '../support/hostile-site.js';
import { Random } from '../support/random.js';
import { applyVerdict, checkVerdict, effectOf, readVerdict, type Verdict } from './judge.js';
import { type Files, mutate } from './mutate.js';
import { makeSubject, type Subject } from './subject.js';

export interface FuzzOptions {
  readonly seed: number;
  /** Must be empty; everything happens in it. */
  readonly folder: string;
  /** When to stop; at least one of them. */
  readonly milliseconds?: number;
  readonly iterations?: number;
  /** Altered places. */
  readonly positions?: number;
  /** The first iteration, to have one again. */
  readonly first?: number;
  /** Told before each iteration. */
  readonly begun?: (iteration: number) => void;
}

export interface FuzzReport {
  readonly seed: number;
  readonly iterations: number;
  /** How many places were altered. */
  readonly positions: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  readonly slowestMilliseconds: number;
  readonly largestRssBytes: number;
}

/** Far above what reading such an update takes, and far below what a bomb would. */
const MAX_MILLISECONDS = 10_000;
const MAX_RSS_BYTES = 1 << 30;
/** How often the whole importer decides, too, and how often everything around the copy is compared. */
const CHECK_EVERY = 100;
const COMPARE_EVERY = 5000;

/**
 * Alters an update again and again. Each result must be refused, or have the effect of the original, in bounded time and
 * memory; nothing in and around the copy may change.
 *
 * @throws Error naming seed and iteration
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const subject = await makeSubject(options.folder);
  const wanted = await wantedEffect(subject, options.folder);
  const world = listing(subject.site.world);
  const count = { iterations: 0, positions: 0, slowest: 0, rss: 0, verdicts: new Map<string, number>() };
  const begun = performance.now();
  const { iterations = Infinity, positions = Infinity, milliseconds = Infinity } = options;
  const isOver = (): boolean =>
    count.iterations >= iterations ||
    count.positions >= positions ||
    performance.now() - begun >= milliseconds;
  for (let n = options.first ?? 0; !isOver(); n++) {
    options.begun?.(n);
    const start = performance.now();
    const { verdict, places } = await named(options.seed, n, () => tryOne(subject, options.seed, n, wanted));
    count.iterations++;
    count.positions += places;
    count.verdicts.set(verdict, (count.verdicts.get(verdict) ?? 0) + 1);
    count.slowest = Math.max(count.slowest, performance.now() - start);
    count.rss = Math.max(count.rss, n % 100 === 0 ? process.memoryUsage.rss() : 0);
    const limits = `iteration ${n} of seed ${options.seed}`;
    assert.ok(count.slowest < MAX_MILLISECONDS, `${limits} took too long`);
    assert.ok(count.rss < MAX_RSS_BYTES, `${limits} takes too much memory`);
    if (n % COMPARE_EVERY === 0) assert.deepEqual(listing(subject.site.world), world, limits);
  }
  assert.deepEqual(listing(subject.site.world), world, 'something in or around the copy has changed');
  return {
    ...{ seed: options.seed, iterations: count.iterations, positions: count.positions },
    verdicts: Object.fromEntries([...count.verdicts].sort()),
    milliseconds: Math.round(performance.now() - begun),
    slowestMilliseconds: Math.round(count.slowest),
    largestRssBytes: count.rss,
  };
}

/** One altered update, with signatures asked for in every second iteration. */
async function tryOne(
  { site, original, other, trust }: Subject,
  seed: number,
  n: number,
  wanted: readonly string[],
): Promise<{ verdict: Verdict | 'unaltered'; places: number }> {
  const random = new Random((seed + Math.imul(n, 0x9e3779b1)) >>> 0);
  const trusted = n % 2 === 0 ? trust : undefined;
  const from = trusted === undefined ? unsigned(original) : original;
  const { files, did } = mutate(from, other, random);
  if (isSame(files, from)) return { verdict: 'unaltered', places: 0 };
  write(site.media, files);
  const read = await readVerdict(site.media, trusted);
  if (read !== undefined && n % CHECK_EVERY >= 2) return { verdict: read, places: did.length };
  const checked = await checkVerdict(site, trusted);
  // What is wrong with an archive is found after it was found whether the update fits.
  if (read !== undefined)
    assert.ok(checked === read || checked === 'fit' || checked === 'io', `${read}, then ${String(checked)}`);
  if (checked !== undefined) return { verdict: checked, places: did.length };
  return { verdict: await applyVerdict(site, trusted, wanted), places: did.length };
}

/** Where no signature is asked for, none is looked at. */
function unsigned(files: Files): Files {
  return new Map([...files].filter(([name]) => !name.endsWith('.sig')));
}

/** Some alterations cancel each other, or find nothing to alter. */
function isSame(files: Files, original: Files): boolean {
  return [...original].every(([name, bytes]) => files.get(name)?.equals(bytes));
}

/** Every file anew: what an earlier iteration left must not matter. */
function write(directory: string, files: Files): void {
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
}

async function wantedEffect({ site, trust }: Subject, folder: string): Promise<string[]> {
  const clone = cloneSite(site, join(folder, 'world', '..', 'first'));
  try {
    await apply(clone, site.update, trust);
    return effectOf(clone);
  } finally {
    rmSync(join(folder, 'first'), { recursive: true });
  }
}

async function named<T>(seed: number, n: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const told =
      error instanceof CondaDiffError ? [error.message, ...error.details].join('\n') : String(error);
    throw new Error(`iteration ${n} of seed ${seed}: ${told}`, { cause: error });
  }
}
