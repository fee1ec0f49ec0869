/**
 * Makes channels of any size for measurements: indexes that look like conda-forge's, with their artifacts as sparse
 * files, as whole ones, or without. The same arguments give the same bytes; more artifacts keep those that are there.
 * Usage: node dist/test/bench/synthetic-channel.js <directory> [artifacts per subdir] [none|sparse|whole] [bytes each]
 */
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export interface SyntheticChannel {
  readonly subdirs: readonly string[];
  /** How many artifacts each subdir has. */
  readonly artifacts: number;
  /** `none`: indexes only; `sparse`: files of the right size whose content is not what the record says; `whole`. */
  readonly files: 'none' | 'sparse' | 'whole';
  /** Bytes of the n-th artifact of a subdir; some 100 kB by default. */
  readonly size?: (n: number) => number;
}

/** Package names of a subdir: so many, however many artifacts there are. */
const FAMILIES = 10_007;
const CHUNK_CHARACTERS = 1 << 20;
const BLOCK = Buffer.from(Array.from({ length: 32_768 }, (_, i) => sha256(`block ${i}`)).join(''), 'hex');

/** Writes what is not there yet; each `repodata.json` is replaced at once. */
export function buildSyntheticChannel(root: string, channel: SyntheticChannel): void {
  for (const subdir of channel.subdirs) {
    mkdirSync(join(root, subdir), { recursive: true });
    const hashes = new Map<number, string>();
    if (channel.files !== 'none') {
      for (let n = 0; n < channel.artifacts; n++) {
        const file = join(root, subdir, artifactName(n));
        if (channel.files === 'sparse') makeSparse(file, sizeOf(channel, n));
        else hashes.set(n, makeWhole(file, sizeOf(channel, n), `${subdir}/${n}`));
      }
    }
    const hashOf = (n: number): string => hashes.get(n) ?? sha256(`${subdir}/${n}`);
    writeIndex(join(root, subdir, 'repodata.json'), repodataText(subdir, channel, hashOf));
  }
}

/** The text of a repodata.json in pieces: records sorted by name, one third of them `.tar.bz2`. */
export function* repodataText(
  subdir: string,
  channel: Pick<SyntheticChannel, 'artifacts' | 'size'>,
  hashOf: (n: number) => string = (n) => sha256(`${subdir}/${n}`),
): Generator<string> {
  yield `{"info":{"subdir":${JSON.stringify(subdir)}}`;
  for (const [bucket, isConda] of [['packages', false] as const, ['packages.conda', true] as const]) {
    yield `,\n"${bucket}":{`;
    let comma = '';
    for (const n of sortedNumbers(channel.artifacts)) {
      if (isCondaArtifact(n) !== isConda) continue;
      const key = JSON.stringify(artifactName(n));
      yield `${comma}\n${key}:${recordText(subdir, n, sizeOf(channel, n), hashOf(n))}`;
      comma = ',';
    }
    yield '}';
  }
  yield ',\n"removed":[],"repodata_version":1}\n';
}

function sizeOf({ size }: Pick<SyntheticChannel, 'size'>, n: number): number {
  return size?.(n) ?? 100_000 + (n % 4096);
}

/** The numbers in the order of their names. */
function* sortedNumbers(artifacts: number): Generator<number> {
  for (let family = 0; family < FAMILIES; family++) {
    for (let n = family; n < artifacts; n += FAMILIES) yield n;
  }
}

const isCondaArtifact = (n: number): boolean => n % 3 !== 0;

/** The file name of the n-th artifact of a subdir. */
export function artifactName(n: number): string {
  const { name, version, build } = partsOf(n);
  return `${name}-${version}-${build}${isCondaArtifact(n) ? '.conda' : '.tar.bz2'}`;
}

function partsOf(n: number): { name: string; version: string; build: string } {
  const round = String(Math.floor(n / FAMILIES)).padStart(5, '0');
  return {
    name: `package-${String(n % FAMILIES).padStart(5, '0')}`,
    version: `1.${round}.0`,
    build: `py312h${(n * 2654435761).toString(16).slice(-7).padStart(7, '0')}_0`,
  };
}

function recordText(subdir: string, n: number, size: number, hash: string): string {
  return JSON.stringify({
    build: partsOf(n).build,
    build_number: 0,
    depends: ['libgcc >=13', 'libstdcxx >=13', 'python >=3.12,<3.13.0a0', 'python_abi 3.12.* *_cp312'],
    license: 'BSD-3-Clause',
    md5: hash.slice(0, 32),
    name: partsOf(n).name,
    sha256: hash,
    size,
    subdir,
    timestamp: 1_700_000_000_000 + n,
    version: partsOf(n).version,
  });
}

/** In lower-case hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function makeSparse(file: string, size: number): void {
  const descriptor = openSync(file, 'a');
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
}

/** Returns the sha256 of the content, which depends on size and `seed` alone. */
function makeWhole(file: string, size: number, seed: string): string {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'w');
  const start = Buffer.from(sha256(seed), 'hex');
  for (let at = 0; at < size; at += BLOCK.length) {
    const block = at === 0 ? Buffer.concat([start, BLOCK.subarray(start.length)]) : BLOCK;
    const piece = block.subarray(0, Math.min(size - at, BLOCK.length));
    hash.update(piece);
    writeSync(descriptor, piece);
  }
  closeSync(descriptor);
  return hash.digest('hex');
}

function writeIndex(file: string, pieces: Iterable<string>): void {
  const partial = `${file}.partial`;
  const descriptor = openSync(partial, 'w');
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK_CHARACTERS) continue;
    writeSync(descriptor, text);
    text = '';
  }
  writeSync(descriptor, text);
  closeSync(descriptor);
  renameSync(partial, file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [directory = '', artifacts = '1000', files = 'sparse', bytes] = process.argv.slice(2);
  if (directory === '' || !['none', 'sparse', 'whole'].includes(files)) {
    process.stderr.write('usage: synthetic-channel <directory> [artifacts] [none|sparse|whole] [bytes]\n');
    process.exit(2);
  }
  buildSyntheticChannel(directory, {
    subdirs: ['linux-64', 'noarch'],
    artifacts: Number(artifacts),
    files: files as SyntheticChannel['files'],
    ...(bytes !== undefined && { size: () => Number(bytes) }),
  });
}
