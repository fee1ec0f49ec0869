import { join } from 'node:path';
import type { Permissions } from '../../importer/fit.js';
import type { Disk } from '../../importer/disk.js';
import { benchFor, type ImportOutcome, importUpdate, recoverFirst } from '../../importer/import.js';
import type { Recovery } from '../../importer/recover.js';
import { type Undone, undoLastImport } from '../../importer/undo.js';
import type { AllowedLink } from '../../shared/bounds.js';
import { HashCache } from '../../shared/hash-cache.js';
import { withLock } from '../../shared/lock.js';
import { command } from './crossing.js';

/** The importer's commands in this process, on any disk. */

/** How an import is made. */
export interface ApplyOptions {
  readonly disk?: Disk;
  readonly keepsUndo?: boolean;
  readonly removeNow?: boolean;
  readonly permissions?: Permissions;
  readonly stateDirectory?: string;
  readonly links?: readonly AllowedLink[];
}

const NEVER = new AbortController().signal;

/** `conda-diff-import apply` */
export function apply(
  repository: string,
  update: string,
  options: ApplyOptions = {},
): Promise<ImportOutcome> {
  return importUpdate({
    ...{ repository, update, stateDirectory: join(repository, '.conda-diff') },
    ...{ keepsUndo: true, removeNow: false, signal: NEVER, note: () => undefined },
    ...options,
  });
}

/** `conda-diff-import recover` */
export async function recover(
  repository: string,
  disk?: Disk,
  links?: readonly AllowedLink[],
): Promise<Recovery | undefined> {
  const { bench, notebook } = await open(repository, disk, links);
  return withLock(repository, 'recover', () => recoverFirst(bench, notebook));
}

/** `conda-diff-import undo` */
export async function undo(repository: string, disk?: Disk, links?: readonly AllowedLink[]): Promise<Undone> {
  const { bench, notebook } = await open(repository, disk, links);
  return withLock(repository, 'undo', async () => {
    await recoverFirst(bench, notebook);
    return undoLastImport(bench, notebook);
  });
}

async function open(repository: string, disk?: Disk, links: readonly AllowedLink[] = []) {
  const bench = benchFor({ repository, links, signal: NEVER, ...(disk && { disk }) });
  const cache = await HashCache.open(repository);
  return { bench, notebook: { stateDirectory: join(repository, '.conda-diff'), cache } };
}

/** What is run next after a crash or a failure, and must succeed. */
export interface NextRuns {
  readonly apply: (repository: string, update: string) => Promise<unknown>;
  readonly recover: (repository: string) => Promise<unknown>;
  readonly undo: (repository: string) => Promise<unknown>;
}

/** Processes of their own when it shall be thorough; else calls, which take a tenth of the time. */
export function nextRuns(isThorough: boolean): NextRuns {
  // Whoever runs it at length may do so on a busy machine, with low priority.
  const run = (...args: string[]) => command('conda-diff-import', args, 0, { timeoutMs: 600_000 });
  if (!isThorough) return { apply, recover, undo };
  return {
    apply: (repository, update) => run('apply', update, repository),
    recover: (repository) => run('recover', repository),
    undo: (repository) => run('undo', repository),
  };
}
