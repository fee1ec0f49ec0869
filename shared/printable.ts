/** Characters that move a cursor, change colours, or hide and reverse what stands beside them. */
const UNSAFE = /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text that others wrote, as one line that a terminal shows as it is: what would not be shown is written out. */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

/** The same for a text of several lines. */
export function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${line.split('\n').map(printable).join('\n')}\n`).join('');
}

/** A JSON document in which nothing is left that a terminal would not show; it means the same. */
export function printableJson(document: object): string {
  return printable(JSON.stringify(document));
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }).join('');
}
