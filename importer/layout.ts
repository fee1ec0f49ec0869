import { join } from 'node:path';
import { COMMIT_RECORD, JOURNAL } from '../shared/interrupted.js';
import { STATE_DIRECTORY } from '../shared/rules.js';

/** Where an import keeps its own files: always in the repository, so that everything is a rename away. */
export interface Layout {
  readonly repository: string;
  readonly own: string;
  /** Verified files that wait to be published: `<n>` for the n-th action. */
  readonly stage: string;
  /** Updates of which volumes were collected, by update id; nothing but `stage --discard` and their import clears them. */
  readonly collected: string;
  /** What was replaced or removed, by attempt. */
  readonly undo: string;
  /** What was taken away and is deleted at the end. */
  readonly trash: string;
  /** The plan of a commit that is under way. */
  readonly journal: string;
  /** The same file once every action was performed; what is left is to note it. */
  readonly committed: string;
  /** The same file once all is done: what `undo` takes back. */
  readonly lastImport: string;
  readonly retired: string;
  /** Exists while the last import did not pass its re-check. */
  readonly unverified: string;
}

export function layoutOf(repository: string): Layout {
  const own = join(repository, STATE_DIRECTORY);
  return {
    repository,
    own,
    stage: join(own, 'stage'),
    collected: join(own, 'collected'),
    undo: join(own, 'undo'),
    trash: join(own, 'trash'),
    journal: join(own, JOURNAL),
    committed: join(own, COMMIT_RECORD),
    lastImport: join(own, 'last-import.json'),
    retired: join(own, 'retired.json'),
    unverified: join(own, 'unverified'),
  };
}
