import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Header, Pax } from 'tar';

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

function zip(files: Files): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of files) {
    const name = Buffer.from(path);
    const fields = zipFields(name, content);
    local.push(Buffer.from('PK\x03\x04', 'latin1'), fields, name, Buffer.from(content));
    const tail = Buffer.alloc(14); // no comment, disk 0, no attributes, then where the member begins
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, tail, name);
    offset += 30 + name.length + content.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** The 26 bytes that a zip member's local header and its directory entry share. */
function zipFields(name: Buffer, content: Uint8Array): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(((2024 - 1980) << 9) | (1 << 5) | 2, 8); // 2024-01-02 00:00
  const gzip = gzipSync(content);
  gzip.copy(fields, 10, gzip.length - 8, gzip.length - 4); // gzip ends with the same CRC-32
  fields.writeUInt32LE(content.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}
