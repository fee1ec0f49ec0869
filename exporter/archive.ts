import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { writeAll, type Written } from '../shared/atomic-file.js';
import type { Bounds } from '../shared/bounds.js';
import { asIoError } from '../shared/errors.js';
import type { Fingerprint } from '../shared/fingerprint.js';
import { type GatherFault, gatherFiles, type Gathering } from '../shared/gather-files.js';
import type { Progress } from '../shared/progress.js';
import type { Entry } from '../shared/state.js';
import type { TarMark } from '../shared/tar-entry.js';
import { ThreadChoice } from '../shared/threads.js';
import {
  ALONE_BYTES,
  amountIn,
  type Chunk,
  CHUNK_BYTES,
  CHUNKS_AHEAD,
  chunksOf,
} from '../shared/archive-chunks.js';
import { ArchiveFaults } from './archive-faults.js';
import { WriteOut } from './write-out.js';

/** One file to put into an archive. */
export interface ArchiveFile extends Entry {
  /** Of the repository. */
  readonly bounds: Bounds;
  /** Where it is read from. */
  readonly source: string;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** What the source was when the update was planned. */
  readonly fingerprint: Fingerprint;
}

export interface ArchiveOptions {
  /** Called before each file is written. */
  readonly added?: (path: string) => void;
  readonly signal?: AbortSignal;
  /** Names of owner and group of every entry. */
  readonly mark?: TarMark;
  readonly progress?: Progress;
  /** Takes what is wrong with files, instead of an error; the archive is of no use then. */
  readonly faults?: ArchiveFaults;
}

/**
 * Writes one archive, hashing every file on the way and the archive itself. Worker threads read the files, each once,
 * into shared memory, several ahead of what is being written, and hash them; here the archive is put together, hashed
 * and written from that memory.
 *
 * @param file must not exist; it is fsynced but not renamed
 * @throws CondaDiffError integrity, when files are not what the plan says; source, when files vanished or changed
 *   since (all of them are named); io
 */
export async function writeArchive(
  file: string,
  files: readonly ArchiveFile[],
  options: ArchiveOptions = {},
): Promise<Written> {
  const handle = await open(file, 'wx', 0o644).catch((error: unknown) => {
    throw asIoError(error, `Cannot write ${file}`);
  });
  const archive = { handle, writeOut: new WriteOut(handle), hash: createHash('sha256'), size: 0 };
  try {
    const faults = options.faults ?? new ArchiveFaults();
    await writeChunks(archive, files, faults, options);
    if (options.faults === undefined) faults.throwAny();
    await archive.writeOut.end();
    return { size: archive.size, sha256: archive.hash.digest('hex') };
  } catch (error) {
    throw asIoError(error, `Cannot write ${file}`);
  } finally {
    await archive.writeOut.settle();
    await handle.close();
  }
}

interface Archive {
  readonly handle: FileHandle;
  readonly writeOut: WriteOut;
  readonly hash: Hash;
  size: number;
}

/** A chunk whose files are being read. */
interface ChunkUnderWay {
  readonly chunk: Chunk;
  readonly memory: SharedArrayBuffer;
  readonly gathered: Promise<readonly GatherFault[]>;
}

async function writeChunks(
  archive: Archive,
  files: readonly ArchiveFile[],
  faults: ArchiveFaults,
  options: ArchiveOptions,
): Promise<void> {
  const gatherer = new Gatherer(files, options.signal);
  const underWay: ChunkUnderWay[] = [];
  const unused: SharedArrayBuffer[] = [];
  const writeFirst = async (): Promise<void> => {
    const { chunk, memory, gathered } = underWay[0] as ChunkUnderWay;
    faults.add(files, chunk, await gathered);
    underWay.shift();
    options.signal?.throwIfAborted();
    if (faults.count === 0) await append(archive, Buffer.from(memory, 0, chunk.length));
    const { files: ended, bytes } = amountIn(chunk);
    options.progress?.advance(ended, bytes);
    unused.push(memory);
  };
  try {
    for (const chunk of chunksOf(files, options.mark, CHUNK_BYTES)) {
      options.signal?.throwIfAborted();
      if (underWay.length === CHUNKS_AHEAD) await writeFirst();
      for (const { file, from } of chunk.pieces) if (from === 0) options.added?.(files[file]!.path);
      const memory = unused.pop() ?? new SharedArrayBuffer(CHUNK_BYTES);
      for (const { at, bytes } of chunk.fixed) new Uint8Array(memory, at).set(bytes);
      const gathered = gatherer.gather(chunk, memory);
      gathered.catch(() => undefined); // it is awaited when it is its turn
      underWay.push({ chunk, memory, gathered });
    }
    while (underWay.length > 0) await writeFirst();
  } finally {
    await Promise.allSettled(underWay.map(({ gathered }) => gathered));
  }
}

/** Hashes while the operating system writes. */
async function append(archive: Archive, bytes: Buffer): Promise<void> {
  const written = writeAll(archive.handle, bytes);
  archive.hash.update(bytes);
  archive.size += bytes.length;
  await written;
  archive.writeOut.add(bytes.length);
}

/** Has the files of chunks read: by worker threads where there is much to read, else at once. */
class Gatherer {
  readonly #files: readonly ArchiveFile[];
  readonly #signal: AbortSignal | undefined;
  readonly #isAlone: boolean;
  readonly #threads = new ThreadChoice();

  constructor(files: readonly ArchiveFile[], signal: AbortSignal | undefined) {
    this.#files = files;
    this.#signal = signal;
    this.#isAlone = files.reduce((sum, { size }) => sum + size, 0) < ALONE_BYTES;
  }

  async gather(chunk: Chunk, memory: SharedArrayBuffer): Promise<readonly GatherFault[]> {
    const gathering = this.#gathering(chunk, memory);
    if (this.#isAlone) return gatherFiles(gathering, () => this.#signal?.aborted === true);
    // A file that comes in several parts is hashed by one thread
    const goesOn = (chunk.pieces[0]?.from ?? 0) > 0;
    return this.#threads.choose(goesOn).call('gather-files', gathering, { signal: this.#signal });
  }

  #gathering(chunk: Chunk, memory: SharedArrayBuffer): Gathering {
    const pieces = chunk.pieces.map(({ file, from, length, isLast, at }) => {
      const { bounds, source, fingerprint, sha256 } = this.#files[file] as ArchiveFile;
      return { bounds, source, fingerprint, sha256, from, length, isLast, at };
    });
    return { memory, pieces, caller: this.#threads.caller };
  }
}
