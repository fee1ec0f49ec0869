import { type Command, InvalidArgumentError } from 'commander';
import { collect } from './cli-shell.js';

/** Flags of the commands that read an update. */
export interface TrustFlags {
  readonly trustedKey?: readonly string[];
  readonly requireSignatures?: number;
}

/**
 * Declares {@link TrustFlags}.
 *
 * @param what must be signed
 */
export function addTrustOptions(command: Command, what = 'an update'): Command {
  return command
    .option(
      '--trusted-key <pem>',
      `refuse ${what} that is not signed with this public key, or another trusted one; repeatable`,
      collect,
    )
    .option(
      '--require-signatures <n>',
      'of how many trusted keys it must have signatures (default: 1)',
      parseCount,
    );
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a number from 1.');
}
