import { type Command, InvalidArgumentError } from 'commander';
import { addCommonOptions, type CommonOptions } from '../shared/cli-shell.js';

/** Options that every command of the exporter has. */
export interface ExportFlags extends CommonOptions {
  readonly site?: string;
}

/** Flags of the commands that compare. */
export interface CompareFlags extends ExportFlags {
  readonly base?: string;
  readonly ignore?: readonly string[] | false;
  readonly include?: readonly string[] | false;
  readonly allowIncomplete?: boolean;
  readonly allowRemovals?: boolean;
  readonly maxRemovals?: number;
}

/** Declares {@link ExportFlags} on a subcommand. */
export function addExportOptions(command: Command): Command {
  return addCommonOptions(
    command.option('--site <name>', 'the air-gapped copy that it is about (default: default)'),
  );
}

/** Parses a percentage, with or without its sign, to a share from 0 to 1. */
export function parsePercentage(text: string): number {
  const value = Number(/^(\d+(?:\.\d+)?) ?%?$/.exec(text)?.[1]);
  if (Number.isNaN(value) || value > 100) throw new InvalidArgumentError('It is a percentage from 0 to 100.');
  return value / 100;
}
