import { alterHeader, base256, type TarFields } from '../support/hostile-tar.js';
import type { Random } from '../support/random.js';
import { below, pick } from './mutate-bytes.js';

type TarMutator = (entries: Buffer[], random: Random) => Buffer[];

const FIELDS: readonly TarFields[] = [
  { type: '1', linkname: '../outside/secret' },
  { type: '2', linkname: '../outside/secret' },
  { type: '5' },
  { type: 'x' },
  { type: 'g' },
  { type: 'L' },
  { name: '../outside/secret' },
  { name: '/etc/passwd' },
  { prefix: '../outside' },
  { size: 0 },
  { size: 512 },
  { size: base256(2n ** 62n) },
  { mode: 0o4777 },
  { mtime: 1 },
  { uid: 0, gid: 1 },
  { uname: 'update:000000000000' },
  { magic: 'ustar  \0' },
];

export const TAR_MUTATORS: Readonly<Record<string, TarMutator>> = {
  'swap-entries': (entries, random) => {
    const altered = [...entries];
    const [a, b] = [below(random, entries.length), below(random, entries.length)];
    [altered[a], altered[b]] = [altered[b]!, altered[a]!];
    return altered;
  },
  'repeat-entry': (entries, random) =>
    entries.toSpliced(below(random, entries.length), 0, pick(random, entries)),
  'drop-entry': (entries, random) => entries.toSpliced(below(random, entries.length), 1),
  'alter-header': (entries, random) => {
    const at = below(random, entries.length);
    const entry = entries[at]!;
    const header = alterHeader(entry.subarray(0, 512), pick(random, FIELDS));
    return entries.toSpliced(at, 1, Buffer.concat([header, entry.subarray(512)]));
  },
};

/** Alters the entries of an archive, their header checksums made right. */
export function mutateTar(bytes: Buffer, random: Random, name: string): Buffer {
  const entries: Buffer[] = [];
  let at = 0;
  while (at + 512 <= bytes.length && bytes[at] !== 0) {
    const size = parseInt(bytes.toString('latin1', at + 124, at + 135), 8) || 0;
    const end = Math.min(bytes.length, at + 512 + Math.ceil(size / 512) * 512);
    entries.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat([
    ...(entries.length > 0 ? TAR_MUTATORS[name]!(entries, random) : entries),
    bytes.subarray(at),
  ]);
}
