import { rmSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './channel.js';
import { hasRoom } from './places.js';

/**
 * A folder of its own for one test, in memory where there is room: for tests that start hundreds of runs and that
 * only processes disturb, not the power.
 */
export async function memoryDirectory(t: Pick<TestContext, 'after'>): Promise<string> {
  if (!hasRoom('/dev/shm')) return temporaryDirectory(t);
  const folder = await realpath(await mkdtemp(join('/dev/shm', 'conda-diff-')));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return folder;
}
