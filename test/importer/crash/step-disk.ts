import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, type NewFile, realDisk } from '../../../importer/disk.js';

/** One change of a file system that happens or does not; paths are absolute. */
export type Step =
  | { readonly call: 'create' | 'make-directory' | 'set-mode'; readonly path: string; readonly mode: number }
  | { readonly call: 'write'; readonly path: string; readonly chunk: Uint8Array }
  | { readonly call: 'set-time'; readonly path: string; readonly mtime: number }
  | { readonly call: 'link' | 'rename'; readonly path: string; readonly from: string }
  | {
      readonly call: 'remove' | 'remove-directory' | 'sync-file' | 'sync-directory';
      readonly path: string;
    };

/** Performs a step with `act`, or does not. */
export type Conduct = <T>(step: Step, act: () => Promise<T>) => Promise<T>;

/** A real disk whose every change goes through `conduct`, the compound ones one step at a time. */
export class StepDisk implements Disk {
  readonly #conduct: Conduct;
  readonly #makesLinks: boolean;
  /** How many files are open. */
  open = 0;

  /** @param makesLinks false for a file system without hard links: `linkOrCopy` copies */
  constructor(conduct: Conduct, makesLinks = true) {
    this.#conduct = conduct;
    this.#makesLinks = makesLinks;
  }

  async create(path: string, mode: number): Promise<NewFile> {
    const file = await this.#conduct({ call: 'create', path, mode }, () => realDisk.create(path, mode));
    this.open++;
    return {
      write: (chunk) => {
        const own = Uint8Array.from(chunk);
        return this.#conduct({ call: 'write', path, chunk: own }, () => file.write(own));
      },
      setOwnership: (ownership) => {
        const step = { call: 'set-mode', path, mode: ownership.mode } as const;
        return this.#conduct(step, () => file.setOwnership(ownership));
      },
      setTime: (mtime) => this.#conduct({ call: 'set-time', path, mtime }, () => file.setTime(mtime)),
      sync: () => this.#conduct({ call: 'sync-file', path }, () => file.sync()),
      close: () => {
        this.open--;
        return file.close();
      },
    };
  }

  makeDirectory(path: string, mode: number): Promise<void> {
    return this.#conduct({ call: 'make-directory', path, mode }, () => realDisk.makeDirectory(path, mode));
  }

  setOwnership(...[path, ownership]: Parameters<Disk['setOwnership']>): Promise<void> {
    const step = { call: 'set-mode', path, mode: ownership.mode } as const;
    return this.#conduct(step, () => realDisk.setOwnership(path, ownership));
  }

  setTime(path: string, mtime: number): Promise<void> {
    return this.#conduct({ call: 'set-time', path, mtime }, () => realDisk.setTime(path, mtime));
  }

  async linkOrCopy(from: string, path: string): Promise<void> {
    if (this.#makesLinks) {
      await this.#conduct({ call: 'link', path, from }, () => realDisk.linkOrCopy(from, path));
      return;
    }
    const file = await this.create(path, 0o600);
    try {
      await file.write(readFileSync(from));
    } finally {
      await file.close();
    }
    const { mode, uid, gid, mtimeMs } = lstatSync(from);
    await this.setOwnership(path, { mode: mode & 0o7777, uid, gid });
    await this.setTime(path, mtimeMs / 1000);
  }

  rename(from: string, path: string): Promise<void> {
    return this.#conduct({ call: 'rename', path, from }, () => realDisk.rename(from, path));
  }

  async remove(path: string): Promise<void> {
    if (existsSync(path)) await this.#conduct({ call: 'remove', path }, () => realDisk.remove(path));
  }

  async removeDirectory(path: string): Promise<boolean> {
    if (!existsSync(path)) return true;
    if (readdirSync(path).length > 0) return false;
    return this.#conduct({ call: 'remove-directory', path }, () => realDisk.removeDirectory(path));
  }

  async removeTree(path: string): Promise<void> {
    if (!existsSync(path)) return;
    for (const item of readdirSync(path, { withFileTypes: true })) {
      if (item.isDirectory()) await this.removeTree(join(path, item.name));
      else await this.remove(join(path, item.name));
    }
    await this.removeDirectory(path);
  }

  syncFile(path: string): Promise<void> {
    return this.#conduct({ call: 'sync-file', path }, () => realDisk.syncFile(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#conduct({ call: 'sync-directory', path }, () => realDisk.syncDirectory(path));
  }
}
