/**
 * How far a log had come when it was last appended to. A log that was cut off at the end of a line is whole as far as it
 * goes; only what is written down beside it tells that lines are missing.
 */
export interface LogHead {
  readonly lines: number;
  /** The check of the last of them. */
  readonly check: string;
}

/** One line: the number, a space, the check. */
export function encodeHead({ lines, check }: LogHead): Buffer {
  return Buffer.from(`${String(lines)} ${check}\n`);
}

/** @returns `undefined` when it is damaged */
export function parseHead(text: string): LogHead | undefined {
  const [, lines, check] = /^([1-9][0-9]{0,14}) ([0-9a-f]{16})\n$/.exec(text) ?? [];
  return lines === undefined || check === undefined ? undefined : { lines: Number(lines), check };
}

/**
 * What is wrong with a log that ends before its head, or that is another one. A log that is ahead of its head is right:
 * a crash came between the two.
 *
 * @param checks of the lines of the log
 * @returns the first line that is wrong, from 1, and why
 */
export function headProblem(
  { lines, check }: LogHead,
  checks: readonly string[],
): { line: number; problem: string } | undefined {
  const found = checks[lines - 1];
  if (found === check) return undefined;
  if (found !== undefined) return { line: lines, problem: `expected the check ${check}, found ${found}` };
  return {
    line: checks.length + 1,
    problem: `${String(lines)} lines were written, ${checks.length} are there`,
  };
}
