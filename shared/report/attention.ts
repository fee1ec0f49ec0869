import { formatCount } from '../figures.js';
import type { Report } from './report.js';

/** Something that whoever decides about an update should look at. */
export interface AttentionPoint {
  /** Of the report: where it is told. */
  readonly section: 'packages' | 'licences' | 'dependencies' | 'files' | 'digests' | 'unchecked';
  readonly text: string;
}

/** What is not as in any quiet week, the most serious first. */
export function attentionPoints({
  changes,
  licences,
  closure,
  broken,
  absent,
  signatures,
  verified,
}: Report): AttentionPoint[] {
  const artifacts = (kind: string): number =>
    changes.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.artifacts.length, 0);
  const older = changes.filter(({ older }) => older).length;
  const gone = changes.filter(({ last }) => last).length;
  const fresh = licences.filter(({ isNew }) => isNew).length;
  const none = licences.find(({ licence }) => licence === undefined)?.artifacts ?? 0;
  const missing = absent.filter(({ named }) => named === 'record').length;
  const point = (section: AttentionPoint['section'], count: number, text: string): AttentionPoint[] =>
    count === 0 ? [] : [{ section, text }];
  const replaced = artifacts('replaced');
  return [
    ...(signatures.length === 0 ? [{ section: 'digests', text: 'The update is not signed' } as const] : []),
    ...(signatures.length > 0 && verified.length === 0
      ? [{ section: 'digests', text: 'The signatures were not verified: no trusted key was given' } as const]
      : []),
    ...point('packages', replaced, `${formatCount(replaced, 'artifact')} replaced under the same name`),
    ...point(
      'dependencies',
      closure?.unmet.length ?? 0,
      `${formatCount(closure?.unmet.length ?? 0, 'dependency name')} that no package of the target provides`,
    ),
    ...point(
      'dependencies',
      broken.length,
      `${formatCount(broken.length, 'package')} removed that others still depend on`,
    ),
    ...point('licences', fresh, `${formatCount(fresh, 'licence')} new to the repository`),
    ...point('licences', none, `${formatCount(none, 'artifact')} without a stated licence`),
    ...point('packages', older, `${formatCount(older, 'package version')} older than what is there`),
    ...point('packages', gone, `${formatCount(gone, 'package')} removed altogether`),
    ...point('files', missing, `${formatCount(missing, 'record')} without a file in the mirror`),
  ];
}
