/**
 * A tar writer that can write any header, always with a right checksum: what refuses a crafted archive must be that
 * it means something else than the manifest says.
 */

const BLOCK = 512;

/** Fields of a ustar header (POSIX.1-1988); each as bytes or as the number that octal digits give. */
export interface TarFields {
  readonly name?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number | Buffer;
  readonly mtime?: number | Buffer;
  readonly type?: string;
  readonly linkname?: string;
  readonly magic?: string;
  readonly uname?: string;
  readonly gname?: string;
  readonly devmajor?: number;
  readonly devminor?: number;
  readonly prefix?: string;
  /** The 12 bytes that ustar leaves unused, where GNU tar keeps sparse maps and times. */
  readonly rest?: Buffer;
}

const OFFSETS: Readonly<Record<keyof TarFields, readonly [start: number, length: number]>> = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  uname: [265, 32],
  gname: [297, 32],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
  rest: [500, 12],
};

/** A copy of a header block with fields altered and the checksum made right. */
export function alterHeader(block: Buffer, fields: TarFields): Buffer {
  const altered = Buffer.from(block);
  for (const [key, value] of Object.entries(fields) as [keyof TarFields, string | number | Buffer][]) {
    const [start, length] = OFFSETS[key];
    altered.fill(0, start, start + length);
    if (typeof value === 'number') altered.write(octal(value, length), start);
    else Buffer.from(value).copy(altered, start, 0, length);
  }
  return sum(altered);
}

/** A header block with nothing in common with those of conda-diff but that it is right. */
export function headerBlock(fields: TarFields): Buffer {
  const defaults = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, type: '0', magic: 'ustar\x0000' };
  return alterHeader(Buffer.alloc(BLOCK), { ...defaults, ...fields });
}

/** An entry: header, content, and zeros to the end of its last block. */
export function tarEntry(fields: TarFields, content: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([headerBlock({ size: bytes.length, ...fields }), padded(bytes)]);
}

/** A pax extended header (`x`) for the next entry, or a global one (`g`) for all that follow. */
export function paxEntry(type: 'x' | 'g', records: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(records).map(([key, value]) => paxRecord(key, value));
  return tarEntry({ name: `PaxHeader/${type}`, type }, text.join(''));
}

/** Content and zeros up to a multiple of a block. */
export function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

/** A number as GNU tar writes it where octal digits do not suffice: two's complement, the first bit set. */
export function base256(value: bigint, length = 12): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  bytes[0]! |= 0x80;
  return bytes;
}

function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(body) + 1;
  while (String(length).length + Buffer.byteLength(body) !== length) length++;
  return `${length}${body}`;
}

/** Octal digits in the one of the usual forms that conda-diff writes, so that only the value differs. */
function octal(value: number, length: number): string {
  const digits = value.toString(8);
  return digits.length === length - 1 ? `${digits}\0` : `${digits.padStart(length - 2, '0')} \0`;
}

function sum(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const total = block.reduce((all, byte) => all + byte, 0);
  block.write(octal(total, 8), 148, 'latin1');
  return block;
}
