import { resolve } from 'node:path';
import { createShell } from '../shared/cli-shell.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { trustFor } from '../shared/trust-for.js';
import { burstLine, describeImport, importLines, planLines, signatureLine } from './describe.js';
import type { Permissions } from './fit.js';
import { checkUpdate, importUpdate } from './import.js';
import { placeOf } from './place.js';
import type { FitFlags, ApplyFlags } from './apply-commands.js';

/** `apply`: imports an update, or prints the steps with `--dry-run`. */
export async function runApply(
  update: string,
  repository: string | undefined,
  flags: ApplyFlags,
): Promise<void> {
  const shell = createShell(flags);
  const place = await placeOf(repository, flags);
  const removeNow = flags.removeNow ?? false;
  const permissions = permissionsOf(flags);
  const trust = await trustFor(update, place.repository, flags, place.config);
  const asked = { update: resolve(update), trust, removeNow, permissions };
  const options = { ...place, ...asked, signal: shell.signal };
  if (flags.dryRun) {
    const outcome = await checkUpdate(options, false);
    const document = { command: 'apply', dryRun: true, ...describeImport(outcome), plan: outcome.plan };
    shell.report(document, planLines(outcome));
    return;
  }
  const outcome = await importUpdate({ ...options, keepsUndo: flags.undo, note: shell.note });
  if (outcome.burstMilliseconds !== undefined) shell.detail(burstLine(outcome.burstMilliseconds));
  const document = { command: 'apply', dryRun: false, ...describeImport(outcome) };
  shell.report(document, importLines(outcome, place.repository));
}

/** `check`: verifies an update and tells whether it fits. */
export async function runCheck(
  update: string,
  repository: string | undefined,
  flags: FitFlags,
): Promise<void> {
  const shell = createShell(flags);
  const place = await placeOf(repository, flags);
  const permissions = permissionsOf(flags);
  const trust = await trustFor(update, place.repository, flags, place.config);
  const asked = { update: resolve(update), trust, removeNow: false, permissions };
  const options = { ...place, ...asked, signal: shell.signal };
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

function permissionsOf({ again = false, acceptDrift = false, site }: FitFlags): Permissions {
  return { again, acceptDrift, site };
}
