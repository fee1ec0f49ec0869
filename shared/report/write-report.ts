import { resolve } from 'node:path';
import { writeFileAtomically } from '../atomic-file.js';
import type { RepositoryParts } from '../bounds.js';
import { requireUntracked } from '../present-state.js';
import { reportAssets } from './assets.js';
import type { ReportFormat } from './formats.js';
import { htmlReport } from './html-report.js';
import { markdownReport } from './markdown-report.js';
import { VERSION } from '../version.js';
import type { Report } from './report.js';

/** The text of a report in pieces. What only one form needs is loaded for that form. */
export async function* renderReport(report: Report, format: ReportFormat): AsyncGenerator<string> {
  if (format === 'markdown') yield markdownReport(report);
  else if (format === 'cyclonedx') yield (await import('./sbom.js')).cyclonedx(report, VERSION);
  else for (const { text } of htmlReport(report, reportAssets())) yield text;
}

/**
 * Writes a report; what stood there is replaced.
 *
 * @param place where it must not become a tracked file
 * @throws CondaDiffError usage, io
 */
export async function writeReport(
  report: Report,
  format: ReportFormat,
  file: string,
  place: RepositoryParts | undefined,
): Promise<void> {
  if (place !== undefined) requireUntracked(place, file, 'Write it to another place, with -o');
  await writeFileAtomically(resolve(file), encoded(renderReport(report, format)));
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece);
}
