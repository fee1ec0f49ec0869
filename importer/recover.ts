import { join } from 'node:path';
import { asIoError, CondaDiffError } from '../shared/errors.js';
import { statFile } from '../shared/fingerprint.js';
import { hashFile } from '../shared/hashing.js';
import { directoryOf } from '../shared/paths.js';
import type { Receipt } from '../shared/receipt.js';
import { checkTotals } from '../shared/reference.js';
import { perform, syncDirectories, type Workbench } from './commit.js';
import { type CommitAction, type Content, placesOf } from './commit-plan.js';
import { completeCommit, type Notebook, surveyOnDisk } from './complete.js';
import { requireClear } from './in-the-way.js';
import { requireInside, requireMounted, requireSameLinks } from './inside.js';
import type { Journal } from './journal.js';
import { keptFile, stagedFile, trashFile } from './layout.js';
import { clearOwnFiles, readJournal } from './own-files.js';
import { placeStored } from './state-directory.js';
import { judgeRecovery, type ActionFinding } from './recovery-plan.js';
import { shellWord } from '../shared/shell-word.js';

/** What a recovery did. */
export interface Recovery {
  readonly did: 'finished' | 'taken-back';
  readonly journal: Journal;
  /** Of the state that was finished; the state before has its own. */
  readonly receipt?: Receipt;
}

/**
 * Ends an interrupted commit, if there is one: finishes it when every pending staged file is there and right, else
 * takes it back. Everything is judged by content; no update media are needed.
 *
 * @throws CondaDiffError integrity, when neither is possible, or when the state that results is not the one that
 *   the journal names; usage, when an allowed link that it was made with is not allowed now; io, also when a disk that
 *   it was made on is not mounted
 */
export async function recover(bench: Workbench, notebook: Notebook): Promise<Recovery | undefined> {
  const { layout } = bench;
  const committed = await readJournal(layout.committed);
  if (committed !== undefined) {
    requireSameLinks(layout, committed);
    requireMounted(layout, committed);
    const { receipt } = await completeCommit(bench, committed, notebookOf(bench, committed, notebook));
    return { did: 'finished', journal: committed, receipt };
  }
  const journal = await readJournal(layout.journal);
  if (journal === undefined) return undefined;
  requireSameLinks(layout, journal);
  requireMounted(layout, journal);
  requireInside(layout, journal.actions);
  const findings = await findAll(bench, journal);
  const judgement = judgeRecovery(findings);
  if (judgement.way === 'stuck')
    throw stuck(
      bench,
      judgement.lost.map((n) => journal.actions[n]?.path ?? ''),
    );
  requireClear(layout.repository, placesToFill(journal, findings, judgement.way), {
    what: `The interrupted ${journal.kind} of ${layout.repository} cannot be ended`,
    command: 'conda-diff-import recover',
  });
  try {
    if (judgement.way === 'finish') {
      await perform(bench, journal, (n) => findings[n]?.isDone === true);
      const { receipt } = await completeCommit(bench, journal, notebookOf(bench, journal, notebook));
      return { did: 'finished', journal, receipt };
    }
    await takeBack(bench, journal, findings);
  } catch (error) {
    throw asIoError(error);
  }
  const { state } = await surveyOnDisk(bench, journal, notebook, touchedBy(journal));
  checkTotals(
    `${layout.repository}: the files after the ${journal.kind} was taken back`,
    journal.from,
    state,
  );
  return { did: 'taken-back', journal };
}

/** What is noted goes where the interrupted run would have noted it. */
function notebookOf({ layout }: Workbench, { stateDirectory }: Journal, notebook: Notebook): Notebook {
  return { ...notebook, stateDirectory: placeStored(layout.repository, stateDirectory) };
}

function touchedBy({ actions }: Journal): ReadonlySet<string> {
  return new Set(actions.map(({ path }) => path));
}

/** Where files are still to be put. */
function placesToFill({ actions }: Journal, findings: readonly ActionFinding[], way: 'finish' | 'take-back') {
  const isPending = ({ isDone, source }: ActionFinding): boolean =>
    way === 'finish' ? !isDone : source !== undefined;
  const pending = actions.filter((_, n) => isPending(findings[n] as ActionFinding));
  return way === 'finish' ? placesOf(pending) : pending.map(({ path }) => path);
}

/** Looks at every file that the journal speaks of. */
async function findAll(bench: Workbench, journal: Journal): Promise<ActionFinding[]> {
  const findings: ActionFinding[] = [];
  for (const [n, action] of journal.actions.entries())
    findings.push(await findOne(bench, journal, n, action));
  return findings;
}

async function findOne(
  { layout }: Workbench,
  { attempt }: Journal,
  n: number,
  action: CommitAction,
): Promise<ActionFinding> {
  const place = join(layout.repository, action.path);
  if (action.action === 'retire') return NOTHING_TO_DO;
  const { before } = action;
  const wasThere = before !== undefined;
  const isBefore = wasThere ? await holds(place, before) : statFile(place) === undefined;
  const isDone =
    action.action === 'publish' ? await holds(place, action.after) : statFile(place) === undefined;
  const isStaged =
    action.action === 'publish' && !isDone && (await holds(stagedFile(layout, n, action.path), action.after));
  const canFinish = isDone || isStaged || action.action === 'remove';
  const kept = [keptFile(layout, attempt, n, action.path), trashFile(layout, n, action.path)];
  const source = wasThere && !isBefore ? await firstHolding(kept, before) : undefined;
  return { isDone, canFinish, isBefore, wasThere, source };
}

/** A retired file stays where it is. */
const NOTHING_TO_DO: ActionFinding = {
  isDone: true,
  canFinish: true,
  isBefore: true,
  wasThere: true,
  source: undefined,
};

async function firstHolding(files: readonly string[], content: Content): Promise<string | undefined> {
  for (const file of files) if (await holds(file, content)) return file;
  return undefined;
}

/** Whether the file at a path has this content. */
async function holds(file: string, { size, sha256 }: Content): Promise<boolean> {
  return statFile(file)?.size === size && (await hashFile(file)).sha256 === sha256;
}

/** Undoes the performed actions in reverse order, the indexes before the artifacts that they name. */
async function takeBack(
  bench: Workbench,
  journal: Journal,
  findings: readonly ActionFinding[],
): Promise<void> {
  const { disk, layout } = bench;
  for (const steps of [[5, 6], [4], [1, 2, 3]]) {
    const phase = [...journal.actions.entries()].filter(([, { step }]) => steps.includes(step)).reverse();
    for (const [n, action] of phase) {
      const finding = findings[n] as ActionFinding;
      if (finding.isBefore) continue;
      const place = join(layout.repository, action.path);
      if (finding.source !== undefined) await disk.rename(finding.source, place);
      else if (finding.isDone) await disk.remove(place);
    }
    await syncDirectories(
      bench,
      phase.map(([, { path }]) => join(layout.repository, directoryOf(path))),
    );
  }
  for (const path of [...journal.directories].reverse())
    await disk.removeDirectory(join(layout.repository, path));
  await syncDirectories(
    bench,
    journal.directories.map((path) => join(layout.repository, directoryOf(path))),
  );
  await disk.remove(layout.journal);
  await disk.syncDirectory(layout.own);
  await clearOwnFiles(bench, (await readJournal(layout.lastImport))?.attempt);
}

function stuck({ layout }: Workbench, lost: readonly string[]): CondaDiffError {
  return new CondaDiffError(
    'integrity',
    `The interrupted import of ${layout.repository} can neither be finished nor taken back`,
    {
      details: lost.map((path) => `${path}: neither its new content is staged nor its old content kept`),
      hint: [
        'Files below .conda-diff were deleted or damaged. To go on:',
        `  move ${layout.journal} away`,
        `  conda-diff-import reference ${shellWord(layout.repository)} -o reference.json`,
        '  and on the online side: conda-diff-export create <repository> --base reference.json',
      ].join('\n'),
    },
  );
}
