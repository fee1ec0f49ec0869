import { CondaDiffError } from '../shared/errors.js';
import { directoryOf, joinPath, nameOf } from '../shared/paths.js';
import type { Manifest } from '../shared/manifest.js';
import { isArtifactName, isRootName, isShardName, REPODATA } from '../shared/rules.js';
import type { State } from '../shared/state.js';
import type { CommitAction } from './commit-plan.js';
import { onlineCommand } from './online-command.js';

/**
 * A commit takes away nothing that its target has, and of what is not tracked only files that were retired earlier,
 * and artifacts and shards beside an index: an update can name any path as absent.
 *
 * @param retired paths of the files that earlier commits retired
 * @throws CondaDiffError malformed, naming every other file
 */
export function requireRemovable(
  actions: readonly CommitAction[],
  local: State,
  target: State,
  retired: Iterable<string>,
): void {
  const gone = actions.filter(({ action }) => action !== 'publish').map(({ path }) => path);
  const known = new Set(retired);
  const isOurs = (path: string): boolean =>
    local.find(path) >= 0 || known.has(path) || isBesideIndex(path, target);
  const details = [
    ...gone.filter((path) => target.find(path) >= 0).map((path) => `${path} stands in the target`),
    ...gone.filter((path) => !isOurs(path)).map((path) => `${path} is no tracked file`),
  ];
  if (details.length === 0) return;
  throw new CondaDiffError('malformed', 'The update takes away files that are not its own', {
    details,
    hint: 'If such a file is in the way, move it out of the copy and import again',
  });
}

/**
 * Files that nothing but an include glob tracks, and that neither base nor target speak of, are somebody's: an update
 * that includes more than the one before would take them away.
 *
 * @throws CondaDiffError fit, naming them
 */
export function requireKnown(
  actions: readonly CommitAction[],
  { removed, site, base }: Pick<Manifest, 'removed' | 'site' | 'base'>,
): void {
  const known = new Set(removed.map(({ path }) => path));
  const details = actions
    .filter(({ action, kind, path }) => action === 'remove' && kind === 'root' && !isRootName(nameOf(path)))
    .filter(({ path }) => !known.has(path))
    .map(({ path }) => `${path}: here, not in the target`);
  if (details.length === 0) return;
  throw new CondaDiffError(
    'fit',
    'An include glob of the update takes in files of this copy that it does not know',
    {
      outcome: 'drifted',
      details,
      hint: [
        'Move them out of the copy and import again, or let them go with --accept-drift.',
        'Or have an update made that does not include them, on the online side:',
        `  ${onlineCommand(site, base.digest)} --no-include`,
      ].join('\n'),
    },
  );
}

function isBesideIndex(path: string, target: State): boolean {
  const name = nameOf(path);
  if (!isArtifactName(name) && !isShardName(name)) return false;
  return target.find(joinPath(directoryOf(path), REPODATA)) >= 0;
}
