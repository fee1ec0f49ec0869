/**
 * Globs come from documents that others wrote, so they are matched without regular expressions: the time grows with
 * the length of pattern times that of the path, whatever stands in either.
 */

/** One place of a name: a character, one of a class, any one (`?`), or any number of them (`*`). */
type Token =
  | { readonly is: 'one'; readonly character: string }
  | {
      readonly is: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [string, string])[];
    }
  | { readonly is: 'any' }
  | { readonly is: 'many' };

type NameTest = (name: string) => boolean;

/** A pattern without alternatives, by segments; `**` stands for any number of whole segments. */
export type Pattern = readonly ('**' | NameTest)[];

/** Reads one alternative of a glob. At its end `**` stands for what lies below, so for one segment at least. */
export function parsePattern(glob: string): Pattern {
  const segments = glob.split('/').map((segment) => (segment === '**' ? '**' : nameTest(segment)));
  return segments.at(-1) === '**' ? [...segments, nameTest('*')] : segments;
}

/**
 * Writes out the alternatives of `{a,b}`, which may be nested; braces without a comma stand for themselves.
 *
 * @param most how many alternatives are written out at most
 * @returns `undefined` when there are more
 */
export function alternativesOf(glob: string, most: number): string[] | undefined {
  const done: string[] = [];
  let open = [glob];
  while (open.length > 0) {
    const next: string[] = [];
    for (const one of open) {
      const braces = firstBraces(one);
      if (braces === undefined) done.push(one);
      else
        next.push(...braces.parts.map((part) => one.slice(0, braces.start) + part + one.slice(braces.end)));
      if (done.length + next.length > most) return undefined;
    }
    open = next;
  }
  return [...new Set(done)];
}

/** Whether a path, cut into segments, matches. */
export function matches(pattern: Pattern, path: readonly string[]): boolean {
  return follows(pattern, path, isWhole, segmentMatches);
}

function isWhole(segment: Pattern[number]): segment is '**' {
  return segment === '**';
}

function segmentMatches(segment: Pattern[number], name: string): boolean {
  return segment !== '**' && segment(name);
}

function nameTest(segment: string): NameTest {
  if (!/[?[]/.test(segment)) return piecesTest(segment.split('*'));
  const tokens = tokensOf(segment);
  return (name) => follows(tokens, Array.from(name), ({ is }) => is === 'many', tokenMatches);
}

/** The usual case: texts that must stand in a name in this order, the first at its beginning, the last at its end. */
function piecesTest(pieces: readonly string[]): NameTest {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return (name) => name === first;
  return (name) => {
    if (!name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const piece of others) {
      const found = name.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at + last.length <= name.length;
  };
}

function tokenMatches(token: Token, character: string): boolean {
  if (token.is === 'one') return token.character === character;
  if (token.is !== 'class') return true;
  return token.negated !== token.ranges.some(([from, to]) => from <= character && character <= to);
}

/**
 * Whether items follow a pattern in which some parts stand for any number of items: after a mismatch only the last
 * of these has to take one item more, so there is nothing to try in all combinations.
 */
function follows<P, T>(
  pattern: readonly P[],
  items: readonly T[],
  isMany: (part: P) => boolean,
  isOne: (part: P, item: T) => boolean,
): boolean {
  let [p, i] = [0, 0];
  let back: { p: number; i: number } | undefined;
  while (i < items.length) {
    const part = pattern[p];
    if (part !== undefined && isMany(part)) back = { p: p++, i };
    else if (part !== undefined && isOne(part, items[i] as T)) [p, i] = [p + 1, i + 1];
    else if (back === undefined) return false;
    else [p, i] = [back.p + 1, ++back.i];
  }
  return pattern.slice(p).every(isMany);
}

function tokensOf(segment: string): Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(segment);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] as string;
    const end = character === '[' ? endOfClass(characters, i) : -1;
    if (end > 0) {
      tokens.push(classOf(characters.slice(i + 1, end)));
      i = end;
    } else if (character === '*') {
      if (tokens.at(-1)?.is !== 'many') tokens.push({ is: 'many' });
    } else tokens.push(character === '?' ? { is: 'any' } : { is: 'one', character });
  }
  return tokens;
}

/** Where the bracket at `start` is closed; one directly behind it, or behind `!` or `^`, is a member of the class. */
function endOfClass(characters: readonly string[], start: number): number {
  const first = /^[!^]$/.test(characters[start + 1] ?? '') ? start + 2 : start + 1;
  return characters.indexOf(']', first + 1);
}

function classOf(members: readonly string[]): Token {
  const negated = /^[!^]$/.test(members[0] ?? '');
  const ranges: (readonly [string, string])[] = [];
  for (let i = negated ? 1 : 0; i < members.length; i++) {
    const from = members[i] as string;
    const to = members[i + 1] === '-' ? members[i + 2] : undefined;
    ranges.push([from, to ?? from]);
    if (to !== undefined) i += 2;
  }
  return { is: 'class', negated, ranges };
}

/** The first braces that hold alternatives: where they begin and end, and what stands between their commas. */
function firstBraces(glob: string): { start: number; end: number; parts: string[] } | undefined {
  for (let start = glob.indexOf('{'); start >= 0; start = glob.indexOf('{', start + 1)) {
    const commas: number[] = [];
    let depth = 0;
    for (let i = start; i < glob.length; i++) {
      if (glob[i] === '{') depth++;
      else if (glob[i] === ',' && depth === 1) commas.push(i);
      else if (glob[i] === '}' && --depth === 0) {
        if (commas.length === 0) break;
        const ends = [...commas, i];
        const parts = ends.map((to, n) => glob.slice(n === 0 ? start + 1 : (ends[n - 1] as number) + 1, to));
        return { start, end: i + 1, parts };
      }
    }
  }
  return undefined;
}
