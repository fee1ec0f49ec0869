import type { Command } from 'commander';

/** A command line as somebody types it, and what it is for. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

const EXAMPLES = new WeakMap<Command, readonly Example[]>();

/**
 * Adds examples to the help of a subcommand. They are data, so that the tests can run what help shows. The names in
 * them are those of the documents: `mirror`, `copy`, `outbox/`.
 */
export function addExamples(command: Command, ...examples: readonly [Example, Example]): Command {
  EXAMPLES.set(command, examples);
  return command.addHelpText('after', ['', 'Examples:', ...examples.flatMap(exampleLines)].join('\n'));
}

/** The examples that the help of a subcommand shows. */
export function examplesOf(command: Command): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}

function exampleLines({ line, does }: Example): string[] {
  return [`  ${line}`, `      ${does}`];
}
