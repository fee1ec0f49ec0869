import { CondaDiffError } from '../shared/errors.js';
import {
  allIds,
  type Collected,
  collectedBytes,
  collectedDirectory,
  collectedIds,
  type MissingVolume,
  missingVolumes,
  readCollected,
} from './collected.js';
import type { UpdateName } from './journal.js';
import type { Layout } from './layout.js';
import { shellWord } from '../shared/shell-word.js';

/** What was collected of one update. */
export interface Staged {
  readonly id: string;
  readonly directory: string;
  /** `undefined` where its manifest is not there, or cannot be read any more. */
  readonly update: UpdateName | undefined;
  /** What is wrong with the manifest, if that is it. */
  readonly problem: string | undefined;
  /** Of all files that are there, beginnings included. */
  readonly bytes: number;
  readonly volumes: number;
  readonly missing: readonly MissingVolume[];
}

/** Lists what was collected, the lowest number first. Signatures are not looked at: nothing is believed here. */
export async function listStaged(layout: Layout): Promise<Staged[]> {
  const whole = new Set(collectedIds(layout));
  const staged: Staged[] = [];
  for (const id of allIds(layout)) {
    const common = { id, directory: collectedDirectory(layout, id), bytes: collectedBytes(layout, id) };
    const nothing = { update: undefined, problem: undefined, volumes: 0, missing: [] };
    staged.push({ ...common, ...(whole.has(id) ? await contentsOf(layout, id) : nothing) });
  }
  return staged.sort((a, b) => (a.update?.sequence ?? 0) - (b.update?.sequence ?? 0));
}

async function contentsOf(
  layout: Layout,
  id: string,
): Promise<Pick<Staged, 'update' | 'problem' | 'volumes' | 'missing'>> {
  let collected: Collected;
  try {
    collected = await readCollected(layout, id, undefined);
  } catch (error) {
    if (!(error instanceof CondaDiffError) || error.code === 'io') throw error;
    return { update: undefined, problem: error.message, volumes: 0, missing: [] };
  }
  const { site, sequence, volumes } = collected.manifest;
  return {
    update: { id, site, sequence },
    problem: undefined,
    volumes: volumes.length,
    missing: missingVolumes(collected),
  };
}

/**
 * The directory of the update that `apply --staged` takes: the only one that is staged.
 *
 * @throws CondaDiffError usage, when there is none, or more than one; malformed, naming the volumes that are missing
 */
export function onlyStaged(staged: readonly Staged[], repository: string): string {
  const [only, ...others] = staged.filter(
    ({ update, problem }) => update !== undefined || problem !== undefined,
  );
  if (only === undefined) {
    throw new CondaDiffError('usage', `Nothing is staged in ${repository}`, {
      hint: `Stage the volumes of an update first: conda-diff-import stage ${shellWord(repository)} <volume>...`,
    });
  }
  if (others.length > 0) {
    throw new CondaDiffError('usage', `More than one update is staged in ${repository}`, {
      details: [only, ...others].map(
        ({ id, update }) => `update ${update?.sequence ?? '?'} (${id.slice(0, 12)})`,
      ),
      hint: `Name the one to apply by its directory:\n  conda-diff-import apply ${shellWord(only.directory)} ${shellWord(repository)}`,
    });
  }
  requireComplete(only, repository);
  return only.directory;
}

/** @throws CondaDiffError malformed, naming every volume that was not staged yet */
function requireComplete({ update, volumes, missing, problem }: Staged, repository: string): void {
  if (missing.length === 0 || problem !== undefined) return;
  throw new CondaDiffError(
    'malformed',
    `${missing.length} of ${volumes} volumes of update ${update?.sequence ?? '?'} were not staged yet`,
    {
      details: missing.map((one) => `volume ${one.number} of ${volumes}: ${one.name}`),
      hint: `Stage them, in any order: conda-diff-import stage ${shellWord(repository)} <volume>...`,
    },
  );
}
