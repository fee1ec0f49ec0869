import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A file of an image; two names of one file are the same object. */
export interface ImageFile {
  readonly bytes: Buffer;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** A tree held in memory; paths are relative to its root. */
export interface Image {
  /** Path → permission bits, parents first. */
  readonly directories: ReadonlyMap<string, number>;
  readonly files: ReadonlyMap<string, ImageFile>;
}

/** Reads a tree without its lock file and hash cache, which a crash may lose. */
export function readImage(root: string): Image {
  const directories = new Map<string, number>();
  const files = new Map<string, ImageFile>();
  const byInode = new Map<number, ImageFile>();
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  for (const path of names.filter((name) => !/\.conda-diff\/(lock|hash-cache)$/.test(name))) {
    const stats = lstatSync(join(root, path));
    const mode = stats.mode & 0o7777;
    if (stats.isDirectory()) directories.set(path, mode);
    else {
      const { ino, mtimeMs } = stats;
      const file = byInode.get(ino) ?? { bytes: readFileSync(join(root, path)), mode, mtime: mtimeMs / 1000 };
      byInode.set(ino, file);
      files.set(path, file);
    }
  }
  return { directories, files };
}

/** Writes an image to a directory that does not exist. */
export function writeImage({ directories, files }: Image, root: string): void {
  mkdirSync(root, { recursive: true });
  for (const [path, mode] of directories) {
    mkdirSync(join(root, path));
    chmodSync(join(root, path), mode);
  }
  const written = new Map<ImageFile, string>();
  for (const [path, file] of files) {
    const to = join(root, path);
    const first = written.get(file);
    if (first !== undefined) linkSync(first, to);
    else {
      writeFileSync(to, file.bytes);
      chmodSync(to, file.mode);
      utimesSync(to, file.mtime, file.mtime);
      written.set(file, to);
    }
  }
}

const hashes = new WeakMap<Buffer, string>();

/** The sha256 of bytes that are never changed. */
export function sha256Of(bytes: Buffer): string {
  const known = hashes.get(bytes);
  if (known !== undefined) return known;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  hashes.set(bytes, sha256);
  return sha256;
}

/** A hash of what an image holds under which names. */
export function keyOf({ directories, files }: Image): string {
  const hash = createHash('sha256');
  for (const [path, mode] of directories) hash.update(`${path} ${mode}\n`);
  for (const [path, { bytes, mode, mtime }] of files)
    hash.update(`${path} ${sha256Of(bytes)} ${mode} ${mtime}\n`);
  return hash.digest('hex');
}

/** The image without the paths that are dropped. */
export function leaveOut({ directories, files }: Image, isDropped: (path: string) => boolean): Image {
  const isKept = ([path]: readonly [string, unknown]): boolean => !isDropped(path);
  return { directories: new Map([...directories].filter(isKept)), files: new Map([...files].filter(isKept)) };
}

/** The image with the stage deleted by hand. */
export function withoutStage(image: Image): Image {
  return leaveOut(image, (path) => /^\.conda-diff\/stage(\/|$)/.test(path));
}
