import { lstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { type Bounds, isWithin } from '../shared/bounds.js';
import { CondaDiffError, isSystemError } from '../shared/errors.js';
import type { NewFiles } from '../shared/new-files.js';
import { whereIs } from '../shared/opened-file.js';
import { type Disk, realDisk } from './disk.js';
import { HeldDirectories } from './held-directories.js';
import { type HeldDirectory, holdFile } from './held-directory.js';

/**
 * The file system, for changes to one repository: each is made from the directory that it belongs in, opened for it, so
 * that no link that appears between the check and the change leads it out; what an allowed link led to at the beginning
 * is in. Paths elsewhere (a `--state-dir`) are taken as they are.
 *
 * @param bounds of the repository
 */
export function anchoredDisk(bounds: Bounds, disk: Disk = realDisk): Disk {
  const anchor = new Anchor(bounds);
  const { at, on } = anchor;
  const { createWhole } = disk;
  return {
    create: (path, mode) => at(path, (own) => disk.create(own, mode)),
    ...(createWhole && {
      createWhole: ({ memory, files }: NewFiles) =>
        anchor.each(files, (own) => createWhole({ memory, files: own })),
    }),
    makeDirectory: (path, mode) => at(path, (own) => disk.makeDirectory(own, mode)),
    setOwnership: (path, ownership) => on(path, (own) => disk.setOwnership(own, ownership)),
    setTime: (path, mtime) => on(path, (own) => disk.setTime(own, mtime)),
    linkOrCopy: (from, to) => at(to, (own) => anchor.source(from, (source) => disk.linkOrCopy(source, own))),
    rename: (from, to) => at(to, (own) => at(from, (source) => disk.rename(source, own))),
    remove: (path) =>
      gone(
        undefined,
        at(path, (own) => disk.remove(own)),
      ),
    removeDirectory: (path) =>
      gone(
        true,
        at(path, (own) => disk.removeDirectory(own)),
      ),
    removeTree: (path) =>
      gone(
        undefined,
        at(path, (own) => disk.removeTree(own)),
      ),
    syncFile: (path) => on(path, (own) => disk.syncFile(own)),
    syncDirectory: (path) => anchor.within(path, (own) => disk.syncDirectory(own)),
  };
}

/** What is to be removed is gone also where its directory is. */
async function gone<T>(result: T, removal: Promise<T>): Promise<T> {
  try {
    return await removal;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return result;
    throw error;
  }
}

type Act<T> = (own: string) => Promise<T>;

class Anchor {
  readonly #bounds: Bounds;
  readonly #repository: string;
  readonly #directories: HeldDirectories;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#repository = bounds.root;
    this.#directories = new HeldDirectories(bounds);
  }

  /** Acts on a name in its directory; the name itself may be a link, which these changes do not follow. */
  readonly at = async <T>(path: string, act: Act<T>): Promise<T> => {
    if (!this.#holds(path)) return act(path);
    const directory = dirname(path);
    const held = this.#directories.hold(directory);
    return acting(held, directory, (own) => act(join(own, basename(path))));
  };

  /** Acts on the names of many files, each in its directory. */
  readonly each = async <F extends { readonly path: string }>(
    files: readonly F[],
    act: (own: readonly F[]) => Promise<void>,
  ): Promise<void> => {
    const held = new Map<string, HeldDirectory>();
    const ownOf = (file: F): F => {
      if (!this.#holds(file.path)) return file;
      const directory = dirname(file.path);
      const one = held.get(directory) ?? this.#directories.hold(directory);
      held.set(directory, one);
      return { ...file, path: join(one.path, basename(file.path)) };
    };
    try {
      await act(files.map(ownOf));
    } catch (error) {
      for (const [directory, { path }] of held) toldOf(error, path, directory);
      throw error;
    } finally {
      for (const { release } of held.values()) release();
    }
  };

  /** Acts on a file or directory itself, which must not be a link. */
  readonly on = async <T>(path: string, act: Act<T>): Promise<T> =>
    this.at(path, async (name) => {
      const held = this.#holds(path) ? holdFile(name) : undefined;
      return held === undefined ? act(path) : acting(held, path, act);
    });

  /** Acts on a directory; a link to it that stays inside is followed. */
  readonly within = async <T>(directory: string, act: Act<T>): Promise<T> => {
    if (directory !== this.#repository && !this.#holds(directory)) return act(directory);
    return acting(this.#directories.hold(directory), directory, act);
  };

  /** Acts on a file that is read; what a link points at must lie inside. */
  readonly source = async <T>(path: string, act: Act<T>): Promise<T> =>
    this.at(path, async (name) => {
      if (!this.#holds(path) || !lstatSync(name).isSymbolicLink()) return act(name);
      const handle = await open(name, 'r');
      try {
        const { real, own } = whereIs(handle.fd, name);
        if (!isWithin(this.#bounds, real))
          throw new CondaDiffError(
            'malformed',
            `${path} is a link that leads out of the repository, to ${real}`,
          );
        return await act(own);
      } finally {
        await handle.close();
      }
    });

  #holds(path: string): boolean {
    return path.startsWith(this.#repository + sep);
  }
}

/** Acts on what is held and lets it go; errors name the path that people know. */
async function acting<T>({ path: own, release }: HeldDirectory, path: string, act: Act<T>): Promise<T> {
  try {
    return await act(own);
  } catch (error) {
    throw toldOf(error, own, path);
  } finally {
    release();
  }
}

function toldOf(error: unknown, own: string, path: string): unknown {
  if (!(error instanceof Error) || own === path) return error;
  const pattern = new RegExp(`${own}(?![0-9])`, 'g');
  const told = (text: string): string => text.replace(pattern, () => path);
  error.message = told(error.message);
  const named = error as { path?: unknown; dest?: unknown };
  if (typeof named.path === 'string') named.path = told(named.path);
  if (typeof named.dest === 'string') named.dest = told(named.dest);
  return error;
}
