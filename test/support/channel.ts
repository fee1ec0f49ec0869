import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  realpath,
  rm,
  rmdir,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import { placeForTests } from './places.js';
import { buildConda, buildTarBz2, bzip2, indexJson, zstdFrame, type PackageSpec } from './conda-package.js';

export interface ChannelPackage extends PackageSpec {
  /** `conda` by default; `tar.bz2` needs the `bzip2` command. */
  readonly format?: 'conda' | 'tar.bz2';
}

/** Subdir → its packages. */
export type ChannelSpec = Readonly<Record<string, readonly ChannelPackage[]>>;

/** Which files besides `repodata.json` and the artifacts the channel has; none by default. */
export interface ChannelOptions {
  readonly zst?: boolean;
  readonly gz?: boolean;
  /** Needs the `bzip2` command. */
  readonly bz2?: boolean;
  /** `current_repodata.json`: the last listed package of each name, in the same encodings. */
  readonly current?: boolean;
  /** The shard index (CEP 16) and its shards: in `shards/`, or beside it as conda-index writes them. */
  readonly shards?: 'shards' | 'beside';
  /** `channeldata.json` in the root. */
  readonly channeldata?: boolean;
  /** Subdir → file names for `removed`; an artifact of that name stays on disk (CEP 36). */
  readonly removed?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Makes the folder hold exactly this channel, with real artifacts and hashes. Call it again to mutate the channel:
 * files that did not change keep their mtime; artifacts, indexes and whole index directories that are no longer
 * wanted are deleted. Files of other kinds are left alone.
 */
export async function writeChannel(
  root: string,
  spec: ChannelSpec,
  options: ChannelOptions = {},
): Promise<void> {
  const wanted = new Map<string, Uint8Array>();
  const kept = new Set<string>();
  for (const [subdir, packages] of Object.entries(spec)) {
    for (const [path, bytes] of subdirFiles(subdir, packages, options))
      wanted.set(`${subdir}/${path}`, bytes);
    for (const name of options.removed?.[subdir] ?? []) kept.add(`${subdir}/${name}`);
  }
  if (options.channeldata) wanted.set('channeldata.json', channelData(spec));
  for (const path of await filesBelow(root)) {
    if (!channelFile.test(path) || wanted.has(path) || kept.has(path)) continue;
    await rm(join(root, path));
    await rmdir(dirname(join(root, path))).catch(() => undefined); // only if that was its last file
  }
  for (const [path, bytes] of wanted) await writeChanged(join(root, path), bytes);
}

/** A folder of its own for one test, removed after it. */
export async function temporaryDirectory(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(placeForTests(), 'conda-diff-')));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** What {@link temporaryDirectory} takes for a folder that all tests of a file use. Call it at the top level. */
export function fileScope(): Pick<TestContext, 'after'> {
  return { after: (remove?: () => unknown) => after(() => remove?.()) } as Pick<TestContext, 'after'>;
}

/**
 * Copies a tree with its symbolic links and its mtimes in whole seconds (Node cannot set them exactly); the copy is
 * writable by its owner even where the original is not.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else {
      const { mode, mtimeMs } = await lstat(source);
      const seconds = Math.floor(mtimeMs / 1000);
      await copyFile(source, target);
      await chmod(target, (mode & 0o7777) | 0o200);
      await utimes(target, seconds, seconds);
    }
  }
}

/** One file of a tree. A symbolic link counts as a file that holds `-> <target>`. */
export interface TreeEntry {
  /** Relative to the tree's root, `/`-separated. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Permission bits. */
  readonly mode: number;
  readonly mtimeMs: number;
}

/** Every file below the root, dot-files included, in byte order of the paths; none if the root is not there. */
export async function listTree(root: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const path of await filesBelow(root)) {
    const stat = await lstat(join(root, path));
    const content = stat.isSymbolicLink()
      ? Buffer.from(`-> ${await readlink(join(root, path))}`)
      : await readFile(join(root, path));
    const { length: size } = content;
    entries.push({
      path,
      size,
      sha256: hex('sha256', content),
      mode: stat.mode & 0o7777,
      mtimeMs: stat.mtimeMs,
    });
  }
  return entries;
}

/** What writeChannel owns, relative to the channel's root. */
const channelFile =
  /^(channeldata\.json|[^/.][^/]*\/((current_)?repodata\.json(\.\w+)?|(shards\/)?[^/]*\.(conda|tar\.bz2|msgpack\.zst)))$/;

function subdirFiles(
  subdir: string,
  packages: readonly ChannelPackage[],
  options: ChannelOptions,
): (readonly [path: string, bytes: Uint8Array])[] {
  const built = packages.map((spec) => buildPackage({ ...spec, subdir }));
  const removed = options.removed?.[subdir] ?? [];
  const newest = [...new Map(built.map((one) => [one.name, one])).values()];
  return [
    ...built.map(({ fileName, bytes }) => [fileName, bytes] as const),
    ...encodings('repodata.json', repodata(subdir, built, removed), options),
    ...(options.current ? encodings('current_repodata.json', repodata(subdir, newest, []), options) : []),
    ...(options.shards ? shards(subdir, built, options.shards) : []),
  ];
}

interface BuiltPackage {
  readonly name: string;
  readonly fileName: string;
  readonly bytes: Uint8Array;
  readonly record: Readonly<Record<string, unknown>>;
}

function buildPackage(spec: ChannelPackage): BuiltPackage {
  const { fileName, bytes } = spec.format === 'tar.bz2' ? buildTarBz2(spec) : buildConda(spec);
  const hashes = { md5: hex('md5', bytes), sha256: hex('sha256', bytes), size: bytes.length };
  return { name: spec.name, fileName, bytes, record: { ...indexJson(spec), ...hashes } };
}

function repodata(subdir: string, packages: readonly BuiltPackage[], removed: readonly string[]): Buffer {
  return json({ info: { subdir }, ...records(packages), removed, repodata_version: 1 });
}

function records(packages: readonly BuiltPackage[]) {
  const sorted = [...packages].sort((a, b) =>
    Buffer.compare(Buffer.from(a.fileName), Buffer.from(b.fileName)),
  );
  const named = (extension: string) =>
    Object.fromEntries(
      sorted.filter((p) => p.fileName.endsWith(extension)).map((p) => [p.fileName, p.record]),
    );
  return { packages: named('.tar.bz2'), 'packages.conda': named('.conda') };
}

function encodings(name: string, bytes: Buffer, options: ChannelOptions): (readonly [string, Uint8Array])[] {
  return [
    [name, bytes],
    ...(options.zst ? [[`${name}.zst`, zstdFrame(bytes)] as const] : []),
    ...(options.gz ? [[`${name}.gz`, gzipSync(bytes)] as const] : []),
    ...(options.bz2 ? [[`${name}.bz2`, bzip2(bytes)] as const] : []),
  ];
}

function shards(subdir: string, packages: readonly BuiltPackage[], place: 'shards' | 'beside') {
  const folder = place === 'shards' ? 'shards/' : '';
  const index: Record<string, Uint8Array> = {};
  const files: (readonly [string, Uint8Array])[] = [];
  for (const name of [...new Set(packages.map((one) => one.name))].sort()) {
    const own = packages
      .filter((one) => one.name === name)
      .map((one) => ({ ...one, record: binary(one.record) }));
    const bytes = zstdFrame(encode({ ...records(own), removed: [] }));
    index[name] = createHash('sha256').update(bytes).digest();
    files.push([`${folder}${hex('sha256', bytes)}.msgpack.zst`, bytes]);
  }
  const info = { subdir, base_url: './', shards_base_url: `./${folder}` };
  return [
    ...files,
    ['repodata_shards.msgpack.zst', zstdFrame(encode({ version: 1, info, shards: index }))] as const,
  ];
}

/** A record as shards hold it: hashes as bytes (CEP 16). */
function binary(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const bytes = (value: unknown) => Buffer.from(String(value), 'hex');
  return { ...record, md5: bytes(record.md5), sha256: bytes(record.sha256) };
}

function channelData(spec: ChannelSpec): Buffer {
  const packages: Record<string, { version: string; subdirs: string[] }> = {};
  for (const [subdir, listed] of Object.entries(spec)) {
    for (const { name, version = '1.0' } of listed) {
      packages[name] = { version, subdirs: [...new Set([...(packages[name]?.subdirs ?? []), subdir])] };
    }
  }
  return json({ channeldata_version: 1, packages, subdirs: Object.keys(spec) });
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function hex(algorithm: 'md5' | 'sha256', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** Writes under a new inode, so that hard links elsewhere keep what they had. */
async function writeChanged(path: string, bytes: Uint8Array): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(bytes)) return;
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await writeFile(path, bytes);
}

/** Paths of all files and links below the root, `/`-separated, in byte order. */
async function filesBelow(root: string, below = ''): Promise<string[]> {
  const paths: string[] = [];
  if (!existsSync(join(root, below))) return paths;
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await filesBelow(root, path)));
    else paths.push(path);
  }
  return paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
