/** Longest text that a report shows, in UTF-16 units. */
const MAX_SHOWN = 300;

/**
 * Text from an update as people may be shown it: characters that hide or that change how others look (control characters,
 * bidirectional overrides, zero-width ones, lone surrogates) stand as `\u{202e}`, and what is too long is cut.
 */
export function visibleText(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return shown.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
