import { resolve } from 'node:path';
import { createShell } from '../cli-shell.js';
import { readConfig } from '../config.js';
import { CondaDiffError } from '../errors.js';
import { locateManifest } from '../locate.js';
import { partsOf } from '../real-path.js';
import { requireUpdate } from '../mistaken.js';
import { trustFor } from '../trust-for.js';
import { describeReport, reportLines } from './describe-report.js';
import { readReport } from './read-update.js';
import { parseFormat, REPORT_FORMATS } from './formats.js';
import { renderReport, writeReport } from './write-report.js';
import type { ReportFlags } from './report-command.js';

/**
 * `report`: writes what an update does, in the form that was asked for.
 *
 * @param program whose command it is
 */
export async function runReport(
  program: string,
  update: string,
  argument: string | undefined,
  flags: ReportFlags,
): Promise<void> {
  const shell = createShell(flags);
  const format = parseFormat(flags.format);
  const config = await readConfig(flags.config);
  const given = argument ?? config.repository;
  const place = given === undefined ? undefined : partsOf(resolve(given), config.allowedLinks);
  const output = flags.output ?? REPORT_FORMATS[format];
  if (output === STDOUT && flags.json) {
    throw new CondaDiffError(
      'usage',
      'Standard output cannot take both the report and the document of --json',
      {
        hint: 'Name a file with -o',
      },
    );
  }
  requireUpdate(`${program} report`, update, argument);
  const manifest = locateManifest(resolve(update));
  const trust = await trustFor(update, place ?? {}, flags, config);
  const report = await readReport({ manifest, trust, repository: place?.repository, signal: shell.signal });
  if (output === STDOUT) {
    const pieces: string[] = [];
    for await (const piece of renderReport(report, format)) pieces.push(piece);
    shell.data({}, [pieces.join('').trimEnd()]);
    return;
  }
  await writeReport(report, format, output, place);
  const document = { command: 'report', format, output: resolve(output), ...describeReport(report) };
  shell.report(document, reportLines(report, output));
}

/** In place of a file: standard output. */
const STDOUT = '-';
