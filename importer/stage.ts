import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAll } from '../shared/atomic-file.js';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import type { Mismatch } from '../shared/identity.js';
import type { Manifest } from '../shared/manifest.js';
import { type FileSink, readVolume } from './read-volume.js';

/**
 * Extracts the files of an update below `stage` and verifies every byte of its volumes.
 *
 * @param directory where the volumes are; nothing is written there
 * @param stage directory to extract into, or `undefined` to verify only
 * @throws CondaDiffError integrity, naming every file whose content is wrong; malformed; io
 */
export async function stageUpdate(
  manifest: Manifest,
  directory: string,
  stage: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const sink = stage === undefined ? DISCARD : new StageSink(stage);
  const wrong: Mismatch[] = [];
  let next = 0;
  for (const volume of manifest.volumes) {
    const files = manifest.files.slice(next, next + volume.files);
    wrong.push(...(await readVolume(directory, volume, files, sink, signal)));
    next += volume.files;
  }
  if (wrong.length === 0) return;
  throw new CondaDiffError('integrity', 'Files of the update are damaged', {
    details: wrong.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`),
    hint: 'Copy the update again from its source; nothing was changed here',
  });
}

const DISCARD: FileSink = {
  begin: () => Promise.resolve(),
  write: () => Promise.resolve(),
  end: () => Promise.resolve(),
};

/** Writes each file below the stage and fsyncs it. */
class StageSink implements FileSink {
  readonly #stage: string;
  readonly #made = new Set<string>();
  #handle: FileHandle | undefined;
  #file = '';

  constructor(stage: string) {
    this.#stage = stage;
  }

  async begin({ path }: { readonly path: string }): Promise<void> {
    this.#file = join(this.#stage, path);
    await this.#guard(async () => {
      const directory = dirname(this.#file);
      if (!this.#made.has(directory)) await mkdir(directory, { recursive: true, mode: 0o700 });
      this.#made.add(directory);
      this.#handle = await open(this.#file, 'wx', 0o600);
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#guard(async () => writeAll(this.#handle as FileHandle, chunk));
  }

  async end(): Promise<void> {
    await this.#guard(async () => this.#handle?.sync());
    await this.#close();
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.#close();
      throw asIoError(error, `Cannot write ${this.#file}`);
    }
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
