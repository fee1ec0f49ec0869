import { withEvent } from '../../importer/copy-history.js';
import { type CopyLedger, EMPTY_LEDGER } from '../../importer/copy-ledger.js';
import { type Facts, NO_PERMISSIONS } from '../../importer/fit.js';
import { diffStates } from '../../shared/diff.js';
import { NO_GLOBS } from '../../shared/globs.js';
import type { LineageEntry } from '../../shared/lineage.js';
import { type Manifest, updateId } from '../../shared/manifest.js';
import { type Reference, totalsOf } from '../../shared/reference.js';
import { kindByName } from '../../shared/rules.js';
import { hashOf } from './arbitrary.js';
import { type Contents, stateOfContents } from './update.js';

/** An update that a lineage names, and its site. */
export interface Known extends LineageEntry {
  readonly site: string;
}

const AT = '2024-01-02T03:04:05Z';

/** The update from one state to another, both as digests. */
export function edge(sequence: number, base: string, target: string, more: Partial<Known> = {}): Known {
  const site = more.site ?? 'default';
  return { site, id: updateId(site, sequence, base, target), sequence, base, target, created: AT, ...more };
}

export interface Situation {
  readonly reference: Reference;
  readonly target: Contents;
  readonly local: Contents;
  /** Which update it is; by default the fourth of the site `default`. */
  readonly known?: Known;
  readonly lineage?: readonly Known[];
}

/** What decides how an update between two states fits a third; the copy remembers nothing. */
export function factsOf({ reference, target: contents, local: here, known, lineage = [] }: Situation): Facts {
  const [base, target, local] = [reference.state, stateOfContents(contents), stateOfContents(here)];
  const update = known ?? edge(4, base.digest, target.digest);
  const { added, replaced, removed } = diffStates(base, target);
  const kindOf: Facts['kindOf'] = (path) => kindByName(path, (directory) => directory === 'noarch');
  const files = [
    ...added,
    ...replaced.map(({ before, after }) => ({
      ...after,
      replaces: { size: before.size, sha256: before.sha256 },
    })),
  ].map((file) => ({ ...file, kind: kindOf(file.path), mtime: 0 }));
  const manifest: Manifest = {
    ...{ rules: 1, globs: NO_GLOBS, id: update.id, site: update.site, sequence: update.sequence },
    ...{ generator: 'conda-diff 0.1.0', created: update.created, volumes: [], files, removed, absent: [] },
    base: { ...totalsOf(base), scope: reference.scope, ...reference.globs },
    target: totalsOf(target),
    baseReference: { name: '', size: 0, sha256: '' },
    lineage: lineage.map(withoutSite),
  };
  return {
    ...{ ...NO_PERMISSIONS, manifest, known: { base: reference, target }, local, kindOf },
    ...{ digests: [local.digest], untracked: () => undefined, ledger: EMPTY_LEDGER },
  };
}

/** The ledger after one more import. */
export function imported(ledger: CopyLedger, update: Known, lineage: readonly Known[]): CopyLedger {
  return noted(ledger, 'import', update, lineage);
}

/** The ledger after the last import was undone. */
export function undone(ledger: CopyLedger, update: Known): CopyLedger {
  return noted(ledger, 'undo', update, []);
}

function noted(
  ledger: CopyLedger,
  kind: 'import' | 'undo',
  { site, ...update }: Known,
  lineage: readonly Known[],
): CopyLedger {
  const [from, to] = kind === 'import' ? [update.base, update.target] : [update.target, update.base];
  const event = {
    ...{ kind, attempt: hashOf(`attempt ${ledger.events.length}`).slice(0, 16), from, again: false, at: AT },
    state: { digest: to, count: 1, bytes: 1 },
    update: { id: update.id, site, sequence: update.sequence },
    established: 'claimed' as const,
  };
  return withEvent(ledger, event, [...lineage.map(withoutSite), update]).ledger;
}

function withoutSite({ id, sequence, base, target, created, withdrawn }: Known): LineageEntry {
  return { id, sequence, base, target, created, ...(withdrawn && { withdrawn }) };
}
