import { asIoError, CondaDiffError } from '../shared/errors.js';
import type { Mismatch } from '../shared/identity.js';
import type { Manifest } from '../shared/manifest.js';
import type { WholeFile } from '../shared/new-files.js';
import { NO_PROGRESS, type Progress } from '../shared/progress.js';
import { volumeMark } from '../shared/volume-mark.js';
import type { Attributes } from './attributes.js';
import { syncStage } from './commit.js';
import type { CommitAction, Publish } from './commit-plan.js';
import type { Disk, NewFile } from './disk.js';
import { type Layout, stagedFile } from './layout.js';
import { type ContentPart, type FileSink, readVolume } from './read-volume.js';
import { seeVolumes } from './see-volumes.js';
import { SyncBehind } from './sync-behind.js';
import { requireVolumes } from './volume-problems.js';

/**
 * Reads the volumes of an update, verifies every byte of them and passes the files on.
 *
 * @param directory where the volumes are; nothing is written there
 * @throws CondaDiffError integrity, naming every file whose content is wrong; malformed, naming every volume that is
 *   missing or another one; io
 */
export async function readUpdate(
  manifest: Manifest,
  directory: string,
  sink: FileSink,
  signal: AbortSignal,
  progress: Progress = NO_PROGRESS,
): Promise<void> {
  requireVolumes(manifest, directory, await seeVolumes(manifest, directory));
  const wrong: Mismatch[] = [];
  let next = 0;
  for (const [i, volume] of manifest.volumes.entries()) {
    const files = manifest.files.slice(next, next + volume.files);
    const mark = volumeMark(manifest.id, i + 1, manifest.volumes.length);
    wrong.push(...(await readVolume(directory, volume, files, mark, sink, signal, progress)));
    next += volume.files;
  }
  if (wrong.length === 0) return;
  throw new CondaDiffError('integrity', 'Files of the update are damaged', {
    details: wrong.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`),
    hint: 'Copy the update again from its source; nothing was changed here',
  });
}

const NOTHING_LEFT = { done: Promise.resolve() };

/** Verifies only. */
export const DISCARD: FileSink = { take: () => Promise.resolve(NOTHING_LEFT) };

/** From so many files on it is worth the start of threads to write them. */
const MANY_FILES = 1000;

/** Writes each file that the plan publishes to the stage, with its attributes, durably; the others are only verified. */
export class StageSink implements FileSink {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #actions: readonly CommitAction[];
  readonly #published: ReadonlyMap<string, readonly [n: number, action: Publish]>;
  readonly #attributesOf: (action: Publish) => Attributes;
  readonly #syncs = new SyncBehind();
  readonly #createWhole: Disk['createWhole'];
  #file: NewFile | undefined;
  #attributes: Attributes | undefined;
  #name = '';

  /** @param layout its stages for the actions exist */
  constructor(
    disk: Disk,
    layout: Layout,
    actions: readonly CommitAction[],
    attributesOf: (action: Publish) => Attributes,
    manyFiles = MANY_FILES,
  ) {
    this.#disk = disk;
    this.#layout = layout;
    this.#actions = actions;
    this.#attributesOf = attributesOf;
    const published = new Map<string, readonly [number, Publish]>();
    for (const [n, action] of actions.entries())
      if (action.action === 'publish') published.set(action.path, [n, action]);
    this.#published = published;
    if (published.size >= manyFiles) this.#createWhole = disk.createWhole;
  }

  async take(contents: readonly ContentPart[], memory: SharedArrayBuffer): Promise<{ done: Promise<void> }> {
    const whole: WholeFile[] = [];
    for (const content of contents) {
      const published = this.#published.get(content.file.path);
      if (published === undefined) continue;
      if (this.#createWhole !== undefined && content.from === 0 && content.isLast)
        whole.push(this.#wholeFile(published, content));
      else await this.#takePart(published, content, memory);
    }
    if (whole.length === 0 || this.#createWhole === undefined) return NOTHING_LEFT;
    return { done: this.#createWhole({ memory, files: whole }) };
  }

  #wholeFile([n, action]: readonly [number, Publish], { at, length }: ContentPart): WholeFile {
    const path = stagedFile(this.#layout, n, action.path);
    const { ownership, mtime } = this.#attributesOf(action);
    return { path, name: `${action.path} to the stage`, at, length, ownership, mtime };
  }

  async #takePart(
    [n, action]: readonly [number, Publish],
    { from, at, length, isLast }: ContentPart,
    memory: SharedArrayBuffer,
  ): Promise<void> {
    if (from === 0) await this.#begin(n, action);
    await this.#guard(async () => this.#file?.write(Buffer.from(memory, at, length)));
    if (isLast) await this.#end();
  }

  async #begin(n: number, action: Publish): Promise<void> {
    this.#name = `${action.path} to the stage`;
    this.#attributes = this.#attributesOf(action);
    await this.#guard(async () => {
      this.#file = await this.#disk.create(stagedFile(this.#layout, n, action.path), 0o600);
    });
  }

  async #end(): Promise<void> {
    const { ownership, mtime } = this.#attributes ?? {};
    await this.#guard(async () => {
      if (ownership !== undefined) await this.#file?.setOwnership(ownership);
      if (mtime !== undefined) await this.#file?.setTime(mtime);
    });
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await this.#syncs.take(file, this.#name);
  }

  /**
   * Waits until all that was written is on the disk, names included.
   *
   * @throws CondaDiffError io
   */
  async durable(): Promise<void> {
    await this.#syncs.end();
    await syncStage({ disk: this.#disk, layout: this.#layout }, this.#actions);
  }

  /** Closes everything, whatever became of it. */
  async close(): Promise<void> {
    await this.#close();
    await this.#syncs.settle();
  }

  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.#close();
      throw asIoError(error, `Cannot write ${this.#name}`);
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
