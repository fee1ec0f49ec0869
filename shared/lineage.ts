/** An update of a site, as the ledger remembers it and as it travels in the manifests of later ones. */
export interface LineageEntry {
  /** The update id. */
  readonly id: string;
  readonly sequence: number;
  /** State digest of the base. */
  readonly base: string;
  /** State digest of the target. */
  readonly target: string;
  /** ISO 8601, UTC, whole seconds: the date in its manifest. */
  readonly created: string;
  /** Set when the exporter took it back: it is not to be imported any more. */
  readonly withdrawn?: true;
}

/** Exactly the fields of an entry, in the order that they have in documents; `withdrawn` only where it is set. */
export function lineageEntry({ id, sequence, base, target, created, withdrawn }: LineageEntry): LineageEntry {
  const entry = { id, sequence, base, target, created };
  return withdrawn === undefined ? entry : { ...entry, withdrawn };
}

/**
 * The updates that lead from one state to another, in the order in which they have to be imported. Lineage is a
 * graph: a base that was chosen anew forks it, and a mirror that was put back closes a circle. Of several ways the
 * one with the fewest updates is taken, then the one with the latest.
 *
 * @param lineage of one site, in any order; withdrawn updates are not used
 * @returns nothing to import where both states are the same; `undefined` when no updates lead there
 */
export function pathBetween(
  lineage: Iterable<LineageEntry>,
  from: string,
  to: string,
): readonly LineageEntry[] | undefined {
  const latestFirst = [...lineage]
    .filter(({ withdrawn }) => withdrawn !== true)
    .sort((a, b) => b.sequence - a.sequence);
  // Backwards from the goal, so that a state is reached over the fewest updates that are left to import
  const next = new Map<string, LineageEntry | undefined>([[to, undefined]]);
  for (const state of next.keys()) {
    if (state === from) return stepsFrom(from, next);
    for (const update of latestFirst) {
      if (update.target === state && !next.has(update.base)) next.set(update.base, update);
    }
  }
  return undefined;
}

function stepsFrom(
  from: string,
  next: ReadonlyMap<string, LineageEntry | undefined>,
): readonly LineageEntry[] {
  const steps: LineageEntry[] = [];
  for (let update = next.get(from); update !== undefined; update = next.get(update.target))
    steps.push(update);
  return steps;
}
