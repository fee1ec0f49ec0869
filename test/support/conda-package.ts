import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Header, Pax } from 'tar';
import { zip } from '../../packaging/zip.js';

/** What a package is; everything but the name has a default. */
export interface PackageSpec {
  readonly name: string;
  readonly version?: string;
  readonly build?: string;
  readonly buildNumber?: number;
  readonly depends?: readonly string[];
  /** `BSD-3-Clause` by default; none for ''. */
  readonly license?: string;
  /** Path in the environment → content; one small file by default. Other content, other hash, same file name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly subdir?: string;
}

export interface Artifact {
  readonly fileName: string;
  readonly bytes: Buffer;
}

type Files = readonly (readonly [path: string, content: Uint8Array])[];

const when = new Date('2024-01-02T03:04:06Z');
const maxZstdBlock = 128 * 1024;

/**
 * A real `.conda` file: a zip of stored members that hold `metadata.json` and two zstd-compressed tars.
 * The same specification gives the same bytes. Needs no command outside Node.
 */
export function buildConda(spec: PackageSpec): Artifact {
  const stem = packageStem(spec);
  const bytes = zip([
    ['metadata.json', json({ conda_pkg_format_version: 2 })],
    [`pkg-${stem}.tar.zst`, zstdFrame(tarball(payload(spec)))],
    [`info-${stem}.tar.zst`, zstdFrame(tarball(infoFiles(spec)))],
  ]);
  return { fileName: `${stem}.conda`, bytes };
}

/** A real `.tar.bz2` artifact. Runs the `bzip2` command, so `npm run demo` (only Node and npm) must not use it. */
export function buildTarBz2(spec: PackageSpec): Artifact {
  const bytes = bzip2(tarball([...infoFiles(spec), ...payload(spec)]));
  return { fileName: `${packageStem(spec)}.tar.bz2`, bytes };
}

/** `info/index.json` of a package: what its repodata record says besides hashes and size. */
export function indexJson(spec: PackageSpec): Record<string, unknown> {
  const subdir = spec.subdir ?? 'noarch';
  return {
    name: spec.name,
    version: spec.version ?? '1.0',
    build: spec.build ?? '0',
    build_number: spec.buildNumber ?? 0,
    depends: spec.depends ?? [],
    ...(spec.license === '' ? {} : { license: spec.license ?? 'BSD-3-Clause' }),
    ...(subdir === 'noarch' ? { noarch: 'generic' } : {}),
    subdir,
    timestamp: when.getTime(),
  };
}

/** A zstd frame with the content size and uncompressed blocks: valid everywhere, and Node 20 has no compressor. */
export function zstdFrame(content: Uint8Array): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]); // single segment, 4-byte content size
  head.writeUInt32LE(content.length, 5);
  const parts: Uint8Array[] = [head];
  let offset = 0;
  do {
    const block = content.subarray(offset, offset + maxZstdBlock);
    offset += block.length;
    const blockHead = Buffer.alloc(3);
    blockHead.writeUIntLE(block.length * 8 + (offset >= content.length ? 1 : 0), 0, 3);
    parts.push(blockHead, block);
  } while (offset < content.length);
  return Buffer.concat(parts);
}

/** Compresses with the real `bzip2` command; nothing kept on npm writes bzip2. */
export function bzip2(content: Uint8Array): Buffer {
  const run = spawnSync('bzip2', ['-9', '-c'], { input: content, maxBuffer: 1 << 28 });
  if (run.error) throw new Error('Cannot run bzip2, which this test needs', { cause: run.error });
  return run.stdout;
}

/** `<name>-<version>-<build>`, the file name without its extension. */
function packageStem(spec: PackageSpec): string {
  return `${spec.name}-${spec.version ?? '1.0'}-${spec.build ?? '0'}`;
}

function payload(spec: PackageSpec): Files {
  const files = spec.files ?? { [`share/${spec.name}/README`]: `${packageStem(spec)}\n` };
  const sorted = Object.entries(files).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sorted.map(([path, content]) => [path, Buffer.from(content)] as const);
}

function infoFiles(spec: PackageSpec): Files {
  const files = payload(spec);
  const paths = files.map(([path, content]) => ({
    _path: path,
    path_type: 'hardlink',
    sha256: createHash('sha256').update(content).digest('hex'),
    size_in_bytes: content.length,
  }));
  return [
    ['info/about.json', json({ license: 'BSD-3-Clause', summary: `The package ${spec.name}` })],
    ['info/files', Buffer.from(files.map(([path]) => `${path}\n`).join(''))],
    ['info/index.json', json(indexJson(spec))],
    ['info/paths.json', json({ paths, paths_version: 1 })],
  ];
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

function tarball(files: Files): Buffer {
  const parts = files.flatMap(([path, content]) => {
    const mode = path.startsWith('bin/') ? 0o755 : 0o644;
    const fields = { path, mode, uid: 0, gid: 0, size: content.length, mtime: when, type: 'File' as const };
    const header = new Header(fields);
    const pax = header.encode() ? [new Pax(fields).encode()] : [];
    return [...pax, header.block ?? Buffer.alloc(0), content, Buffer.alloc(-content.length & 511)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
