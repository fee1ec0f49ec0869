import { CondaDiffError } from '../shared/errors.js';
import { EMPTY_REFERENCE, type Reference } from '../shared/reference.js';
import { readBase } from '../shared/read-base.js';
import type { SiteView } from './ledger.js';
import { loadReference } from './store.js';

/** The state that an update starts from, and how it came to be chosen. */
export interface ChosenBase {
  readonly reference: Reference;
  /** For people: `assumed delivered, not confirmed`, `empty`, or the file. */
  readonly how: string;
}

/**
 * Finds the base of the next update.
 *
 * @param option `--base`: `assumed` (the state that the site has once all updates arrived), `empty`, or a
 *   reference, manifest or Python reference file
 * @throws CondaDiffError usage, with the commands to type, when no base was set yet
 */
export async function chooseBase(
  option: string,
  repository: string,
  site: SiteView,
  stateDirectory: string,
  indexDirectories: readonly string[],
): Promise<ChosenBase> {
  if (option === 'empty') return { reference: EMPTY_REFERENCE, how: 'empty' };
  if (option !== 'assumed') {
    const { reference } = await readBase(option, indexDirectories);
    return { reference, how: `from ${option}` };
  }
  if (site.assumed === undefined) throw noBase(repository);
  const reference = await loadReference(stateDirectory, site.assumed.digest);
  const how = site.updates.length === 0 ? 'as it was set with init' : 'assumed delivered, not confirmed';
  return { reference, how };
}

function noBase(repository: string): CondaDiffError {
  const init = `conda-diff-export init ${repository}`;
  return new CondaDiffError('usage', `It is not known what the other side of ${repository} has`, {
    hint: [
      'Say it once, with one of',
      `  ${init} --empty                 the other side has nothing yet`,
      `  ${init} --in-sync               it has the same artifacts as this side now`,
      `  ${init} --from reference.json   it has what this reference says (ours, or of the Python tool)`,
    ].join('\n'),
  });
}
