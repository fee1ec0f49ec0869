import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions, createShell } from '../cli-shell.js';
import { readConfig } from '../config.js';
import { CondaDiffError } from '../errors.js';
import { locateManifest } from '../locate.js';
import { addTrustOptions, trustFor, type TrustFlags } from '../trust-options.js';
import { describeReport, reportLines } from './describe-report.js';
import { readReport } from './read-update.js';
import { parseFormat, REPORT_FORMATS, renderReport, writeReport } from './write-report.js';

interface ReportFlags extends CommonOptions, TrustFlags {
  readonly format: string;
  readonly output?: string;
}

/** In place of a file: standard output. */
const STDOUT = '-';

/**
 * Declares `report`, the same on both sides.
 *
 * @param repository how help calls the directory that the indexes may come from
 */
export function addReport(program: Command, repository: string): void {
  const names = Object.values(REPORT_FORMATS);
  const command = addCommonOptions(
    program
      .command('report')
      .description('write what an update does, for whoever decides whether it may cross')
      .argument('<update>', 'the update.manifest.json, the update.tar, or the directory that holds them')
      .argument('[repository]', `${repository}; indexes that the update does not hold are read there`)
      .option('-o, --output <file>', `where it is written, - for stdout (default: ${names.join(', ')})`)
      .option('--format <format>', `one of ${Object.keys(REPORT_FORMATS).join(', ')}`, 'html'),
  );
  addTrustOptions(command).action(
    async (update: string, argument: string | undefined, flags: ReportFlags) => {
      const shell = createShell(flags);
      const format = parseFormat(flags.format);
      const config = await readConfig(flags.config);
      const given = argument ?? config.repository;
      const place = given === undefined ? undefined : resolve(given);
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
      const manifest = locateManifest(resolve(update));
      const trust = await trustFor(update, place, flags, config);
      const report = await readReport({ manifest, trust, repository: place, signal: shell.signal });
      if (output === STDOUT) {
        const pieces: string[] = [];
        for await (const piece of renderReport(report, format)) pieces.push(piece);
        shell.data({}, [pieces.join('').trimEnd()]);
        return;
      }
      await writeReport(report, format, output, place);
      const document = { command: 'report', format, output: resolve(output), ...describeReport(report) };
      shell.report(document, reportLines(report, output));
    },
  );
}
