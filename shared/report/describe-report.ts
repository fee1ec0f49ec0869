import { attentionPoints } from './attention.js';
import { CHANGE_KINDS, type ChangeKind } from './changes.js';
import type { UnmetName } from './closure.js';
import type { Report } from './report.js';

/** What the JSON document of `report` says of its findings. */
export function describeReport(report: Report): object {
  const { update, changes, licences, closure, broken, signatures, verified, unchecked } = report;
  const counts = (of: (kind: ChangeKind) => number): object =>
    Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, of(kind)]));
  const listed = (kind: ChangeKind): typeof changes => changes.filter((one) => one.kind === kind);
  return {
    update: { id: update.id, site: update.site, sequence: update.sequence },
    packages: counts((kind) => listed(kind).length),
    artifacts: counts((kind) => listed(kind).reduce((sum, one) => sum + one.artifacts.length, 0)),
    newLicences: licences.filter(({ isNew }) => isNew).map(({ licence }) => licence),
    unmet: (closure?.unmet ?? []).map(describeUnmet),
    broken: broken.map(describeUnmet),
    signatures,
    verified,
    unchecked,
  };
}

function describeUnmet({ name, subdir, records }: UnmetName): object {
  return { name, subdir, records };
}

/** The lines that `report` prints. */
export function reportLines(report: Report, output: string): string[] {
  return [`Wrote: ${output}`, ...attentionPoints(report).map(({ text }) => `  ${text}`)];
}
