import { createHash } from 'node:crypto';
import type { Random } from '../support/random.js';
import { below, pick } from './mutate-bytes.js';

/** Alters the lines of a line document, knowing what stands in them. */
type LineMutator = (lines: string[], random: Random) => string[];

const PATHS = [
  '../outside/secret',
  '/etc/passwd',
  'noarch/../../outside/secret',
  '.conda-diff/lock',
  'noarch/CON',
  'noarch/x.',
  'NOARCH/new-1.0-0.conda',
  'noarch/stays-1.0-0.conda',
  'noarch/repodata.json',
  'private.txt',
  'noarch',
  'noarch/new-1.0-0.conda/x',
  '**',
  'private*',
  '!x',
  '',
  '\\u0000',
  '\\ud800',
];
const NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '1e400',
  '9007199254740991',
  '9007199254740993',
  '1.5',
  '8589934592',
  '512',
];
const VALUES = ['null', 'true', '[]', '{}', '""', '[[[[[[[[[[]]]]]]]]]]', '{"__proto__":1}', '"x"'];

/** Replaces one of the places that a pattern finds. */
function replaceOne(
  lines: string[],
  random: Random,
  pattern: RegExp,
  by: (found: string) => string,
): string[] {
  const text = lines.join('\n');
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return lines;
  const { 0: whole, index } = pick(random, found);
  return (text.slice(0, index) + by(whole) + text.slice(index + whole.length)).split('\n');
}

const entryLines = (lines: readonly string[]): number[] =>
  [...lines.keys()].filter((n) => n > 0 && lines[n]!.startsWith('{'));

export const LINE_MUTATORS: Readonly<Record<string, LineMutator>> = {
  'swap-lines': (lines, random) => {
    const altered = [...lines];
    const [a, b] = [below(random, lines.length), below(random, lines.length)];
    [altered[a], altered[b]] = [altered[b]!, altered[a]!];
    return altered;
  },
  'repeat-line': (lines, random) => {
    const at = below(random, lines.length);
    return [...lines.slice(0, at), lines[at]!, ...lines.slice(at)];
  },
  'drop-line': (lines, random) => lines.toSpliced(below(random, lines.length), 1),
  'drop-entry': (lines, random) => {
    const entries = entryLines(lines);
    if (entries.length === 0) return lines;
    const at = pick(random, entries);
    const altered = lines.toSpliced(at, 1);
    // The last entry of a section has no comma behind it.
    if (!lines[at]!.endsWith(',') && altered[at - 1]?.endsWith('},'))
      altered[at - 1] = altered[at - 1]!.slice(0, -1);
    return altered;
  },
  'repeat-entry': (lines, random) => {
    const entries = entryLines(lines);
    if (entries.length === 0) return lines;
    const [from, to] = [pick(random, entries), pick(random, entries)];
    return lines.toSpliced(to, 0, `${lines[from]!.replace(/,$/, '')},`);
  },
  'swap-values': (lines, random) => {
    const key = pick(random, ['path', 'sha256', 'size', 'kind', 'mtime', 'id', 'named', 'digest', 'name']);
    const pattern = new RegExp(`"${key}":(?:"[^"]*"|[0-9]+)`, 'g');
    const found = lines.join('\n').match(pattern) ?? [];
    return found.length === 0 ? lines : replaceOne(lines, random, pattern, () => pick(random, found));
  },
  number: (lines, random) =>
    replaceOne(lines, random, /(?<=:)[0-9]+/g, (old) =>
      random.next() < 0.5 ? pick(random, NUMBERS) : String(Number(old) + pick(random, [-1, 1, 512, -512])),
    ),
  digit: (lines, random) =>
    replaceOne(lines, random, /(?<=[0-9a-f]{20})[0-9a-f]/g, () => below(random, 16).toString(16)),
  path: (lines, random) => replaceOne(lines, random, /(?<="path":")[^"]*/g, () => pick(random, PATHS)),
  text: (lines, random) => replaceOne(lines, random, /(?<=")[^"\n]*(?=")/g, () => pick(random, PATHS)),
  value: (lines, random) =>
    replaceOne(lines, random, /(?<=:)(?:"[^"\n]*"|[0-9]+|\[[^[\]]*\])/g, () => pick(random, VALUES)),
  kind: (lines, random) =>
    replaceOne(lines, random, /(?<="kind":")\w+/g, () =>
      pick(random, ['artifact', 'shard', 'index', 'metadata', 'root']),
    ),
  glob: (lines, random) =>
    replaceOne(
      lines,
      random,
      /(?<="(?:ignore|include)":\[)[^\]]*/g,
      () => `"${pick(random, [...PATHS, 'noarch/*', '**/*.json'])}"`,
    ),
  key: (lines, random) =>
    replaceOne(
      lines,
      random,
      /\{/g,
      () => `{"${pick(random, ['__proto__', 'path', 'more', 'size'])}":${pick(random, VALUES)},`,
    ),
};

/** Alters a line document and makes its checksum right. */
export function mutateDocument(bytes: Buffer, random: Random, name: string): Buffer {
  const text = bytes.toString();
  const end = text.lastIndexOf('"checksum":"');
  const lines = text.slice(0, end < 0 ? undefined : end).split('\n');
  return sealed(LINE_MUTATORS[name]!(lines, random).join('\n'));
}

/** @param body all of a line document that stands above its checksum */
export function sealed(body: string): Buffer {
  const checksum = createHash('sha256').update(body).digest('hex');
  return Buffer.from(`${body}"checksum":"${checksum}"\n}\n`);
}
