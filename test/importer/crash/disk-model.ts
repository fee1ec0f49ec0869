import { basename, dirname, relative } from 'node:path';
import type { Image, ImageFile } from './image.js';
import type { Step } from './step-disk.js';

/**
 * What a disk may hold after the power fails: the rules that file systems give, none of them stronger than POSIX,
 * as they are laid down in Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014, the ALICE tool) and
 * Mohan et al., "Finding Crash-Consistency Bugs with Bounded Black-Box Crash Testing" (OSDI 2018, CrashMonkey):
 *
 * - fsync of a file makes its bytes, size, mode and time durable, not its name;
 * - fsync of a directory makes the names in it durable, not what they name, nor the name of the directory itself;
 * - what was not synced survives or not, each on its own and in any order: a name without its bytes (empty, cut off,
 *   or zeros in full length), bytes without a name, later changes without earlier ones;
 * - rename is atomic: the new name holds the old or the new file, never none or half of it. Between two directories
 *   the old name may outlive the change (soft updates order it so: Ganger et al., 2000), but goes no sooner.
 */
export class DiskModel {
  readonly #root: string;
  readonly #top = new Directory(0o755);
  #pending: Change[] = [];
  #steps = 0;

  /** @param image what `root` holds, all of it durable */
  constructor(image: Image, root: string) {
    this.#root = root;
    const nodes = new Map<ImageFile, File>();
    for (const [path, mode] of image.directories) this.#add(path, new Directory(mode));
    for (const [path, file] of image.files) {
      const node = nodes.get(file) ?? new File(file, file);
      nodes.set(file, node);
      this.#add(path, node);
    }
  }

  #add(path: string, node: Node): void {
    const directory = this.#directory(dirname(path));
    directory.now.set(basename(path), node);
    directory.durable.set(basename(path), node);
  }

  /** Takes a step that was recorded. */
  take(step: Step): void {
    this.#steps++;
    const path = relative(this.#root, step.path);
    const directory = this.#directory(dirname(path));
    const name = basename(path);
    switch (step.call) {
      case 'create':
        return this.#change(directory, [[name, new File(emptyFile(step.mode))]]);
      case 'make-directory':
        return this.#change(directory, [[name, new Directory(step.mode)]]);
      case 'write': {
        const file = this.#file(path);
        file.now = { ...file.now, bytes: Buffer.concat([file.now.bytes, step.chunk]) };
        return;
      }
      case 'set-mode':
        return this.#node(path).setMode(step.mode);
      case 'set-time': {
        const file = this.#file(path);
        file.now = { ...file.now, mtime: step.mtime };
        return;
      }
      case 'link':
        return this.#change(directory, [[name, this.#file(relative(this.#root, step.from))]]);
      case 'rename':
        return this.#rename(relative(this.#root, step.from), directory, name);
      case 'remove':
      case 'remove-directory':
        return this.#change(directory, [[name, undefined]]);
      case 'sync-file':
        return this.#file(path).sync();
      case 'sync-directory':
        return this.#sync(this.#directory(path));
    }
  }

  #rename(from: string, to: Directory, name: string): void {
    const node = this.#file(from);
    const directory = this.#directory(dirname(from));
    if (to.now.get(name) === node) return; // two names of one file: rename does nothing (POSIX)
    if (directory === to) {
      this.#change(to, [
        [basename(from), undefined],
        [name, node],
      ]);
      return;
    }
    this.#change(to, [[name, node]]);
    this.#change(directory, [[basename(from), undefined]], this.#pending.at(-1));
  }

  #change(directory: Directory, names: Change['names'], after?: Change): void {
    const change: Change = { directory, names, step: this.#steps, ...(after && { after }) };
    apply(change, directory.now);
    this.#pending.push(change);
  }

  #sync(directory: Directory): void {
    directory.durableMode = directory.mode;
    for (const change of this.#pending.filter((one) => one.directory === directory)) this.#settle(change);
  }

  /** Makes a change durable, and what must be so before it. */
  #settle(change: Change): void {
    const at = this.#pending.indexOf(change);
    if (at < 0) return;
    if (change.after) this.#settle(change.after);
    const names = change.names.map(([name]) => name);
    const earlier = this.#pending
      .slice(0, at)
      .filter(
        (one) => one.directory === change.directory && one.names.some(([name]) => names.includes(name)),
      );
    for (const one of earlier) this.#settle(one);
    apply(change, change.directory.durable);
    this.#pending = this.#pending.filter((one) => one !== change);
  }

  /** What is there after a power failure now. */
  crash(fate: Fate): Image {
    const survivors = new Set<Change>();
    const latest = this.#pending.at(-1)?.step ?? 0;
    for (const [n, change] of this.#pending.entries()) {
      const { after } = change;
      const mayBe = after === undefined || survivors.has(after) || !this.#pending.includes(after);
      if (mayBe && fate.keeps({ isOldest: n === 0, isLatest: change.step === latest })) survivors.add(change);
    }
    const directories = new Map<string, number>();
    const files = new Map<string, ImageFile>();
    const contents = new Map<File, ImageFile>();
    const visit = (directory: Directory, path: string): void => {
      const names = new Map(directory.durable);
      for (const change of survivors) if (change.directory === directory) apply(change, names);
      for (const [name, node] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const below = path === '' ? name : `${path}/${name}`;
        if (node instanceof Directory) {
          directories.set(below, fate.holds(node.mode, node.durableMode));
          visit(node, below);
        } else {
          const file = contents.get(node) ?? fate.content(node.now, node.durable ?? node.born);
          contents.set(node, file);
          files.set(below, file);
        }
      }
    };
    visit(this.#top, '');
    return { directories, files };
  }

  #node(path: string): Node {
    const node = this.#directory(dirname(path)).now.get(basename(path));
    if (node === undefined) throw new Error(`The model has no ${path}`);
    return node;
  }

  #file(path: string): File {
    const node = this.#node(path);
    if (node instanceof File) return node;
    throw new Error(`${path} is no file in the model`);
  }

  /** A directory that was made without the disk, as the lock makes `.conda-diff`, is taken as made, not durable. */
  #directory(path: string): Directory {
    if (path === '.' || path === '') return this.#top;
    const above = this.#directory(dirname(path));
    if (!above.now.has(basename(path))) {
      const mode = path.endsWith('.conda-diff') ? 0o700 : 0o755;
      this.#change(above, [[basename(path), new Directory(mode)]]);
    }
    const node = above.now.get(basename(path));
    if (node instanceof Directory) return node;
    throw new Error(`${path} is no directory in the model`);
  }
}

type Node = File | Directory;

class File {
  readonly born: ImageFile;
  now: ImageFile;
  durable: ImageFile | undefined;

  constructor(now: ImageFile, durable?: ImageFile) {
    this.born = now;
    this.now = now;
    this.durable = durable;
  }

  setMode(mode: number): void {
    this.now = { ...this.now, mode };
  }

  sync(): void {
    this.durable = this.now;
  }
}

class Directory {
  readonly now = new Map<string, Node>();
  readonly durable = new Map<string, Node>();
  mode: number;
  durableMode: number;

  constructor(mode: number) {
    this.mode = mode;
    this.durableMode = mode;
  }

  setMode(mode: number): void {
    this.mode = mode;
  }
}

/** A change of names in one directory that survives as a whole or not at all. */
interface Change {
  readonly directory: Directory;
  readonly names: readonly (readonly [name: string, node: Node | undefined])[];
  readonly step: number;
  /** Survives only if this one does. */
  readonly after?: Change;
}

function apply({ names }: Change, entries: Map<string, Node>): void {
  for (const [name, node] of names) {
    if (node === undefined) entries.delete(name);
    else entries.set(name, node);
  }
}

function emptyFile(mode: number): ImageFile {
  return { bytes: Buffer.alloc(0), mode, mtime: 0 };
}

/** Decides what of the changes that were not synced survives. */
export interface Fate {
  readonly name: string;
  keeps(change: { readonly isOldest: boolean; readonly isLatest: boolean }): boolean;
  /** What a file holds that was `now` when the power failed, and `durable` when it was last synced. */
  content(now: ImageFile, durable: ImageFile): ImageFile;
  /** The same for the mode of a directory. */
  holds(now: number, durable: number): number;
}

const NEW = { content: (now: ImageFile) => now, holds: (now: number) => now };
const OLD = {
  content: (_: ImageFile, durable: ImageFile) => durable,
  holds: (_: number, durable: number) => durable,
};

/** The fates that find most, the same for every state. */
export const FATES: readonly Fate[] = [
  { name: 'nothing that was not synced survives', keeps: () => false, ...OLD },
  { name: 'everything survives', keeps: () => true, ...NEW },
  { name: 'names survive without their bytes', keeps: () => true, ...OLD },
  { name: 'only the latest change survives', keeps: ({ isLatest }) => isLatest, ...NEW },
  { name: 'all but the oldest change survive', keeps: ({ isOldest }) => !isOldest, ...NEW },
];

/** Each change survives by chance; files are old, new, cut off or full of zeros. */
export function byChance(next: () => number): Fate {
  const share = next();
  return {
    name: 'some survives',
    keeps: () => next() < share,
    holds: (now, durable) => (next() < 0.5 ? now : durable),
    content: (now, durable) => {
      if (now === durable) return now;
      const { mode, mtime } = next() < 0.5 ? now : durable;
      if (now.bytes.equals(durable.bytes)) return { bytes: now.bytes, mode, mtime };
      const torn = [now.bytes, durable.bytes, now.bytes.subarray(0, next() * now.bytes.length)];
      torn.push(Buffer.alloc(now.bytes.length));
      return { bytes: Buffer.from(torn[Math.floor(next() * torn.length)]!), mode, mtime };
    },
  };
}
