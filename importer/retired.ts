import { CondaDiffError } from '../shared/errors.js';
import { type Chunks, encodeLineDocument } from '../shared/line-document.js';
import { LineDocumentDecoder } from '../shared/line-document-decoder.js';
import { compareUtf8, pathProblem } from '../shared/paths.js';
import { checkFormat } from '../shared/reference.js';
import { RULES } from '../shared/rules.js';
import { entryValidator, headerValidator } from '../shared/schema.js';
import type { Entry, State } from '../shared/state.js';
import type { Journal } from './journal.js';

/** A file that left the target and stays on disk, untracked, for readers of the old index. */
export interface Retired extends Entry {
  /** The commit that retired it. */
  readonly attempt: string;
  /** When: ISO 8601, UTC. */
  readonly at: string;
}

/** The bytes of `retired.json`. */
export function encodeRetired(entries: readonly Retired[]): Generator<Buffer> {
  const sorted = [...entries].sort((a, b) => compareUtf8(a.path, b.path));
  const lines = sorted.map(({ path, size, sha256, attempt, at }) => ({ path, size, sha256, attempt, at }));
  const header = { format: 'conda-diff-retired', version: 1, rules: RULES };
  return encodeLineDocument(header, [{ name: 'entries', entries: lines }]);
}

/**
 * @param name the file, for messages
 * @throws CondaDiffError malformed or integrity
 */
export async function decodeRetired(chunks: Chunks, name: string): Promise<Retired[]> {
  const checkHeader = await headerValidator('retired', ['entries']);
  const checkEntry = await entryValidator<Retired>('retired', 'entries');
  const entries: Retired[] = [];
  const decoder = new LineDocumentDecoder(name, ['entries'], {
    header: (value) => {
      checkFormat(value, name, 'conda-diff-retired');
      checkHeader(value, name);
    },
    entry: (_, value) => {
      const entry = checkEntry(value, name);
      const problem = pathProblem(entry.path);
      if (problem !== undefined)
        throw new CondaDiffError('malformed', `${name}: ${JSON.stringify(entry.path)} ${problem}`);
      entries.push(entry);
    },
  });
  for await (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return entries;
}

/** What becomes of the retired files when a commit is complete. */
export interface RetiredAfter {
  /** The list from now on. */
  readonly kept: readonly Retired[];
  /** What goes now: readers had time until this import. */
  readonly expired: readonly Retired[];
}

/**
 * Adds what a commit retired. An import ends the wait of what was retired before; an undo does not, and it retires
 * again what the import had reused. What the state tracks again is not retired any more.
 *
 * @param limit what was retired after it waits on, also after an import
 */
export function retiredAfter(
  before: readonly Retired[],
  journal: Journal,
  state: State,
  limit?: Date,
): RetiredAfter {
  const { attempt, at, kind } = journal;
  const retiring = journal.actions.flatMap((action) =>
    action.action === 'retire' ? [{ path: action.path, ...action.before }] : [],
  );
  const again = kind === 'undo' ? journal.reused : [];
  const added = [...retiring, ...again].map(({ path, size, sha256 }) => ({
    path,
    size,
    sha256,
    attempt,
    at,
  }));
  const taken = new Set(added.map(({ path }) => path));
  const isWaiting = ({ path }: Retired): boolean => state.find(path) < 0 && !taken.has(path);
  const earlier = before.filter((one) => one.attempt !== attempt && isWaiting(one));
  const kept = added.filter(({ path }) => state.find(path) < 0);
  const isOver = ({ at: since }: Retired): boolean =>
    kind === 'import' && (limit === undefined || new Date(since) <= limit);
  return { kept: [...kept, ...earlier.filter((one) => !isOver(one))], expired: earlier.filter(isOver) };
}

/** Retired files that an update tracks again: undoing it retires them again. */
export function reusedBy(target: State, retired: readonly Retired[]): Entry[] {
  return retired
    .filter(({ path }) => target.find(path) >= 0)
    .map(({ path, size, sha256 }) => ({ path, size, sha256 }));
}

/** Splits off what has waited since before `limit`; what the state tracks again is neither. */
export function olderThan(entries: readonly Retired[], limit: Date, state: State): RetiredAfter {
  const waiting = entries.filter(({ path }) => state.find(path) < 0);
  const isExpired = ({ at }: Retired): boolean => new Date(at) <= limit;
  return { kept: waiting.filter((one) => !isExpired(one)), expired: waiting.filter(isExpired) };
}
