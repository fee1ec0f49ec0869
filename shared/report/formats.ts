import { CondaDiffError } from '../errors.js';

/** The forms that a report can be written in, and the names that it gets then. */
export const REPORT_FORMATS = {
  html: 'report.html',
  markdown: 'report.md',
  cyclonedx: 'sbom.cdx.json',
} as const;

export type ReportFormat = keyof typeof REPORT_FORMATS;

/** @throws CondaDiffError usage */
export function parseFormat(text: string): ReportFormat {
  const known = Object.keys(REPORT_FORMATS);
  if (known.includes(text)) return text as ReportFormat;
  throw new CondaDiffError('usage', `There is no report format '${text}'`, {
    hint: `The formats are ${known.join(', ')}`,
  });
}
