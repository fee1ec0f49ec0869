import { CondaDiffError } from '../shared/errors.js';
import type { GatherFault } from '../shared/gather-files.js';
import type { Mismatch } from '../shared/identity.js';
import type { Entry } from '../shared/state.js';
import type { Chunk } from '../shared/archive-chunks.js';

/** Collects what is wrong with the files of one or several archives, so that all of it is reported. */
export class ArchiveFaults {
  readonly #moved: string[] = [];
  readonly #wrong: Mismatch[] = [];

  /** How many files are not as they were planned. */
  get count(): number {
    return this.#moved.length + this.#wrong.length;
  }

  /** @param files of the archive that the chunk is of */
  add(files: readonly Entry[], { pieces }: Pick<Chunk, 'pieces'>, faults: readonly GatherFault[]): void {
    for (const { piece, problem, found } of faults) {
      const { path, sha256 } = files[pieces[piece]?.file ?? -1] as Entry;
      if (problem === 'wrong')
        this.#wrong.push({ path, expected: `sha256 ${sha256}`, found: `sha256 ${found}` });
      else this.#moved.push(`${path}: ${MOVED[problem]}`);
    }
  }

  /**
   * @throws CondaDiffError integrity, when files are not what the plan says; else source, when files vanished or
   *   changed
   */
  throwAny(): void {
    if (this.#wrong.length > 0) throw corruptFiles(this.#wrong);
    if (this.#moved.length === 0) return;
    throw new CondaDiffError(
      'source',
      `${String(this.#moved.length)} planned files changed while the update was written`,
      {
        details: this.#moved,
        hint: 'Run again when the mirror job has finished',
      },
    );
  }
}

const MOVED = {
  gone: 'it is gone',
  elsewhere: 'it is no file of the repository any more',
  changed: 'it changed',
  'changed while read': 'it changed while it was read',
} as const;

/** The error for files that do not match their records. */
function corruptFiles(wrong: readonly Mismatch[]): CondaDiffError {
  const count = wrong.length === 1 ? 'A file does' : `${String(wrong.length)} files do`;
  return new CondaDiffError('integrity', `${count} not match what the index says`, {
    details: wrong.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`),
    hint: 'Let the mirror download these files again; if they are right, its index is wrong or out of date',
  });
}
