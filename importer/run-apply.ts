import { resolve } from 'node:path';
import { createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { requireUpdate } from '../shared/mistaken.js';
import { signKeys } from '../shared/sign-keys.js';
import { trustFor } from '../shared/trust-for.js';
import { burstLine, describeImport, importLines, planLines, signatureLine } from './describe.js';
import type { Permissions } from './fit.js';
import { checkUpdate, importUpdate } from './import.js';
import { layoutOf } from './layout.js';
import { type Place, placeOf } from './place.js';
import type { FitFlags, ApplyFlags } from './apply-commands.js';
import { receiptFile, signReceipt } from './sign-receipt.js';
import { configuredWait } from './wait.js';
import { listStaged, onlyStaged } from './staged.js';
import { shellWord } from '../shared/shell-word.js';

/** `apply`: imports an update, or prints the steps with `--dry-run`. */
export async function runApply(
  first: string | undefined,
  second: string | undefined,
  flags: ApplyFlags,
): Promise<void> {
  const shell = createShell(flags);
  const { place, update } = await subjectOf('apply', first, second, flags);
  const removeNow = flags.removeNow ?? false;
  const permissions = permissionsOf(flags, place);
  const trust = await trustFor(update, place, flags, place.config);
  const asked = { update: resolve(update), trust, removeNow, permissions };
  const options = { ...place, ...asked, signal: shell.signal, progress: shell.progress };
  if (flags.dryRun) {
    const outcome = await checkUpdate(options, false);
    const document = { command: 'apply', dryRun: true, ...describeImport(outcome), plan: outcome.plan };
    shell.report(document, planLines(outcome));
    return;
  }
  const keys = await signKeys(flags, place.config, place, shell.note);
  const outcome = await importUpdate({
    ...options,
    ...{ keepsUndo: flags.undo ?? place.config.undo ?? true, wait: configuredWait(place.config) },
    note: shell.note,
  });
  if (outcome.burstMilliseconds !== undefined) shell.detail(burstLine(outcome.burstMilliseconds));
  if (outcome.receipt !== undefined)
    await signReceipt(receiptFile(place.stateDirectory, outcome.receipt), outcome.receipt, keys, shell.note);
  const document = { command: 'apply', dryRun: false, ...describeImport(outcome) };
  shell.report(document, importLines(outcome, place.repository));
}

/** `check`: verifies an update and tells whether it fits. */
export async function runCheck(
  first: string | undefined,
  second: string | undefined,
  flags: FitFlags,
): Promise<void> {
  const shell = createShell(flags);
  const { place, update } = await subjectOf('check', first, second, flags);
  const permissions = permissionsOf(flags, place);
  const trust = await trustFor(update, place, flags, place.config);
  const asked = { update: resolve(update), trust, removeNow: false, permissions };
  const options = { ...place, ...asked, signal: shell.signal, progress: shell.progress };
  const outcome = await checkUpdate(options, true);
  const { files, sequence } = outcome.manifest;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const finding = outcome.outcome === 'already-applied' ? 'is applied already' : 'fits and can be applied';
  const signatures = { required: trust?.required ?? 0, ...outcome.signatures };
  shell.report({ command: 'check', ...describeImport(outcome), signatures }, [
    `Update ${sequence} is whole (${formatCount(files.length, 'file')}, ${formatBytes(bytes)}) and ${finding}`,
    signatureLine(outcome.signatures),
  ]);
}

/**
 * The copy, and the update for it: with `--staged` the repository is the only argument.
 *
 * @throws CondaDiffError usage; malformed, when volumes of the staged update are missing
 */
async function subjectOf(
  command: 'apply' | 'check',
  first: string | undefined,
  second: string | undefined,
  flags: FitFlags,
): Promise<{ place: Place; update: string }> {
  if (!flags.staged) {
    if (first === undefined) throw new CondaDiffError('usage', 'No update was given', { hint: NO_UPDATE });
    requireUpdate(`conda-diff-import ${command}`, first, second);
    return { place: await placeOf(second, flags), update: first };
  }
  if (second !== undefined) {
    throw new CondaDiffError('usage', 'With --staged, the repository is the only argument', {
      hint: `Name the update, or take the staged one: conda-diff-import ${command} --staged ${shellWord(second)}`,
    });
  }
  const place = await placeOf(first, flags);
  const staged = await listStaged(layoutOf(place.repository));
  return { place, update: onlyStaged(staged, place.repository) };
}

const NO_UPDATE = 'Name the update.tar, its manifest, or the directory that holds them; or use --staged';

function permissionsOf(flags: FitFlags, { config }: Place): Permissions {
  const { again = false, acceptDrift = false } = flags;
  return { again, acceptDrift, site: flags.site ?? config.site };
}
