import { CondaDiffError } from '../shared/errors.js';
import type { Globs } from '../shared/globs.js';
import type { LineageEntry } from '../shared/lineage.js';
import { type Chunks, encodeLineDocument } from '../shared/line-document.js';
import { LineDocumentDecoder } from '../shared/line-document-decoder.js';
import { checkFormat, type Totals } from '../shared/reference.js';
import { RULES } from '../shared/rules.js';
import { entryValidator, headerValidator } from '../shared/schema.js';
import type { Entry } from '../shared/state.js';
import type { CommitAction } from './commit-plan.js';
import { journalProblems } from './journal-problems.js';

/**
 * The plan of one commit, durable before its first step. With it, and without any media, an interrupted commit is
 * finished or taken back: each action is judged by the content that is found.
 */
export interface Journal {
  /** Names the undo directory: 16 hex digits. */
  readonly attempt: string;
  readonly kind: 'import' | 'undo';
  readonly globs: Globs;
  readonly update: UpdateName;
  /** The state before. */
  readonly from: Totals;
  /** The state after. */
  readonly to: Totals;
  /** Whether what is replaced or removed is kept until the end, so that the commit can be taken back. */
  readonly keepsUndo: boolean;
  /** Whether it is imported although a later one had been (`--again`). */
  readonly again: boolean;
  readonly at: string;
  /** Where the reference of the new state is noted, as `storedPlace` gives it. */
  readonly stateDirectory: string;
  /** The updates of the site that the update's manifest knows, oldest first, and the update itself. */
  readonly lineage: readonly LineageEntry[];
  /** Retired files that the update of an import tracks again, as they were retired; undoing it retires them again. */
  readonly reused: readonly Entry[];
  /** Allowed links of the repository, as paths: behind them is a part of the state. */
  readonly links: readonly string[];
  /** Directories that the commit makes, parents first. */
  readonly directories: readonly string[];
  /** The n-th action's files are `stage/<n>`, `undo/<attempt>/<n>` and `trash/<n>` of its area. */
  readonly actions: readonly CommitAction[];
}

/** Which update a state came from. */
export interface UpdateName {
  readonly id: string;
  readonly site: string;
  readonly sequence: number;
}

const SECTIONS = ['lineage', 'reused', 'directories', 'actions'] as const;

/** The bytes of a journal. */
export function encodeJournal(journal: Journal): Generator<Buffer> {
  const { globs, lineage, reused, directories, actions, ...header } = journal;
  const { attempt, kind, update, from, to, keepsUndo, again, at, stateDirectory, links } = header;
  const line = {
    format: 'conda-diff-journal',
    version: 1,
    rules: RULES,
    ignore: globs.ignore,
    include: globs.include,
    ...{ attempt, kind, update, from, to, keepsUndo, again, at, stateDirectory, links },
  };
  return encodeLineDocument(line, [
    { name: 'lineage', entries: lineage.map((entry) => ({ ...entry })) },
    { name: 'reused', entries: reused.map(({ path, size, sha256 }) => ({ path, size, sha256 })) },
    { name: 'directories', entries: directories.map((path) => ({ path })) },
    { name: 'actions', entries: actions.map((action) => ({ ...action })) },
  ]);
}

type JournalHeader = Omit<Journal, 'globs' | (typeof SECTIONS)[number]> & {
  readonly ignore: readonly string[];
  readonly include: readonly string[];
};

/**
 * Reads a journal.
 *
 * @param name the file, for messages
 * @throws CondaDiffError malformed or integrity
 */
export async function decodeJournal(chunks: Chunks, name: string): Promise<Journal> {
  const checkHeader = await headerValidator<JournalHeader & { format: string }>('journal', SECTIONS);
  const checkDirectory = await entryValidator<{ path: string }>('journal', 'directories');
  const checkLineage = await entryValidator<LineageEntry>('journal', 'lineage');
  const checkReused = await entryValidator<Entry>('journal', 'reused');
  const checkAction = await entryValidator<CommitAction>('journal', 'actions');
  let header: (JournalHeader & { format: string }) | undefined;
  const lineage: LineageEntry[] = [];
  const reused: Entry[] = [];
  const directories: string[] = [];
  const actions: CommitAction[] = [];
  const decoder = new LineDocumentDecoder(name, SECTIONS, {
    header: (value) => {
      checkFormat(value, name, 'conda-diff-journal');
      header = checkHeader(value, name);
    },
    entry: (section, value) => {
      if (section === 'lineage') lineage.push(checkLineage(value, name));
      else if (section === 'reused') reused.push(checkReused(value, name));
      else if (section === 'directories') directories.push(checkDirectory(value, name).path);
      else actions.push(checkAction(value, name));
    },
  });
  for await (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  const { attempt, kind, update, from, to, keepsUndo, again, at, stateDirectory, links, ignore, include } =
    header as JournalHeader;
  const globs = { ignore, include };
  const fields = { attempt, kind, update, from, to, keepsUndo, again, at, stateDirectory, links };
  return safe({ ...fields, globs, lineage, reused, directories, actions }, name);
}

function safe(journal: Journal, name: string): Journal {
  const details = [...journalProblems(journal)].slice(0, 20);
  if (details.length === 0) return journal;
  throw new CondaDiffError('malformed', `${name} is not a safe journal`, { details });
}
