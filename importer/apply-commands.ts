import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions, createShell } from '../shared/cli-shell.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import { addTrustOptions, trustFor, type TrustFlags } from '../shared/trust-options.js';
import { burstLine, describeImport, importLines, planLines, signatureLine } from './describe.js';
import type { Permissions } from './fit.js';
import { checkUpdate, importUpdate } from './import.js';
import { placeOf } from './place.js';

interface FitFlags extends CommonOptions, TrustFlags {
  readonly again?: boolean;
  readonly acceptDrift?: boolean;
  readonly site?: string;
}

interface ApplyFlags extends FitFlags {
  readonly dryRun?: boolean;
  readonly undo: boolean;
  readonly removeNow?: boolean;
}

const UPDATE = 'the update.tar, its manifest, or the directory that holds them';

/** Declares `apply`, the default command. */
export function addApply(program: Command): void {
  addFitOptions(
    program
      .command('apply', { isDefault: true })
      .description('verify an update, apply it, and write the reference of the new state')
      .argument('<update>', UPDATE)
      .argument('[repository]', 'directory of the copy; made when only its parent is there')
      .option('--dry-run', 'print what would be done, change nothing')
      .option('--no-undo', 'keep nothing of what is replaced: saves space, but the import cannot be undone')
      .option('--remove-now', 'delete removed artifacts at once instead of at the next import'),
  ).action(async (update: string, repository: string | undefined, flags: ApplyFlags) => {
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
  });
}

/** Declares `check`. */
export function addCheck(program: Command): void {
  addFitOptions(
    program
      .command('check')
      .description('verify everything that apply would verify, change nothing')
      .argument('<update>', UPDATE)
      .argument('[repository]', 'directory of the copy'),
  ).action(async (update: string, repository: string | undefined, flags: FitFlags) => {
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
  });
}

function addFitOptions(command: Command): Command {
  const declared = addCommonOptions(
    command
      .option('--again', 'allow an update that leads back behind one that was imported before')
      .option('--accept-drift', 'allow that files that were changed by hand are overwritten or dropped')
      .option('--site <site>', 'the site of this copy (default: that of its last import)'),
  );
  return addTrustOptions(declared);
}

function permissionsOf({ again = false, acceptDrift = false, site }: FitFlags): Permissions {
  return { again, acceptDrift, site };
}
