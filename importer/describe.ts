import { confirmationCode } from '../shared/confirmation-code.js';
import { formatBytes, formatCount } from '../shared/figures.js';
import type { Receipt } from '../shared/receipt.js';
import { describeHolder } from '../shared/lock-holder.js';
import { shortDigest } from '../shared/state.js';
import type { Signatures } from '../shared/trust.js';
import type { CommitAction } from './commit-plan.js';
import type { CopyEvent } from './copy-ledger.js';
import type { Accepted } from './decide.js';
import { describeStaged, stagedLines } from './describe-staged.js';
import type { Status } from './housekeeping.js';
import type { ImportOutcome } from './import.js';
import { shellWord } from '../shared/shell-word.js';

/** The JSON document of an import, without its command. */
export function describeImport(done: ImportOutcome): object {
  const { outcome, manifest, target, burstMilliseconds, receipt } = done;
  const { id, site, sequence, base, files, removed, absent } = manifest;
  return {
    outcome,
    update: { id, site, sequence },
    base: { digest: base.digest, count: base.count, bytes: base.bytes, scope: base.scope },
    target: { digest: target.digest, count: target.count, bytes: target.bytes },
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    removed: removed.length,
    absent: absent.filter(({ named }) => named === 'record').map(({ path }) => path),
    ...(burstMilliseconds !== undefined && { burstMilliseconds }),
    ...(receipt && { receipt }),
  };
}

/** What `apply` and `undo` say of the burst with `-v`. */
export function burstLine(burstMilliseconds: number): string {
  return `The burst took ${burstMilliseconds.toFixed(1)} ms`;
}

/** What `check` says of the signatures of an update. */
export function signatureLine({ trusted, others }: Signatures): string {
  if (trusted.length > 0)
    return `Signed by ${trusted.join(' and ')}${others.length > 0 ? ', and others' : ''}`;
  return others.length === 0
    ? 'It is not signed'
    : `Signed by ${others.join(' and ')}; that was not checked, as no --trusted-key was given`;
}

/** What a person reads over the telephone. */
export function codeLine({ code }: Receipt): string {
  return `Confirmation code: ${code}`;
}

/** The lines that `apply` prints. */
export function importLines(
  { outcome, ownSite, manifest, target, plan, receipt }: ImportOutcome,
  repository: string,
): string[] {
  const state = `State ${shortDigest(target.digest)} (${formatCount(target.count, 'file')}, ${formatBytes(target.bytes)})`;
  const name = `Update ${String(manifest.sequence)}`;
  const code = receipt === undefined ? [] : [codeLine(receipt)];
  if (outcome === 'already-applied')
    return [`${name} is applied already`, ...siteLines(manifest.site, ownSite), state, ...code];
  const count = (wanted: (action: CommitAction) => boolean): string => String(plan.filter(wanted).length);
  return [
    `${name} is applied to ${repository}: ${count((one) => one.action === 'publish' && !one.before)} added, ` +
      `${count((one) => one.action === 'publish' && one.before !== undefined)} replaced, ${count((one) => one.action !== 'publish')} removed`,
    ...REMARKS[outcome],
    state,
    ...absentLines(manifest.absent.filter(({ named }) => named === 'record').length),
    ...code,
  ];
}

/** What is worth knowing of a commit that did not start from the base. */
const REMARKS: Readonly<Record<Accepted['outcome'], readonly string[]>> = {
  'already-applied': [],
  apply: [],
  'skip-ahead': [
    'It skips ahead from another state of its site: all that the target needs is here or in the update',
  ],
  superseded: ['It leads back behind an update that was imported before, as --again allows'],
  drifted: ['What was changed by hand is overwritten or dropped, as --accept-drift allows'],
};

function siteLines(site: string, ownSite: string | undefined): string[] {
  return ownSite === undefined ? [] : [`It is of site '${site}', and this is the copy of site '${ownSite}'`];
}

function absentLines(count: number): string[] {
  return count === 0
    ? []
    : [`${formatCount(count, 'artifact')} named by the indexes did not cross: the mirror does not have them`];
}

/** The lines that `apply --dry-run` prints: every operation, in order. */
export function planLines({ outcome, manifest, plan }: ImportOutcome): string[] {
  if (outcome === 'already-applied')
    return [`Update ${String(manifest.sequence)} is applied already; nothing would be done`];
  return [
    ...REMARKS[outcome],
    `Update ${String(manifest.sequence)} fits; the archive was not read. In this order:`,
    ...plan.map(({ step, action, path }) => `${String(step)} ${action} ${path}`),
  ];
}

/** What a receipt says, for `receipt` and `status`. */
export function receiptLines(receipt: Receipt): string[] {
  const { counter, kind, update, state, established, at } = receipt;
  return [
    `Receipt ${counter}: ${kind} of update ${update.sequence} of site '${update.site}', ${at}, ` +
      `state ${shortDigest(state.digest)} ${established}`,
    codeLine(receipt),
  ];
}

/** The lines of `log`, one per event, oldest first. */
export function logLines(events: readonly CopyEvent[]): string[] {
  return events.map((event) => {
    const { at, kind, update, from, state, counter, again } = event;
    const states = `${shortDigest(from)} -> ${shortDigest(state.digest)}`;
    const what = `${kind} of update ${update.sequence} of site '${update.site}'${again ? ' again' : ''}`;
    return `${at}  ${what}  ${states}  receipt ${counter}  ${confirmationCode(update.id, state.digest)}`;
  });
}

/** The JSON document of `status`, without its command. */
export function describeStatus({
  interrupted,
  holder,
  state,
  lastImport,
  verified,
  undoBytes,
  retired,
  staged,
  receipt,
}: Status): object {
  return {
    state: state ?? null,
    receipt: receipt ?? null,
    interrupted: interrupted && !holder ? { kind: interrupted.kind, update: interrupted.update } : null,
    running: holder
      ? { command: holder.command, pid: holder.pid, host: holder.host, update: interrupted?.update ?? null }
      : null,
    lastImport: lastImport
      ? { update: lastImport.update, at: lastImport.at, to: lastImport.to, verified }
      : null,
    undo: { possible: lastImport?.keepsUndo === true && !interrupted, bytes: undoBytes },
    retired,
    staged: staged.map(describeStaged),
  };
}

/** What is under way, or was interrupted. */
function commitLines({ interrupted, holder }: Status, repository: string): string[] {
  const what = interrupted && `${interrupted.kind} of update ${String(interrupted.update.sequence)}`;
  if (holder !== undefined)
    return [
      `In use by ${describeHolder(holder)}`,
      ...(what === undefined ? [] : [`The ${what} is under way: there is no state to tell yet`]),
    ];
  if (what === undefined) return [];
  return [
    `Interrupted ${what}: there is no state to tell`,
    `End it with: conda-diff-import recover ${shellWord(repository)}`,
  ];
}

/** The lines that `status` prints. */
export function statusLines(status: Status, repository: string): string[] {
  const { state, lastImport, verified, undoBytes, retired } = status;
  const lines = commitLines(status, repository);
  if (state !== undefined)
    lines.push(
      `State ${shortDigest(state.digest)} (${formatCount(state.count, 'file')}, ${formatBytes(state.bytes)})`,
    );
  if (lastImport === undefined) lines.push('Nothing was imported yet, or the last import was undone');
  else {
    const { update, at, to, keepsUndo } = lastImport;
    const changed = state !== undefined && state.digest !== to.digest ? '; the copy was changed since' : '';
    lines.push(`Last import: update ${update.sequence} of site '${update.site}', ${at}${changed}`);
    lines.push(
      keepsUndo ? `Undo holds ${formatBytes(undoBytes)}` : 'Undo is not possible: imported with --no-undo',
    );
  }
  if (!verified)
    lines.push(
      `The last import did not pass its re-check; take it back with: conda-diff-import undo ${shellWord(repository)}`,
    );
  if (status.receipt !== undefined) lines.push(...receiptLines(status.receipt));
  lines.push(`Retired: ${formatCount(retired.files, 'file')}, ${formatBytes(retired.bytes)}`);
  lines.push(...stagedLines(status.staged, repository));
  return lines;
}
