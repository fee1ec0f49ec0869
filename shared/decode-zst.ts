import { Readable, pipeline, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { XxHash64 } from './xxhash64.js';
import { ZstdFrameReader, type ZstdFrame } from './zstd-frames.js';

/** How frames are decoded. */
export interface ZstDecoder {
  /** Bytes; frames that want more are refused. */
  readonly maxWindow: number;
  /** The data of one frame; `blocks` are its encoded blocks and its checksum. */
  decode(frame: ZstdFrame, blocks: AsyncIterable<Buffer>): AsyncIterable<Uint8Array>;
}

const MIB = 1024 * 1024;
const OUTPUT_SIZE = 256 * 1024;

/** fzstd: 90-170 MB/s. A match further back than 32 MiB is beyond it. */
export const portableDecoder: ZstDecoder = { maxWindow: 32 * MIB, decode: decodePortably };

/** node:zlib, where this Node has it (22.15 and later); 128 MiB is its limit. */
export const nativeDecoder: ZstDecoder | undefined = findNativeDecoder();

/**
 * Decodes a `.zst` file of one or more frames. Memory: the window of a frame, 8 MiB unless it was written with
 * `--ultra` or `--long`. Every checksum is verified; what is not a whole frame, wherever it is, is an error.
 *
 * @param chunks the file's bytes
 * @throws Error what is wrong with the data, without a file name
 */
export async function* decodeZst(
  chunks: AsyncIterable<Uint8Array>,
  decoder = nativeDecoder ?? portableDecoder,
): AsyncGenerator<Uint8Array> {
  const reader = new ZstdFrameReader(chunks);
  try {
    let frame = await reader.next();
    if (frame === undefined) throw new Error('no Zstandard frame in it');
    for (; frame !== undefined; frame = await reader.next()) {
      if (frame.windowSize > decoder.maxWindow) throw new Error(tooLarge(frame, decoder));
      yield* decoder.decode(frame, reader.blocks(frame));
    }
  } finally {
    await reader.close();
  }
}

function tooLarge({ windowSize }: ZstdFrame, { maxWindow }: ZstDecoder): string {
  const advice = maxWindow < 128 * MIB ? '; Node 22.15 or later reads up to 128 MiB' : '';
  return `a frame needs a window of ${(windowSize / MIB).toFixed(0)} MiB, at most ${maxWindow / MIB} are supported${advice}`;
}

async function* decodePortably(frame: ZstdFrame, blocks: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const hash = new XxHash64();
  let decoded: Uint8Array[] = [];
  const decompress = new Decompress((data) => decoded.push(data));
  decompress.push(frame.header);
  let last = frame.header;
  for await (const block of blocks) {
    last = block;
    decompress.push(block);
    for (const data of decoded) hash.update(data);
    yield* decoded;
    decoded = [];
  }
  decompress.push(new Uint8Array(), true);
  for (const data of decoded) hash.update(data);
  yield* decoded;
  if (frame.hasChecksum && last.readUInt32LE() !== hash.low32()) throw new Error('wrong checksum of a frame');
}

/** The types of Node 20 do not know what later versions have. */
function findNativeDecoder(): ZstDecoder | undefined {
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  if (typeof create !== 'function') return undefined;
  const decode = async function* (
    frame: ZstdFrame,
    blocks: AsyncIterable<Buffer>,
  ): AsyncGenerator<Uint8Array> {
    const transform = Reflect.apply(create, zlib, [{ chunkSize: OUTPUT_SIZE }]) as Transform;
    yield* transformed(prepend(frame.header, blocks), transform);
  };
  return { maxWindow: 128 * MIB, decode };
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

/** What a transform makes of its input; failures of either side end both. */
export async function* transformed(
  input: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  const source = input instanceof Readable ? input : Readable.from(input, { objectMode: false });
  pipeline(source, transform, () => undefined);
  yield* transform as AsyncIterable<Uint8Array>;
}
