import { compareUtf8, nameOf } from './paths.js';
import { type Kind, REPODATA, SHARD_INDEX } from './rules.js';

/** What the order of a shipped file depends on. */
export interface Ordered {
  readonly path: string;
  readonly kind: Kind;
  /** Whether it replaces a file of the same name. */
  readonly replacing: boolean;
}

/**
 * The steps of a commit (DESIGN section 6). A reader that holds the old indexes sees nothing of steps 1–3; step
 * 4 is the burst; files retire after all of them.
 */
export type Step = 1 | 2 | 3 | 4 | 5;

/** The step in which a shipped file is published. */
export function stepOf({ kind, replacing }: Ordered): Step {
  switch (kind) {
    case 'artifact':
      return replacing ? 4 : 1;
    case 'shard':
      return replacing ? 4 : 2;
    case 'metadata':
      return 3;
    case 'index':
      return 4;
    case 'root':
      return 5;
  }
}

const ENCODINGS = ['.zst', '.bz2', '.gz', ''];
const BURST = [
  ...ENCODINGS.slice(0, 3).map((encoding) => REPODATA + encoding),
  ...ENCODINGS.map((encoding) => `current_${REPODATA}${encoding}`),
  REPODATA,
  SHARD_INDEX,
];

/** Place within the burst: replaced artifacts and shards, then the variants that clients prefer least … last. */
function burstRank({ path, kind }: Ordered): number {
  return kind === 'index' ? 1 + BURST.indexOf(nameOf(path)) : 0;
}

/** Orders shipped files as they stand in the archive and are committed. */
export function compareCommitOrder(a: Ordered, b: Ordered): number {
  return stepOf(a) - stepOf(b) || burstRank(a) - burstRank(b) || compareUtf8(a.path, b.path);
}
