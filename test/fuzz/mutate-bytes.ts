import type { Random } from '../support/random.js';

/** A number from 0 to `limit - 1`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit);
}

export function pick<T>(random: Random, list: readonly T[]): T {
  if (list.length === 0) throw new Error('there is nothing to pick from');
  return list[below(random, list.length)] as T;
}

/** Alters bytes without knowing what they mean; `other` is a file of the same kind. */
type ByteMutator = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const INTERESTING = [
  0x00, 0x0a, 0x20, 0x22, 0x2c, 0x2e, 0x2f, 0x30, 0x5b, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xff,
];

function setSome(bytes: Buffer, random: Random, value: (old: number) => number): Buffer {
  const altered = Buffer.from(bytes);
  for (let left = 1 + below(random, 4); left > 0 && altered.length > 0; left--) {
    const at = below(random, altered.length);
    altered[at] = value(altered[at]!);
  }
  return altered;
}

/** Two places of which the first is not behind the second; ranges are mostly short, sometimes of whole blocks. */
function range(bytes: Buffer, random: Random): readonly [number, number] {
  const longest = pick(random, [8, 64, 512, 4096]);
  const start = below(random, bytes.length + 1);
  const block = random.next() < 0.3 ? start - (start % 512) : start;
  return [block, Math.min(bytes.length, block + (random.next() < 0.3 ? 512 : below(random, longest)))];
}

const splice = (bytes: Buffer, start: number, end: number, more: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, start), more, bytes.subarray(end)]);

export const BYTE_MUTATORS: Readonly<Record<string, ByteMutator>> = {
  flip: (bytes, random) => setSome(bytes, random, (old) => old ^ (1 << below(random, 8))),
  set: (bytes, random) => setSome(bytes, random, () => below(random, 256)),
  'set-interesting': (bytes, random) => setSome(bytes, random, () => pick(random, INTERESTING)),
  truncate: (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  append: (bytes, random) =>
    Buffer.concat([bytes, Buffer.alloc(1 + below(random, 2048), below(random, 256))]),
  remove: (bytes, random) => splice(bytes, ...range(bytes, random), Buffer.alloc(0)),
  repeat: (bytes, random) => {
    const [start, end] = range(bytes, random);
    return splice(bytes, end, end, bytes.subarray(start, end));
  },
  zero: (bytes, random) => {
    const [start, end] = range(bytes, random);
    return splice(bytes, start, end, Buffer.alloc(end - start));
  },
  swap: (bytes, random) => {
    const [start, end] = range(bytes, random);
    const to = Math.min(bytes.length, end + (end - start));
    return Buffer.concat([
      bytes.subarray(0, start),
      bytes.subarray(end, to),
      bytes.subarray(start, end),
      bytes.subarray(to),
    ]);
  },
  insert: (bytes, random) => {
    const at = below(random, bytes.length + 1);
    return splice(
      bytes,
      at,
      at,
      Buffer.from(Array.from({ length: 1 + below(random, 16) }, () => below(random, 256))),
    );
  },
  splice: (bytes, random, other) => {
    const [start, end] = range(bytes, random);
    const [from, to] = range(other, random);
    return splice(bytes, start, end, other.subarray(from, to));
  },
  replace: (_, __, other) => other,
};
