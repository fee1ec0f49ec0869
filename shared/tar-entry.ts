import { Header, Pax } from 'tar';
import { printable } from './printable.js';
import { usualBlock } from './tar-block.js';

/** What one entry of an archive is made from; everything else in its header is fixed. */
export interface TarEntry {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
}

/** Names of owner and group that every entry of a volume carries, so that people can tell what it belongs to. */
export interface TarMark {
  /** At most {@link MARK_BYTES} of ASCII. */
  readonly owner: string;
  readonly group: string;
}

/** The fields of a ustar header hold 32 bytes and end in a zero. */
export const MARK_BYTES = 31;
/** What a mark of ours looks like, see volume-mark.ts. */
const MARK = /^(update|volume):[0-9a-f]+(-of-\d+)?$/;
const NO_MARK: TarMark = { owner: '', group: '' };

export const BLOCK_BYTES = 512;
/** Two zero blocks end an archive (POSIX.1-1988 ustar). */
export const END_BYTES = 2 * BLOCK_BYTES;
/** Sizes from here on do not fit the 11 octal digits of a ustar header. */
const LARGE_SIZE = 8 ** 11;

/**
 * The header blocks of an entry: ustar for a regular file of mode 0644 and owner 0, preceded by a pax extended
 * header (POSIX.1-2001) where the path or the size does not fit. They follow from entry and mark alone, so an archive
 * can be checked against its manifest byte for byte.
 */
export function tarHeader(entry: TarEntry, mark = NO_MARK): Buffer {
  return usualBlock(entry, mark) ?? anyHeader(entry, mark);
}

/** {@link tarHeader} for entries of all kinds. */
export function anyHeader({ path, size, mtime }: TarEntry, { owner, group }: TarMark): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const header = new Header({
    ...{ path, size, type: 'File', mode: 0o644, uid: 0, gid: 0, uname: owner, gname: group },
    mtime: new Date(mtime * 1000),
  });
  const needsPax = header.encode(block, 0);
  if (!needsPax) return block;
  const marked = { ...(owner !== '' && { uname: owner }), ...(group !== '' && { gname: group }) };
  const pax = new Pax({ path, uid: 0, gid: 0, ...marked, ...(size >= LARGE_SIZE && { size }) });
  return Buffer.concat([pax.encode(), block]);
}

/** Paths that fit a ustar header for certain; all others are tried. */
const PLAIN_PATH = /^[ -~]{1,99}$/;
/** Times from here on, in seconds, do not fit it. */
const LATE = 8 ** 11;

/** How many bytes an archive of these entries has. */
export function archiveBytes(entries: Iterable<TarEntry>, mark?: TarMark): number {
  let bytes = END_BYTES;
  for (const entry of entries) bytes += headerBytes(entry, mark) + entry.size + paddingBytes(entry.size);
  return bytes;
}

function headerBytes(entry: TarEntry, mark: TarMark | undefined): number {
  const isPlain = PLAIN_PATH.test(entry.path) && entry.size < LARGE_SIZE && entry.mtime < LATE;
  return isPlain ? BLOCK_BYTES : tarHeader(entry, mark).length;
}

/** Zero bytes that follow `size` bytes of content. */
export function paddingBytes(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Numbers that no JavaScript number holds make `tar` throw. */
function parseHeader(block: Uint8Array): Header | undefined {
  try {
    return new Header(Buffer.from(block));
  } catch {
    return undefined;
  }
}

/** The names of owner and group in a header block, or `undefined` when it is none. */
export function markIn(block: Uint8Array): TarMark | undefined {
  if (block.length < BLOCK_BYTES) return undefined;
  const header = parseHeader(block);
  return header?.cksumValid ? { owner: header.uname ?? '', group: header.gname ?? '' } : undefined;
}

/** Says what a header block that is not the expected one is, for a message. */
export function describeHeader(block: Uint8Array): string {
  if (block.every((byte) => byte === 0)) return 'the end of the archive';
  const header = parseHeader(block);
  if (!header?.cksumValid) return 'a block that is not a tar header';
  const mark = [header.uname, header.gname]
    .filter((name) => name !== undefined && MARK.test(name))
    .join(', ');
  const described = `${header.type} '${printable(header.path ?? '')}' of ${String(header.size ?? 0)} bytes`;
  return mark === '' ? described : `${described} (${mark})`;
}
