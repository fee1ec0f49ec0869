/** One fenced block of a Markdown document. */
export interface Block {
  /** Line of its opening fence, from 1. */
  readonly line: number;
  /** The heading that it stands under. */
  readonly heading: string;
  /** Its lines without the indentation of the fence, each with a line feed. */
  readonly text: string;
  /** What the comments `<!-- test: … -->` directly above it say, in order. */
  readonly directives: readonly string[];
  /** Whether only blank lines are between it and the block above. */
  readonly follows: boolean;
}

const DIRECTIVE = /^\s*<!-- test: (.*?) -->\s*$/;

/**
 * The fenced blocks of a Markdown document (CommonMark, backtick fences), in order.
 *
 * @throws Error when a fence is not closed, or a comment for the tests is not above a block
 */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  let heading = '';
  let directives: string[] = [];
  let follows = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    const fence = /^(\s*)```/.exec(line);
    const directive = DIRECTIVE.exec(line)?.[1];
    if (fence) {
      const end = lines.findIndex((other, j) => j > i && /^\s*```\s*$/.test(other));
      if (end < 0) throw new Error(`line ${i + 1}: the block is not closed`);
      const indent = fence[1]?.length ?? 0;
      const text = lines.slice(i + 1, end).map((one) => `${one.slice(indent)}\n`);
      blocks.push({ line: i + 1, heading, text: text.join(''), directives, follows });
      i = end;
      directives = [];
      follows = true;
    } else if (directive !== undefined) directives.push(directive);
    else if (line.trim() !== '') {
      if (directives.length > 0) throw new Error(`line ${i + 1}: expected the block that the comment is for`);
      follows = false;
      heading = /^#+ (.*)/.exec(line)?.[1] ?? heading;
    }
  }
  return blocks;
}

/**
 * What is the same in every run of a command: digests, codes, sizes, times, random names and process ids are
 * replaced by their kind.
 */
export function settled(output: string): string {
  return output
    .replace(/\b[0-9a-f]{12,64}\b/g, '<digest>')
    .replace(/\b[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){2,}\b/g, '<code>')
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ)?/g, '<time>')
    .replace(/\b\d+(\.\d+)? [kMGT]?B\b/g, '<size>')
    .replace(/\b\d+ bytes\b/g, '<size>')
    .replace(/\bbytes: expected \d+, found \d+/g, 'bytes: expected <size>, found <size>')
    .replace(/\(process \d+ on [^)]*\)/g, '(process <pid>)')
    .replace(/[ \t]+$/gm, '')
    .trim();
}
