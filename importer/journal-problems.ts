import { directoryOf, nameOf, pathProblem } from '../shared/paths.js';
import { updateId } from '../shared/manifest.js';
import { isIndexName } from '../shared/rules.js';
import { type CommitAction, goneOf, inOrder, publishOf } from './commit-plan.js';
import type { Journal } from './journal.js';
import { storedProblem } from './state-directory.js';

type Plan = Pick<Journal, 'directories' | 'actions'>;
type Notes = Pick<Journal, 'stateDirectory' | 'reused'>;
type Origin = Pick<Journal, 'update' | 'lineage'>;

/** What no plan of ours has, whatever the files are: with any of these a journal is not to be followed. */
export function* journalProblems({
  update,
  lineage,
  stateDirectory,
  reused,
  directories,
  actions,
}: Plan & Origin & Notes): Generator<string> {
  const paths = actions.map(({ path }) => path);
  const kept = reused.map(({ path }) => path);
  for (const path of [...directories, ...paths, ...kept]) {
    const problem = pathProblem(path);
    if (problem !== undefined) yield `${JSON.stringify(path)} ${problem}`;
  }
  yield* repeated(directories);
  yield* repeated(paths);
  yield* repeated(kept);
  const problem = storedProblem(stateDirectory);
  if (problem !== undefined) yield `the state directory ${JSON.stringify(stateDirectory)} ${problem}`;
  for (const action of actions) {
    if (!isPlanned(action)) yield `${action.path}: no plan has this action`;
  }
  const ordered = inOrder(actions);
  const misplaced = actions.find((action, n) => action !== ordered[n]);
  if (misplaced !== undefined) yield `${misplaced.path} stands in the wrong place`;
  yield* directoryProblems({ directories, actions });
  yield* lineageProblems({ update, lineage });
}

/** A lineage that cannot be noted: every id follows from its fields, and the update itself is in it. */
function* lineageProblems({ update, lineage }: Origin): Generator<string> {
  for (const { id, sequence, base, target } of lineage) {
    if (updateId(update.site, sequence, base, target) !== id) yield `update ${id} has another id`;
  }
  yield* repeated(lineage.map(({ id }) => id));
  const own = lineage.find(({ id }) => id === update.id);
  if (own?.sequence !== update.sequence) yield `update ${update.id} is not in its lineage`;
}

function* repeated(paths: readonly string[]): Generator<string> {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) yield `${path} stands twice`;
    seen.add(path);
  }
}

/** Whether planning the same again gives the same action. */
function isPlanned(action: CommitAction): boolean {
  if (action.kind === 'index' && !isIndexName(nameOf(action.path))) return false;
  const again = plannedAgain(action);
  return again !== undefined && isSame(again, action) && isWhole(action);
}

function isSame(again: CommitAction, { action, step, ...rest }: CommitAction): boolean {
  const isNamed = (one: object): boolean => 'wasNamed' in one;
  return again.action === action && again.step === step && isNamed(again) === isNamed(rest);
}

/** The schema lets every action have either content. */
type Stored = Pick<CommitAction, 'action' | 'path' | 'kind'> &
  Partial<Pick<Publish, 'after' | 'before' | 'wasNamed'>>;
type Publish = Extract<CommitAction, { action: 'publish' }>;

function plannedAgain({ action, path, kind, before, after, wasNamed }: Stored): CommitAction | undefined {
  const here = before && { path, ...before };
  if (action === 'publish') return after && publishOf({ path, kind, ...after }, here, wasNamed);
  return here && goneOf(here, kind, { removeNow: action === 'remove' });
}

function isWhole(action: CommitAction): boolean {
  return action.action === 'publish' || !('after' in action);
}

/** Directories are made for files that are published, parents first. */
function* directoryProblems({ directories, actions }: Plan): Generator<string> {
  const needed = new Set<string>();
  for (const { action, path } of actions) {
    if (action !== 'publish') continue;
    for (let above = directoryOf(path); above !== ''; above = directoryOf(above)) needed.add(above);
  }
  const later = new Set(directories);
  for (const path of directories) {
    later.delete(path);
    if (!needed.has(path)) yield `${path}: nothing is published in this directory`;
    if (later.has(directoryOf(path))) yield `${path} stands before the directory that it is in`;
  }
}
