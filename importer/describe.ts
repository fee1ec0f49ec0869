import { formatBytes, formatCount } from '../shared/figures.js';
import { shortDigest } from '../shared/state.js';
import type { CommitAction } from './commit-plan.js';
import type { ImportOutcome } from './import.js';

/** The JSON document of an import, without its command. */
export function describeImport({ outcome, manifest, target }: ImportOutcome): object {
  const { id, site, sequence, base, files, removed, absent } = manifest;
  return {
    outcome,
    update: { id, site, sequence },
    base,
    target: { digest: target.digest, count: target.count, bytes: target.bytes },
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    removed: removed.length,
    absent: absent.map(({ path }) => path),
  };
}

/** The lines that `apply` prints. */
export function importLines(
  { outcome, manifest, target, plan }: ImportOutcome,
  repository: string,
): string[] {
  const state = `State ${shortDigest(target.digest)} (${formatCount(target.count, 'file')}, ${formatBytes(target.bytes)})`;
  const name = `Update ${String(manifest.sequence)}`;
  if (outcome === 'already-applied') return [`${name} is applied already`, state];
  const count = (wanted: (action: CommitAction) => boolean): string => String(plan.filter(wanted).length);
  return [
    `${name} is applied to ${repository}: ${count((one) => one.action === 'publish' && !one.replacing)} added, ` +
      `${count((one) => one.action === 'publish' && one.replacing)} replaced, ${count((one) => one.action === 'remove')} removed`,
    state,
    ...absentLines(manifest.absent.length),
  ];
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
    `Update ${String(manifest.sequence)} fits; the archive was not read. In this order:`,
    ...plan.map(({ step, action, path }) => `${String(step)} ${action} ${path}`),
  ];
}
