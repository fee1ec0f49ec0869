/** What `--base` names: a state that the exporter knows, or a file. */
export type BaseOption =
  | { readonly kind: 'assumed' | 'confirmed' | 'empty' }
  | { readonly kind: 'sequence'; readonly sequence: number }
  /** A state digest, or the beginning of one. */
  | { readonly kind: 'digest'; readonly digest: string }
  | { readonly kind: 'file'; readonly file: string };

/**
 * Reads `--base` by its form alone, so that the same word means the same in every directory: the three words, a
 * number of up to 6 digits, 7 to 64 hex digits, and else a file. A file with such a name is `./name`.
 */
export function parseBase(text: string): BaseOption {
  if (text === 'assumed' || text === 'confirmed' || text === 'empty') return { kind: text };
  if (/^[0-9]{1,6}$/.test(text)) return { kind: 'sequence', sequence: Number(text) };
  if (/^[0-9a-f]{7,64}$/i.test(text)) return { kind: 'digest', digest: text.toLowerCase() };
  return { kind: 'file', file: text };
}
