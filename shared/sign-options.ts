import type { Command } from 'commander';
import { collect } from './cli-shell.js';

/** Flags of the commands that sign. */
export interface SignFlags {
  readonly signKey?: readonly string[];
}

/**
 * Declares `--sign-key`.
 *
 * @param what is signed
 */
export function addSignKey(command: Command, what: string): Command {
  return command.option('--sign-key <pem>', `sign ${what} with this private key; repeatable`, collect);
}
