import { type CommonOptions, createShell } from '../shared/cli-shell.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { withLock } from '../shared/lock.js';
import { signKeys } from '../shared/sign-keys.js';
import type { SignFlags } from '../shared/sign-options.js';
import { shortDigest } from '../shared/state.js';
import { burstLine, codeLine } from './describe.js';
import { collectGarbage, type Collected } from './housekeeping.js';
import { recoverFirst, recoveryLine } from './import.js';
import { benchAt } from './place.js';
import { receiptFile, signReceipt } from './sign-receipt.js';
import { undoLastImport } from './undo.js';
import { hoursOf, limitFor } from './wait.js';

/** `undo`: takes the last import back. */
export async function runUndo(
  repository: string | undefined,
  flags: CommonOptions & SignFlags,
): Promise<void> {
  const shell = createShell(flags);
  const { bench, notebook, place } = await benchAt(repository, flags, shell);
  const keys = await signKeys(flags, place.config, place, shell.note);
  const { undone, state, receipt, burstMilliseconds } = await withLock(
    place.repository,
    'conda-diff-import undo',
    async () => {
      await recoverFirst(bench, notebook, shell.note);
      return undoLastImport(bench, notebook);
    },
  );
  await signReceipt(receiptFile(place.stateDirectory, receipt), receipt, keys, shell.note);
  const { digest, count, bytes } = state;
  const { update } = undone;
  shell.detail(burstLine(burstMilliseconds));
  shell.report({ command: 'undo', update, state: { digest, count, bytes }, burstMilliseconds, receipt }, [
    `The import of update ${update.sequence} was undone`,
    `State ${shortDigest(digest)} (${formatCount(count, 'file')}, ${formatBytes(bytes)})`,
    codeLine(receipt),
  ]);
}

/** `recover`: ends an interrupted import. */
export async function runRecover(
  repository: string | undefined,
  flags: CommonOptions & SignFlags,
): Promise<void> {
  const shell = createShell(flags);
  const { bench, notebook, place } = await benchAt(repository, flags, shell);
  const command = 'conda-diff-import recover';
  const keys = await signKeys(flags, place.config, place, shell.note);
  const recovery = await withLock(place.repository, command, async () => recoverFirst(bench, notebook));
  if (recovery === undefined) {
    shell.report({ command: 'recover', did: 'nothing' }, ['No import was interrupted']);
    return;
  }
  const state = recovery.did === 'finished' ? recovery.journal.to : recovery.journal.from;
  const { did, journal, receipt } = recovery;
  if (receipt !== undefined)
    await signReceipt(receiptFile(place.stateDirectory, receipt), receipt, keys, shell.note);
  const document = { command: 'recover', did, update: journal.update, state, ...(receipt && { receipt }) };
  shell.report(document, [
    recoveryLine(did, journal),
    `State ${shortDigest(state.digest)} (${formatCount(state.count, 'file')}, ${formatBytes(state.bytes)})`,
    ...(receipt ? [codeLine(receipt)] : []),
  ]);
}

/** `gc`: deletes retired files that have waited long enough. */
export async function runGc(
  repository: string | undefined,
  flags: CommonOptions & { readonly olderThan?: string },
): Promise<void> {
  const shell = createShell(flags);
  const { bench, notebook, place } = await benchAt(repository, flags, shell);
  const limit = limitFor(hoursOf(flags.olderThan ?? place.config.gcOlderThan ?? WAIT));
  const collected = await withLock(place.repository, 'conda-diff-import gc', async () => {
    await recoverFirst(bench, notebook, shell.note);
    return collectGarbage(bench, notebook, limit);
  });
  const { files, bytes, left, waiting } = collected;
  for (const { path, reason } of left) shell.note(`${path} is left alone: ${LEFT[reason]}`);
  shell.report({ command: 'gc', ...collected }, [
    `Deleted ${formatCount(files, 'retired file')} (${formatBytes(bytes)}); ${waiting} wait on`,
  ]);
}

const WAIT = '48h';

/** Why a file that was retired is not deleted. */
const LEFT: Readonly<Record<Collected['left'][number]['reason'], string>> = {
  gone: 'it is not there any more',
  changed: 'it is not what was retired',
  outside: 'it lies outside of the copy now',
  tracked: 'an index names it again',
};
