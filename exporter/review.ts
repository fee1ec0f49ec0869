import type { RepositoryParts } from '../shared/bounds.js';
import { requireUntracked } from '../shared/present-state.js';
import { readReport } from '../shared/report/read-update.js';
import type { ReportFormat } from '../shared/report/formats.js';
import { writeReport } from '../shared/report/write-report.js';
import { type Key, publicHalf } from '../shared/signature.js';
import { trustIn } from '../shared/trust.js';
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
export function requireReviewable(
  { report, sbom }: ReviewFlags,
  output: string,
  place: RepositoryParts,
): void {
  if (report !== true && sbom === undefined) return;
  const beside = output.endsWith('/') ? `${output}update.report.html` : `${output}.report.html`;
  requireUntracked(place, beside, 'Export to a place outside of the repository, with -o');
}

/** Of which update the reviews are. */
export interface ReviewOptions extends RepositoryParts {
  readonly signKeys: readonly Key[];
  readonly signal: AbortSignal;
}

/**
 * Writes report and SBOM beside an update that was published. Its signatures are read again from the disk and verified
 * with the public halves of the keys that made them; those of other keys are told as not verified.
 *
 * @param signKeys the private keys that the update was signed with, each once
 * @returns the files that were written
 * @throws CondaDiffError integrity, when a signature is not there or not right; io
 */
export async function writeReviews(
  { report: asksReport, sbom }: ReviewFlags,
  names: OutputNames,
  { repository, links, signKeys, signal }: ReviewOptions,
): Promise<string[]> {
  if (asksReport !== true && sbom === undefined) return [];
  const trust = signKeys.length === 0 ? undefined : trustIn(signKeys.map(publicHalf), signKeys.length);
  const report = await readReport({ manifest: names.manifest, repository, trust, signal });
  const wanted: (readonly [ReportFormat, string])[] = [];
  const { report: page, sbom: bill } = reviewNames(names);
  if (asksReport === true) wanted.push(['html', page]);
  if (sbom !== undefined) wanted.push([sbom, bill]);
  for (const [format, file] of wanted) await writeReport(report, format, file, { repository, links });
  return wanted.map(([, file]) => file);
}
