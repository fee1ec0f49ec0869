import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { pathProblem } from '../../shared/paths.js';
import { type Entry, type State, stateOf } from '../../shared/state.js';

const fromCodePoint = (code: number): string => String.fromCodePoint(code);

/** Characters of file names, with those whose UTF-16 order is not their UTF-8 order. */
const nameCharacter = fc.oneof(
  fc.constantFrom(...Array.from('abz019_-+ \'"%~$#'), 'é', 'ß', '中', '\ud7ff'),
  fc.integer({ min: 0xe000, max: 0xfffc }).map(fromCodePoint),
  fc.integer({ min: 0x10000, max: 0x10ffff }).map(fromCodePoint),
);

export const trackedName: fc.Arbitrary<string> = fc
  .string({ unit: nameCharacter, minLength: 1, maxLength: 6 })
  .filter((name) => pathProblem(name) === undefined);

export const trackedPath: fc.Arbitrary<string> = fc
  .array(trackedName, { minLength: 1, maxLength: 4 })
  .map((names) => names.join('/'));

/** The sha256 of a text, in hex. */
export function hashOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An entry whose content is the text. */
export function entryOf(path: string, text = path): Entry {
  return { path, size: Buffer.byteLength(text), sha256: hashOf(text) };
}

/** Few contents, so that two states share some. */
const content = fc.oneof(fc.constantFrom('', 'a', 'b'), fc.string({ maxLength: 3 }));

export const entries: fc.Arbitrary<Entry[]> = fc
  .uniqueArray(fc.tuple(trackedPath, content), { selector: ([path]) => path, maxLength: 12 })
  .map((pairs) => pairs.map(([path, text]) => entryOf(path, text)));

export const state: fc.Arbitrary<State> = entries.map(stateOf);

/** Two states that share paths: some files of the second come from the first, some of them with other content. */
export const twoStates: fc.Arbitrary<[State, State]> = fc
  .tuple(entries, entries, fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }))
  .map(([base, more, fates]) => {
    const kept = base.flatMap((entry, i) => {
      if (fates[i] === 0) return [];
      return [fates[i] === 1 ? entry : entryOf(entry.path, `${entry.sha256} changed`)];
    });
    const target = new Map([...more, ...kept].map((entry) => [entry.path, entry]));
    return [stateOf(base), stateOf(target.values())];
  });

/** Cuts bytes into chunks of the given sizes, used in turn. */
export function chunked(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    chunks.push(bytes.slice(start, start + size));
    start += size;
  }
  return chunks;
}

/** Sizes of chunks, for {@link chunked}. */
export const chunkSizes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 200 }), {
  minLength: 1,
  maxLength: 6,
});
