import { accessSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALWAYS_STARTS } from './run-command.js';

const ROOM = 1 << 29;

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

/**
 * Where the folders of tests are: in memory where there is room, because most of them wait for a disk otherwise; on the disk
 * where each command has a process of its own, as in real life.
 */
export function placeForTests(): string {
  return ALWAYS_STARTS ? tmpdir() : memoryForPrograms();
}

/** Whether there is room for what a test makes. */
export function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= ROOM;
  } catch {
    return false;
  }
}
