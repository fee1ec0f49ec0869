import { CondaDiffError } from './errors.js';
import { type Globs, NO_GLOBS } from './globs.js';
import { entryLines } from './entry-lines.js';
import { encodeLineDocument } from './line-document.js';
import { EMPTY_STATE, type State } from './state.js';
import { RULES } from './rules.js';

/**
 * Which tracked files a reference covers: all of a state, its artifacts, or its `.tar.bz2` artifacts. Anything
 * but `all` makes a partial base: what it does not cover is unknown.
 */
export type Scope = 'all' | 'artifacts' | 'tar.bz2';

/** A state written down, with what is needed to read the same state again. */
export interface Reference {
  readonly rules: number;
  readonly scope: Scope;
  readonly globs: Globs;
  readonly state: State;
}

/** The whole state of a repository under the present rules. */
export function referenceOf(state: State, globs: Globs, scope: Scope = 'all'): Reference {
  return { rules: RULES, scope, globs, state };
}

export const EMPTY_REFERENCE: Reference = referenceOf(EMPTY_STATE, NO_GLOBS);

/** The bytes of `reference.json`: for one state and globs the same on both sides. */
export function encodeReference({ rules, scope, globs, state }: Reference): Generator<Buffer> {
  const header = {
    format: 'conda-diff-reference',
    version: 1,
    rules,
    scope,
    ignore: globs.ignore,
    include: globs.include,
    digest: state.digest,
    count: state.count,
    bytes: state.bytes,
  };
  return encodeLineDocument(header, [{ name: 'entries', entries: entryLines(state) }]);
}

/** A state's digest and totals, as headers state them. */
export interface Totals {
  readonly digest: string;
  readonly count: number;
  /** Sum of the sizes. */
  readonly bytes: number;
}

export function totalsOf({ digest, count, bytes }: State): Totals {
  return { digest, count, bytes };
}

/**
 * @throws CondaDiffError integrity, when `state` has not the digest, count and bytes that are stated
 */
export function checkTotals(what: string, stated: Totals, state: State): void {
  const keys = ['digest', 'count', 'bytes'] as const;
  const wrong = keys.filter((key) => stated[key] !== state[key]);
  if (wrong.length === 0) return;
  throw new CondaDiffError('integrity', `${what} do not give the state that is stated`, {
    details: wrong.map((key) => `${key}: expected ${String(stated[key])}, found ${String(state[key])}`),
  });
}

/**
 * Says in plain words when a document is of another format, or of a version or rules that this release does
 * not know.
 *
 * @throws CondaDiffError malformed
 */
export function checkFormat(header: unknown, name: string, format: string): void {
  const { format: found, version, rules, generator } = Object(header) as Record<string, unknown>;
  if (found !== format) {
    throw new CondaDiffError('malformed', `${name} is not a ${format} document`, {
      details: [`expected format '${format}', found ${found === undefined ? 'none' : JSON.stringify(found)}`],
    });
  }
  const by = typeof generator === 'string' ? ` (it was written by ${generator})` : '';
  for (const [what, value, known] of [['version', version, 1] as const, ['rules', rules, RULES] as const]) {
    if (typeof value !== 'number' || value <= known) continue;
    throw new CondaDiffError(
      'malformed',
      `${name} has ${what} ${String(value)}, which this release does not know${by}`,
      {
        hint: `This release knows ${what} up to ${String(known)}; install a newer conda-diff on this side`,
      },
    );
  }
}
