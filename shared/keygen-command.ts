import type { Command } from 'commander';
import type { CommonOptions } from './cli-shell.js';
import { addExamples, type Example } from './examples.js';

/** Declares `keygen`, the same on both sides but for the examples. */
export function addKeygen(program: Command, examples: readonly [Example, Example]): void {
  const declared = program
    .command('keygen')
    .description('make a key pair: <name>.private.pem signs, <name>.public.pem is trusted on the other side')
    .argument('<name>', 'path and beginning of the file names')
    .option('--json', 'print one JSON document on stdout')
    .option('-q, --quiet', 'print nothing but errors')
    .exitOverride();
  addExamples(declared, ...examples).action(async (name: string, flags: CommonOptions) =>
    (await import('./run-keygen.js')).runKeygen(name, flags),
  );
}
