import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { TestContext } from 'node:test';

/** For a test's `skip`: why file systems cannot be mounted here, or false. Never skips on CI: there it is a failure. */
export function skipWithoutMounts(): string | false {
  if (process.env.CI) return false;
  const place = mkdtempSync(join(tmpdir(), 'conda-diff-mount-'));
  try {
    const problem = run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place);
    if (problem === undefined) run('umount', place);
    return problem ?? false;
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** Mounts a file system in memory for one test. */
export function mountTmpfs(t: Pick<TestContext, 'after'>, size: string, more = ''): string {
  return mountAt(t, ['-t', 'tmpfs', '-o', `size=${size}${more}`, 'tmpfs']);
}

/** Mounts an ext4 file system of its own, in an image, for one test. */
export function mountExt4(t: Pick<TestContext, 'after'>, megabytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'conda-diff-image-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const image = join(folder, 'image');
  writeFileSync(image, '');
  need(run('truncate', '-s', `${megabytes}M`, image));
  need(run('mkfs.ext4', '-q', '-m', '0', image));
  return mountAt(t, ['-o', 'loop', image]);
}

/** Shows a directory at another place where it cannot be written to, for one test. */
export function mountReadOnly(t: Pick<TestContext, 'after'>, directory: string): string {
  return mountAt(t, ['--bind', '-o', 'ro', directory]);
}

/** Mounts something at a new place that everyone may enter; unmounted after the test. */
function mountAt(t: Pick<TestContext, 'after'>, what: readonly string[]): string {
  const place = mkdtempSync(join(tmpdir(), 'conda-diff-mount-'));
  chmodSync(place, 0o755);
  mountOn(t, what, place);
  t.after(() => {
    rmSync(place, { recursive: true, force: true });
  });
  return place;
}

/** Mounts something at a place; unmounted after the test. */
export function mountOn(t: Pick<TestContext, 'after'>, what: readonly string[], place: string): void {
  mkdirSync(place, { recursive: true });
  need(run('mount', ...what, place));
  t.after(() => {
    need(run('umount', '--lazy', place));
  });
}

function need(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(`This test must mount file systems: ${problem}`);
}

/** @returns what went wrong, if anything */
function run(command: string, ...args: string[]): string | undefined {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`;
}
