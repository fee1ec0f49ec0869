import { createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import type { TrustFlags } from '../shared/trust-options.js';
import { shortDigest } from '../shared/state.js';
import { howAssumed } from './base.js';
import { confirm, type ConfirmResult, isReceiptFile } from './confirm.js';
import type { ExportFlags } from './options.js';
import { receiptTrust } from './receipt-trust.js';
import { workplace } from './workplace.js';
import { inFlight } from './site-updates.js';
import type { KnownUpdate, SiteView } from './site-view.js';
import { withdraw, type WithdrawResult } from './withdraw.js';

/** `confirm`: notes what the other side has. */
export async function runConfirm(
  repository: string | undefined,
  words: readonly string[],
  flags: ExportFlags & TrustFlags,
): Promise<void> {
  const shell = createShell(flags);
  const [given, statement] = withSubject(repository, words.join(' '), {
    message: 'No receipt or code was given',
    hint: 'conda-diff-export confirm <repository> <receipt.json or code>',
  });
  const place = await workplace(given, flags);
  const file = isReceiptFile(statement) ? statement : undefined;
  const trust = await receiptTrust(file, place, flags, place.config);
  const result = await confirm({
    ...place,
    ...{ statement, trust, note: shell.note, keepReferences: place.config.keepReferences },
  });
  const { outcome, event, after } = result;
  shell.report(
    {
      ...{ command: 'confirm', site: place.site, outcome, kind: event.kind, update: updateOf(result) },
      ...{ confirmed: event.digest, assumed: after.assumed?.digest ?? null },
      inFlight: inFlight(after).map(({ sequence }) => sequence),
    },
    confirmLines(result, place.site),
  );
}

/** `withdraw`: takes an update back that will never be delivered. */
export async function runWithdraw(
  repository: string | undefined,
  update: string | undefined,
  flags: ExportFlags & { readonly withLater?: boolean },
): Promise<void> {
  const shell = createShell(flags);
  const [given, name] = withSubject(repository, update ?? '', {
    message: 'No update was given',
    hint: 'conda-diff-export withdraw <repository> <number or id>; conda-diff-export log <repository> lists them',
  });
  const place = await workplace(given, flags);
  const withLater = flags.withLater ?? false;
  const result = await withdraw({ ...place, update: name, withLater, note: shell.note });
  const { outcome, updates, after } = result;
  shell.report(
    {
      ...{ command: 'withdraw', site: place.site, outcome },
      updates: updates.map(({ id, sequence }) => ({ id, site: place.site, sequence })),
      assumed: after.assumed?.digest ?? null,
    },
    withdrawLines(result),
  );
}

/** With one argument the repository is that of the configuration. */
function withSubject(
  first: string | undefined,
  second: string,
  missing: { readonly message: string; readonly hint: string },
): [string | undefined, string] {
  if (second !== '') return [first, second];
  if (first !== undefined) return [undefined, first];
  throw new CondaDiffError('usage', missing.message, { hint: missing.hint });
}

function updateOf({ event, after }: ConfirmResult): number | undefined {
  return after.updates.find(({ id }) => id === event.id)?.sequence;
}

function confirmLines(result: ConfirmResult, site: string): string[] {
  const { outcome, event, after } = result;
  const number = String(updateOf(result));
  const what =
    event.kind === 'import'
      ? `Site '${site}' has state ${shortDigest(event.digest)}: update ${number} arrived`
      : `Site '${site}' is back in state ${shortDigest(event.digest)}: update ${number} was undone`;
  return [
    outcome === 'confirmed' ? what : `Already confirmed: ${what}`,
    ...assumedLine(after),
    ...flightLine(inFlight(after)),
  ];
}

function withdrawLines({ outcome, updates, after }: WithdrawResult): string[] {
  const [first] = updates;
  if (outcome === 'already-withdrawn') return [`Update ${String(first?.sequence)} was withdrawn before`];
  return [
    ...updates.map(
      ({ sequence }) => `Update ${String(sequence)} is withdrawn; destroy what was carried of it`,
    ),
    ...assumedLine(after),
  ];
}

function assumedLine(view: SiteView): string[] {
  const { assumed } = view;
  if (assumed === undefined) return [];
  return [`The next update starts from state ${shortDigest(assumed.digest)} (${howAssumed(view)})`];
}

function flightLine(updates: readonly KnownUpdate[]): string[] {
  if (updates.length === 0) return [];
  return [`Not confirmed yet: update ${updates.map(({ sequence }) => String(sequence)).join(', ')}`];
}
