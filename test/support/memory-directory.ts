import { accessSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './channel.js';

const ROOM = 1 << 29;

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

/** Where a directory for short work can be made in which programs can be started: in memory where there is room. */
export function memoryForPrograms(): string {
  if (!hasRoom('/dev/shm')) return tmpdir();
  const probe = mkdtempSync(join('/dev/shm', 'conda-diff-'));
  try {
    writeFileSync(join(probe, 'program'), '', { mode: 0o755 });
    accessSync(join(probe, 'program'), constants.X_OK); // fails on what is mounted noexec
    return '/dev/shm';
  } catch {
    return tmpdir();
  } finally {
    rmSync(probe, { recursive: true });
  }
}

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= ROOM;
  } catch {
    return false;
  }
}
