import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { timestamp } from '../shared/clock.js';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { statFile } from '../shared/fingerprint.js';
import { hashFile } from '../shared/hashing.js';
import { shortDigest } from '../shared/state.js';
import { attributesIn, finishStage, missingDirectories } from './attributes.js';
import { all, type BurstTime, commit, makeStage, type Workbench } from './commit.js';
import { type Content, placesOf } from './commit-plan.js';
import { type Completed, completeCommit, type Notebook, sameTotals, surveyOnDisk } from './complete.js';
import { requireClear } from './in-the-way.js';
import { requireInside } from './inside.js';
import { lastEvent } from './copy-history.js';
import type { Journal } from './journal.js';
import { keptFile, stagedFile } from './layout.js';
import { readCopyLedger } from './note-event.js';
import { measureReach } from './measure.js';
import { byReference } from './online-command.js';
import { clearAfterFailure, isUnverified, readJournal, readRetired } from './own-files.js';
import { requireReachable } from './preflight.js';
import { storedPlace } from './state-directory.js';
import { planUndo, type UndoAction } from './undo-plan.js';
import { shellWord } from '../shared/shell-word.js';

/** What an undo went back from and to. */
export interface Undone extends BurstTime, Completed {
  readonly undone: Journal;
}

/**
 * Takes the last import back: the repository is as it was before, by a journalled commit of its own.
 *
 * @throws CondaDiffError fit, when there is nothing to undo or the state is not that import's target any more;
 *   integrity, when what was kept, or a document of ours, is not there or damaged; io
 */
export async function undoLastImport(bench: Workbench, notebook: Notebook): Promise<Undone> {
  const { layout } = bench;
  const last = await readJournal(layout.lastImport);
  if (last === undefined) throw nothingToUndo(layout.repository, await siteOf(notebook));
  if (!last.keepsUndo) throw notKept(layout.repository, last.update.site);
  // What the end of it is noted in, before anything is changed: damage found there would leave it interrupted.
  await Promise.all([readCopyLedger(notebook.stateDirectory), readRetired(layout)]);
  // An import that did not pass its re-check did not lead to its target: that is why it is undone.
  if (!isUnverified(layout)) await requireTarget(bench, last, notebook);
  const plan = planUndo(last);
  await requireKept(bench, last, plan);
  const actions = plan.map(({ action }) => action);
  requireInside(layout, actions);
  requireClear(layout.repository, placesOf(actions), {
    what: `The last import of ${layout.repository} cannot be undone`,
    command: 'conda-diff-import undo',
  });
  requireReachable(layout.repository, measureReach(layout, actions));
  try {
    await stageFromUndo(bench, last, plan);
    const journal = journalFor(bench, last, plan, notebook);
    const burst = await commit(bench, journal);
    return { undone: last, ...(await completeCommit(bench, journal, notebook)), ...burst };
  } catch (error) {
    await clearAfterFailure(bench);
    throw asIoError(error);
  }
}

function journalFor(
  { layout }: Workbench,
  last: Journal,
  plan: readonly UndoAction[],
  { stateDirectory }: Notebook,
): Journal {
  const actions = plan.map(({ action }) => action);
  return {
    attempt: randomBytes(8).toString('hex'),
    kind: 'undo',
    globs: last.globs,
    update: last.update,
    lineage: last.lineage,
    again: false,
    from: last.to,
    to: last.from,
    keepsUndo: true,
    at: timestamp(),
    stateDirectory: storedPlace(layout.repository, stateDirectory),
    reused: last.reused,
    links: layout.links.map(({ path }) => path),
    directories: missingDirectories(layout.repository, actions),
    actions,
  };
}

/** The site of the copy, where anything was ever imported. */
async function siteOf({ stateDirectory }: Notebook): Promise<string | undefined> {
  return lastEvent(await readCopyLedger(stateDirectory))?.update.site;
}

function nothingToUndo(repository: string, site: string | undefined): CondaDiffError {
  return new CondaDiffError('fit', `There is no import of ${repository} to undo`, {
    outcome: 'nothing-to-undo',
    details: ['nothing was imported, or the last import was undone before'],
    hint: leadBack(repository, site),
  });
}

function notKept(repository: string, site: string): CondaDiffError {
  return new CondaDiffError('fit', `The last import of ${repository} was made with --no-undo`, {
    outcome: 'nothing-to-undo',
    hint: leadBack(repository, site),
  });
}

/** Where an undo cannot lead back, an update can. */
function leadBack(repository: string, site: string | undefined): string {
  return ['To go back all the same, put the mirror back.', ...byReference(repository, site)].join('\n');
}

async function requireTarget(bench: Workbench, last: Journal, notebook: Notebook): Promise<void> {
  const touched = new Set(last.actions.map(({ path }) => path));
  const { state } = await surveyOnDisk(bench, last, notebook, touched);
  if (sameTotals(state, last.to)) return;
  throw new CondaDiffError('fit', `${bench.layout.repository} is not as the last import left it`, {
    outcome: 'drifted',
    details: [
      `the import led to ${shortDigest(last.to.digest)}, the repository is in ${shortDigest(state.digest)}`,
    ],
    hint: [
      'See what differs, put it right, and undo again:',
      `  conda-diff-import verify ${shellWord(bench.layout.repository)}`,
      'Or let an update lead from what is here to what the mirror has.',
      ...byReference(bench.layout.repository, last.update.site),
    ].join('\n'),
  });
}

/** Every file that the undo brings back must be there and right, before anything is done. */
async function requireKept({ layout }: Workbench, last: Journal, plan: readonly UndoAction[]): Promise<void> {
  const wrong: string[] = [];
  const check = async (file: string, what: string, content: Content): Promise<void> => {
    const isRight = statFile(file)?.size === content.size && (await hashFile(file)).sha256 === content.sha256;
    if (!isRight) wrong.push(`${what}: expected sha256 ${content.sha256} in ${file}`);
  };
  await all(plan, async ({ action, keptAs }) => {
    if (keptAs !== undefined && action.action === 'publish') {
      await check(keptFile(layout, last.attempt, keptAs, action.path), action.path, action.after);
    }
  });
  await all(last.actions, async (action) => {
    if (action.action === 'retire')
      await check(join(layout.repository, action.path), action.path, action.before);
  });
  if (wrong.length === 0) return;
  throw new CondaDiffError('integrity', 'What the undo needs is not there any more, or damaged', {
    details: wrong,
    hint: `Retired files may have been deleted by gc. ${leadBack(layout.repository, last.update.site)}`,
  });
}

/** Links the kept files into the stage, where the commit takes them from. */
async function stageFromUndo(bench: Workbench, last: Journal, plan: readonly UndoAction[]): Promise<void> {
  const { disk, layout } = bench;
  const actions = plan.map(({ action }) => action);
  await makeStage(bench, actions);
  const mtimes = new Map<string, number>();
  for (const [n, { action, keptAs }] of plan.entries()) {
    if (keptAs === undefined) continue;
    const kept = keptFile(layout, last.attempt, keptAs, action.path);
    await disk.linkOrCopy(kept, stagedFile(layout, n, action.path));
    mtimes.set(action.path, secondsOf(kept));
  }
  await finishStage(
    bench,
    actions,
    attributesIn(layout.repository, ({ path }) => mtimes.get(path) ?? 0),
  );
}

function secondsOf(file: string): number {
  return Math.floor((statFile(file)?.mtimeMs ?? 0) / 1000);
}
