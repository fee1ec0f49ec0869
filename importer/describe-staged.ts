import { formatBytes, formatCount } from '../shared/figures.js';
import type { CollectedNow } from './collect.js';
import type { MissingVolume } from './collected.js';
import type { Staged } from './staged.js';
import { shellWord } from '../shared/shell-word.js';

/** The JSON of one update, of what `stage` did now. */
export function describeNow({ update, staged, kept, missing }: CollectedNow): object {
  const { id, site, sequence, volumes } = update.manifest;
  const now = { staged, kept };
  return { update: { id, site, sequence }, ...now, volumes: volumes.length, missing: missing.map(nameOf) };
}

/** The JSON of one update, of what was staged. */
export function describeStaged({ id, update, problem, bytes, volumes, missing }: Staged): object {
  const readable = { update: update ?? null, ...(problem !== undefined && { problem }) };
  return { id, ...readable, bytes, volumes, missing: missing.map(nameOf) };
}

/** The JSON of one update that was discarded. */
export function describeDiscarded({ id, update, bytes }: Staged): object {
  return { id, update: update ?? null, bytes };
}

function nameOf({ number, name }: MissingVolume): object {
  return { number, name };
}

/** The lines of what `stage` did now. */
export function nowLines(done: readonly CollectedNow[], repository: string): string[] {
  return done.flatMap(({ update, staged, kept, missing }) => {
    const { sequence, volumes } = update.manifest;
    return [
      ...staged.map((name) => `Staged and verified: ${name}`),
      ...kept.map((name) => `Staged already: ${name}`),
      ...completenessLines(sequence, volumes.length, missing, repository),
    ];
  });
}

/** The lines of what was staged; `status` prints them, too. */
export function stagedLines(staged: readonly Staged[], repository: string): string[] {
  return staged.flatMap(({ id, update, problem, bytes, volumes, missing }) => {
    const what = `${formatBytes(bytes)} in .conda-diff/collected/${id.slice(0, 12)}…`;
    if (update === undefined) return [`Staged: ${problem ?? 'the beginnings of an update'}, ${what}`];
    return [
      `Staged: ${what}`,
      ...completenessLines(update.sequence, volumes, missing, repository).map((line) => `  ${line}`),
    ];
  });
}

function completenessLines(
  sequence: number,
  volumes: number,
  missing: readonly MissingVolume[],
  repository: string,
): string[] {
  if (missing.length === 0) {
    return [
      `All of update ${sequence} is staged (${formatCount(volumes, 'volume')}); apply it with: conda-diff-import apply --staged ${shellWord(repository)}`,
    ];
  }
  return [
    `Of update ${sequence}, ${missing.length} of ${formatCount(volumes, 'volume')} ${missing.length === 1 ? 'is' : 'are'} missing:`,
    ...missing.map(({ number, name }) => `  volume ${number} of ${volumes}: ${name}`),
  ];
}
