import { requireUntracked } from '../shared/present-state.js';
import { readReport } from '../shared/report/read-update.js';
import type { ReportFormat } from '../shared/report/formats.js';
import { writeReport } from '../shared/report/write-report.js';
import { type OutputNames, reviewNames } from './output-names.js';

/** What `create` writes beside an update for whoever decides about it. */
export interface ReviewFlags {
  readonly report?: boolean;
  readonly sbom?: 'cyclonedx';
}

/**
 * Refuses before the update is made what could not be written after it.
 *
 * @param output as `-o`
 * @throws CondaDiffError usage
 */
export function requireReviewable({ report, sbom }: ReviewFlags, output: string, repository: string): void {
  if (report !== true && sbom === undefined) return;
  const beside = output.endsWith('/') ? `${output}update.report.html` : `${output}.report.html`;
  requireUntracked(repository, beside, 'Export to a place outside of the repository, with -o');
}

/**
 * Writes report and SBOM beside an update that was published.
 *
 * @returns the files that were written
 * @throws CondaDiffError io
 */
export async function writeReviews(
  { report: asksReport, sbom }: ReviewFlags,
  names: OutputNames,
  repository: string,
  signal: AbortSignal,
): Promise<string[]> {
  if (asksReport !== true && sbom === undefined) return [];
  const report = await readReport({ manifest: names.manifest, repository, signal });
  const wanted: (readonly [ReportFormat, string])[] = [];
  const { report: page, sbom: bill } = reviewNames(names);
  if (asksReport === true) wanted.push(['html', page]);
  if (sbom !== undefined) wanted.push([sbom, bill]);
  for (const [format, file] of wanted) await writeReport(report, format, file, repository);
  return wanted.map(([, file]) => file);
}
