import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { makeSite } from '../support/hostile-site.js';
import { corruptions } from './corruptions.js';
import type { WorkerData } from './fuzz-worker.js';
import type { FuzzReport } from './loop.js';
import { signAll } from './subject.js';

/**
 * `npm run test:fuzz -- --minutes <n> [--seed <s>] [--positions <n>] [--first <i> --iterations <k>]`, or
 * `npm run test:fuzz -- --corruptions <n> [--seed <s>]`
 *
 * Prints what it did as JSON. The fuzzing is in a thread of its own, so that one that hangs or takes all memory is
 * noticed, and named by its seed and iteration.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    first: { type: 'string' },
    iterations: { type: 'string' },
    positions: { type: 'string' },
    corruptions: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const HANGS_AFTER_MS = 60_000;
const WATCH_MS = 1000;
const TELL_MS = 60_000;
const MEMORY_MB = 512;
const UPDATE_BYTES = 20e6;

process.stderr.write(`seed ${seed}\n`);
const folder = mkdtempSync(join(realpathSync(tmpdir()), 'conda-diff-fuzz-'));
try {
  if (values.corruptions !== undefined) {
    const site = await makeSite(folder, UPDATE_BYTES);
    const trust = signAll([site.update]);
    const count = Number(values.corruptions);
    print(await corruptions({ site, trust }, { seed, count, applied: Math.ceil(count / 250) }));
  } else print(await fuzzInThread());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function print(report: object): void {
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
}

function fuzzInThread(): Promise<FuzzReport> {
  const counter = new SharedArrayBuffer(4);
  const data: WorkerData = {
    options: {
      ...{ seed, folder, milliseconds: Number(values.minutes ?? 1) * 60_000 },
      ...(values.first !== undefined && { first: Number(values.first) }),
      ...(values.iterations !== undefined && { iterations: Number(values.iterations) }),
      ...(values.positions !== undefined && { positions: Number(values.positions) }),
    },
    counter,
  };
  const worker = new Worker(new URL('fuzz-worker.js', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  return new Promise((resolve, reject) => {
    let [last, since] = [-1, performance.now()];
    const watch = setInterval(() => {
      const now = Atomics.load(new Int32Array(counter), 0);
      if (now !== last) [last, since] = [now, performance.now()];
      else if (performance.now() - since > HANGS_AFTER_MS && now > 0) {
        void worker.terminate();
        reject(new Error(`iteration ${now - 1} of seed ${seed} hangs`));
      }
    }, WATCH_MS);
    const tell = setInterval(() => {
      process.stderr.write(`${Atomics.load(new Int32Array(counter), 0)} updates\n`);
    }, TELL_MS);
    const end = (): void => {
      clearInterval(watch);
      clearInterval(tell);
    };
    worker.once('message', (report: FuzzReport) => {
      end();
      resolve(report);
    });
    worker.once('error', (error) => {
      end();
      reject(error);
    });
  });
}
