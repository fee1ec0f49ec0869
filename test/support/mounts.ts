import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { TestContext } from 'node:test';

type Test = Pick<TestContext, 'after'>;

/** Commands of administrators are not on everyone's path. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

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
export function mountTmpfs(t: Test, size: string, inodes?: number): string {
  const limit = inodes === undefined ? '' : `,nr_inodes=${inodes}`;
  return mountAt(t, ['mount', '-t', 'tmpfs', '-o', `size=${size}${limit}`, 'tmpfs']);
}

/** Shows a directory at another place where it cannot be written to, for one test. */
export function mountReadOnly(t: Test, directory: string): string {
  return mountAt(t, ['mount', '--bind', '-o', 'ro', directory]);
}

/** Mounts an ext4 file system in an image, for one test. */
export function mountExt4(t: Test, megabytes: number): string {
  return mountImage(t, megabytes, ['mkfs.ext4', '-q', '-m', '0'], ['mount']);
}

/**
 * Mounts a file system that has neither hard links nor owners, in an image, for one test: FAT where the kernel knows
 * it, else exFAT through FUSE.
 */
export function mountFat(t: Test, megabytes: number): string {
  return readFileSync('/proc/filesystems', 'utf8').includes('\tvfat\n')
    ? mountImage(t, megabytes, ['mkfs.vfat'], ['mount'])
    : mountImage(t, megabytes, ['mkfs.exfat'], ['mount.exfat-fuse']);
}

function mountImage(t: Test, megabytes: number, make: readonly string[], mount: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'conda-diff-image-'));
  const image = join(folder, 'image');
  writeFileSync(image, '');
  truncateSync(image, megabytes * 2 ** 20);
  need(run(...make, image));
  const { stdout, stderr } = spawnSync('losetup', ['--find', '--show', image], {
    encoding: 'utf8',
    env: ENVIRONMENT,
  });
  const device = stdout.trim();
  if (device === '') need(`losetup: ${stderr.trim()}`);
  return mountAt(t, [...mount, device], () => {
    need(run('losetup', '--detach', device));
    rmSync(folder, { recursive: true });
  });
}

/** Mounts something at a new place that everyone may enter; taken away after the test. */
function mountAt(t: Test, mount: readonly string[], finish: () => void = () => undefined): string {
  const place = mkdtempSync(join(tmpdir(), 'conda-diff-mount-'));
  chmodSync(place, 0o755);
  need(run(...mount, place));
  t.after(() => {
    unmount(place);
    rmSync(place, { recursive: true });
    finish();
  });
  return place;
}

/** Mounts a file system in memory at a place of the caller's, who must {@link unmount} it. */
export function mountTmpfsOn(place: string, size: string): void {
  need(run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place));
}

/** Makes a directory a mount of its own file system; the caller must {@link unmount} it. */
export function mountOnItself(directory: string): void {
  need(run('mount', '--bind', directory, directory));
}

export function unmount(place: string): void {
  need(run('umount', place));
}

function need(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(`This test must mount file systems: ${problem}`);
}

/** @returns what went wrong, if anything */
function run(...line: readonly string[]): string | undefined {
  const [command = '', ...args] = line;
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env: ENVIRONMENT });
  if (status === 0) return undefined;
  return `${line.join(' ')}: ${error?.message ?? stderr.trim()}`;
}
