/**
 * How long it takes to make freshly staged files durable: fsync one by one, fsync of several at a time, or one
 * `sync -f` of the file system. Usage: node dist/test/bench/durability.js [files] [bytes] [rounds]
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import pLimit from 'p-limit';

const [files = 2000, bytes = 10_000, rounds = 5] = process.argv.slice(2).map(Number);

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync();
  await handle.close();
}

function stage(directory: string): string[] {
  mkdirSync(directory);
  const content = randomBytes(bytes);
  return Array.from({ length: files }, (_, n) => {
    const path = join(directory, String(n));
    writeFileSync(path, content);
    return path;
  });
}

async function syncAll(paths: readonly string[], atOnce: number): Promise<void> {
  const limit = pLimit(atOnce);
  await Promise.all(paths.map((path) => limit(syncFile, path)));
}

/** syncfs(2), for which Node has no call. */
function syncFileSystem(directory: string): void {
  execFileSync('sync', ['-f', directory]);
}

const ways: Record<string, (paths: readonly string[], directory: string) => Promise<void>> = {
  'fsync, 1 at a time': (paths) => syncAll(paths, 1),
  'fsync, 4 at a time': (paths) => syncAll(paths, 4),
  'fsync, 8 at a time': (paths) => syncAll(paths, 8),
  'fsync, 32 at a time': (paths) => syncAll(paths, 32),
  'sync -f': (_, directory) => {
    syncFileSystem(directory);
    return Promise.resolve();
  },
  'sync -f, fsync, 8': (paths, directory) => {
    syncFileSystem(directory);
    return syncAll(paths, 8);
  },
};

const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
const work = mkdtempSync(join(process.cwd(), '.durability-'));
try {
  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      execFileSync('sync');
      const directory = join(work, 'stage');
      const paths = stage(directory);
      const start = process.hrtime.bigint();
      await way(paths, directory);
      times.get(name)?.push(Number(process.hrtime.bigint() - start) / 1e6);
      rmSync(directory, { recursive: true });
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

console.log(
  `${files} files of ${bytes} bytes, median of ${rounds}, UV_THREADPOOL_SIZE=${process.env['UV_THREADPOOL_SIZE'] ?? '4'}`,
);
for (const [name, all] of times) {
  const median = all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
  console.log(`${name.padEnd(20)} ${median.toFixed(0).padStart(8)} ms`);
}
