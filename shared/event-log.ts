import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncPath, writeFileAtomically } from './atomic-file.js';
import { asIoError, CondaDiffError, isSystemError } from './errors.js';
import type { JsonObject } from './line-document.js';
import { encodeHead, headProblem, type LogHead, parseHead } from './log-head.js';

/**
 * An append-only file of JSON lines. Each line ends in a check that covers it and all lines above, so that a
 * changed, lost or inserted line is noticed. Beside it lies its head, which tells when the last lines are lost.
 */
export interface EventLog<T> {
  readonly events: readonly T[];
  /** Set when the last line has no end (a crash while it was written) and is left out. */
  readonly torn: boolean;
  /** Set when there are lines and no head: nobody can tell whether they are all. */
  readonly headless: boolean;
  /** The check of the last line. */
  readonly check: string;
  /** Length of the whole lines, in bytes. */
  readonly bytes: number;
}

const CHECK_DIGITS = 16;

/** Where the head of a log is. */
export function headFile(file: string): string {
  return file.replace(/(\.jsonl)?$/, '.head');
}

/**
 * Reads a log; one that was never there is empty.
 *
 * @param validate returns the event typed, or throws
 * @throws CondaDiffError integrity, naming the line, when one that has its end is damaged or lost; io
 */
export async function readEventLog<T>(
  file: string,
  validate: (value: unknown, what: string) => T,
): Promise<EventLog<T>> {
  const text = await readText(file);
  const events: T[] = [];
  const checks: string[] = [];
  let check = '';
  let bytes = 0;
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const [i, line] of lines.entries()) {
    const { value, expected } = parseLine(line, check);
    if (value === undefined)
      throw damagedLog(file, i + 1, 'its check is not that of its content and of the lines above');
    events.push(validate(value, `${file}: line ${String(i + 1)}`));
    check = expected;
    checks.push(check);
    bytes += Buffer.byteLength(line) + 1;
  }
  const head = await readHead(file);
  const lost = head && headProblem(head, checks);
  if (lost !== undefined) throw damagedLog(file, lost.line, lost.problem);
  return { events, torn: rest !== '', headless: head === undefined && events.length > 0, check, bytes };
}

async function readHead(file: string): Promise<LogHead | undefined> {
  const name = headFile(file);
  const text = await readText(name);
  if (text === '') return undefined;
  const head = parseHead(text);
  if (head !== undefined) return head;
  throw new CondaDiffError('integrity', `${name} is damaged: it does not say how many lines the ledger has`, {
    hint: [
      `Restore it together with ${file} from a backup; or, where you know that the ledger has all its lines:`,
      `  rm ${name}`,
    ].join('\n'),
  });
}

function parseLine(line: string, previous: string): { value: unknown; expected: string } {
  const match = /^(\{.*),"check":"([0-9a-f]{16})"\}$/.exec(line);
  const body = `${match?.[1] ?? ''}}`;
  const expected = checkOf(previous, body);
  if (match?.[2] !== expected) return { value: undefined, expected };
  return { value: JSON.parse(body) as unknown, expected };
}

function checkOf(previous: string, body: string): string {
  return createHash('sha256').update(`${previous}\n${body}`).digest('hex').slice(0, CHECK_DIGITS);
}

/** A log that cannot be believed from a line on; nothing of it is guessed. */
export function damagedLog(file: string, line: number, problem?: string): CondaDiffError {
  return new CondaDiffError('integrity', `The ledger ${file} is damaged in line ${String(line)}`, {
    ...(problem !== undefined && { details: [problem] }),
    hint: [
      'Restore the whole state directory from a backup; or move it away, and set the base of each site again from its',
      'last manifest:',
      `  mv ${dirname(file)} ${dirname(file)}.damaged`,
      '  conda-diff-export init <repository> --from <last manifest>',
    ].join('\n'),
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return '';
    throw asIoError(error, `Cannot read ${file}`);
  }
}

/**
 * Appends events durably (fsync of file and directory), then notes in the head how far it came. A torn last line is
 * cut off first.
 *
 * @returns the log with the events in it
 * @throws CondaDiffError io
 */
export async function appendEvents<T extends JsonObject>(
  file: string,
  log: EventLog<T>,
  events: readonly T[],
): Promise<EventLog<T>> {
  let { check } = log;
  let text = '';
  for (const event of events) {
    const body = JSON.stringify(event);
    check = checkOf(check, body);
    text += `${body.slice(0, -1)},"check":"${check}"}\n`;
  }
  const bytes = Buffer.from(text);
  try {
    const handle = await open(file, log.bytes === 0 ? 'w' : 'r+');
    try {
      await handle.truncate(log.bytes);
      await handle.write(bytes, 0, bytes.length, log.bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncPath(dirname(file));
  } catch (error) {
    throw asIoError(error, `Cannot write ${file}`);
  }
  const lines = log.events.length + events.length;
  if (lines > 0) await writeFileAtomically(headFile(file), [encodeHead({ lines, check })]);
  return {
    events: [...log.events, ...events],
    ...{ torn: false, headless: false, check, bytes: log.bytes + bytes.length },
  };
}
