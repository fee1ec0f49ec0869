import { formatBytes, formatCount } from '../shared/figures.js';
import { shortDigest } from '../shared/state.js';
import { howAssumed } from './base.js';
import { inFlight } from './site-updates.js';
import type { Confirmation } from './site-view.js';
import type { Moved, SiteStatus } from './status.js';

/** A site of the JSON document of `status`. */
export function describeStatus({ site, view, sinceAssumed, sinceConfirmed }: SiteStatus): object {
  const { assumed, confirmed } = view;
  return {
    site,
    confirmed:
      confirmed === undefined
        ? null
        : {
            digest: confirmed.state.digest,
            ...{ kind: confirmed.event.kind, by: confirmed.event.by, at: confirmed.event.at },
            mirror: sinceConfirmed ?? null,
          },
    assumed: assumed === undefined ? null : { digest: assumed.digest, mirror: sinceAssumed ?? null },
    inFlight: inFlight(view).map(({ id, sequence, created }) => ({ id, sequence, created })),
  };
}

/** The lines that `status` prints of a site. */
export function statusLines({ site, view, sinceAssumed, sinceConfirmed }: SiteStatus): string[] {
  const { assumed, confirmed } = view;
  const open = inFlight(view);
  return [
    `Site '${site}'`,
    confirmed === undefined
      ? '  Confirmed: nothing yet'
      : `  Confirmed: state ${shortDigest(confirmed.state.digest)} (${describeConfirmation(confirmed)})`,
    ...(confirmed === undefined ? [] : [`    The mirror has moved on: ${describeMoved(sinceConfirmed)}`]),
    assumed === undefined
      ? '  Assumed: nothing'
      : `  Assumed: state ${shortDigest(assumed.digest)} (${howAssumed(view)})`,
    ...(assumed === undefined || assumed.digest === confirmed?.state.digest
      ? []
      : [`    The mirror has moved on: ${describeMoved(sinceAssumed)}`]),
    `  On their way: ${open.length === 0 ? 'no updates' : formatCount(open.length, 'update')}`,
    ...open.map(
      ({ sequence, id, created, target }) =>
        `    update ${String(sequence)} (${shortDigest(id)}) of ${created}, to state ${shortDigest(target)}`,
    ),
  ];
}

function describeConfirmation({ event }: Confirmation): string {
  const how =
    event.by === 'code' ? 'by code' : `by receipt ${String(event.counter)}, ${event.established ?? ''}`;
  return `${event.kind === 'undo' ? 'after an undo, ' : ''}${how}, ${event.at}`;
}

function describeMoved(moved: Moved | undefined): string {
  if (moved === undefined) return 'not known, its reference is not kept any more';
  const { added, replaced, removed, bytes } = moved;
  if (added + replaced + removed === 0) return 'not at all';
  return `${String(added)} added, ${String(replaced)} replaced, ${String(removed)} removed; an update would carry ${formatBytes(bytes)}`;
}
