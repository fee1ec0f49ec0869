import { resolve } from 'node:path';
import { createShell, type Shell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { withLock } from '../shared/lock.js';
import { isUpdate } from '../shared/mistaken.js';
import { shellWord } from '../shared/shell-word.js';
import { trustFor } from '../shared/trust-for.js';
import type { Trust } from '../shared/trust.js';
import { collect } from './collect.js';
import { discardCollected } from './collected.js';
import type { Workbench } from './commit.js';
import { describeDiscarded, describeNow, describeStaged, nowLines, stagedLines } from './describe-staged.js';
import { recoverFirst } from './import.js';
import { benchAt, type Place, placeOf } from './place.js';
import type { StageFlags } from './stage-commands.js';
import { listStaged, type Staged } from './staged.js';

/** `stage`: collects volumes, lists what was collected, or discards it. */
export async function runStage(
  repository: string,
  words: readonly string[],
  flags: StageFlags,
): Promise<void> {
  const shell = createShell(flags);
  if (flags.discard) return runDiscard(repository, words, flags, shell);
  if (words.length === 0) return runList(repository, flags, shell);
  requireRepositoryFirst(repository, words);
  const place = await placeOf(repository, flags);
  const paths = words.map((word) => resolve(word));
  const trust = await trustForAll(paths, place, flags);
  const { note, progress, signal } = shell;
  const done = await collect({ ...place, paths, trust, note, progress, signal });
  shell.report({ command: 'stage', updates: done.map(describeNow) }, nowLines(done, place.repository));
}

/** The repository comes first here, and may have to be made. */
function requireRepositoryFirst(repository: string, words: readonly string[]): void {
  if (!isUpdate(repository)) return;
  const [first = '', ...others] = words.map(shellWord);
  throw new CondaDiffError('usage', `${repository} is an update; the repository comes before it`, {
    hint: `conda-diff-import stage ${[first, shellWord(repository), ...others].join(' ')}`,
  });
}

/** Neither keys nor settings are taken from any of the places where something is brought from. */
async function trustForAll(
  paths: readonly string[],
  place: Place,
  flags: StageFlags,
): Promise<Trust | undefined> {
  let trust: Trust | undefined;
  for (const path of paths) trust = await trustFor(path, place, flags, place.config);
  return trust;
}

async function runList(repository: string, flags: StageFlags, shell: Shell): Promise<void> {
  const { bench, place } = await benchAt(repository, flags, shell);
  const staged = await listStaged(bench.layout);
  shell.data(
    { command: 'stage', updates: staged.map(describeStaged) },
    staged.length === 0 ? ['Nothing is staged'] : stagedLines(staged, place.repository),
  );
}

async function runDiscard(
  repository: string,
  words: readonly string[],
  flags: StageFlags,
  shell: Shell,
): Promise<void> {
  const { bench, notebook, place } = await benchAt(repository, flags, shell);
  const discarded = await withLock(place.repository, 'conda-diff-import stage', async () => {
    await recoverFirst(bench, notebook, shell.note);
    return discardNamed(bench, words);
  });
  const lines = discarded.map(({ update, id, bytes }) => {
    const name = update === undefined ? `the beginnings of ${id.slice(0, 12)}` : `update ${update.sequence}`;
    return `Discarded what was staged of ${name} (${bytes} bytes)`;
  });
  shell.report(
    { command: 'stage', discarded: discarded.map(describeDiscarded) },
    lines.length === 0 ? ['Nothing was staged'] : lines,
  );
}

/** @param words numbers of updates, or beginnings of their ids; none means all */
async function discardNamed(bench: Workbench, words: readonly string[]): Promise<readonly Staged[]> {
  const staged = await listStaged(bench.layout);
  const named = words.flatMap((word) => {
    const found = staged.filter(
      ({ id, update }) =>
        String(update?.sequence) === word || (/^[0-9a-f]{7,64}$/.test(word) && id.startsWith(word)),
    );
    if (found.length > 0) return found;
    throw new CondaDiffError('usage', `Nothing is staged of an update '${word}'`, {
      details: staged.map(
        ({ id, update }) => `staged: update ${update?.sequence ?? '?'} (${id.slice(0, 12)})`,
      ),
      hint: 'Name updates by their numbers; without any, all that is staged is discarded',
    });
  });
  const chosen = words.length === 0 ? staged : [...new Set(named)];
  await discardCollected(
    bench,
    chosen.map(({ id }) => id),
  );
  return chosen;
}
