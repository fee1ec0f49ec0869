import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions } from '../cli-shell.js';
import { addExamples, type Example } from '../examples.js';
import { addTrustOptions, type TrustFlags } from '../trust-options.js';
import { REPORT_FORMATS } from './formats.js';

export interface ReportFlags extends CommonOptions, TrustFlags {
  readonly format: string;
  readonly output?: string;
}

/**
 * Declares `report`, the same on both sides but for the examples.
 *
 * @param repository how help calls the directory that the indexes may come from
 */
export function addReport(program: Command, repository: string, examples: readonly [Example, Example]): void {
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
  addTrustOptions(command);
  addExamples(command, ...examples).action(
    async (update: string, argument: string | undefined, flags: ReportFlags) =>
      (await import('./run-report.js')).runReport(program.name(), update, argument, flags),
  );
}
