/**
 * A path or another word as it is typed in a POSIX shell, for commands that a message names: as it is where the shell
 * takes it so, else in single quotes (POSIX.1-2017, Shell Command Language, 2.2.2).
 */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Letters of any script, too: no shell takes them for anything else. */
const PLAIN = /^(?!-)[\p{L}\p{M}\p{N}_@%+:,./-]+$/u;
