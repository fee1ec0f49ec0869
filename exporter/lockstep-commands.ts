import type { Command } from 'commander';
import { createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { shortDigest } from '../shared/state.js';
import { howAssumed } from './base.js';
import { confirm, type ConfirmResult } from './confirm.js';
import { addExportOptions, type ExportFlags, workplace } from './options.js';
import { inFlight } from './site-updates.js';
import type { KnownUpdate, SiteView } from './site-view.js';
import { withdraw, type WithdrawResult } from './withdraw.js';

/** Declares `confirm`. */
export function addConfirm(program: Command): void {
  addExportOptions(
    program
      .command('confirm')
      .description('note what the other side has, from its receipt or the code that its import printed')
      .argument('[repository]', 'directory of the mirror')
      .argument('[receipt...]', 'the receipt file, or the code'),
  ).action(async (repository: string | undefined, words: readonly string[], flags: ExportFlags) => {
    const shell = createShell(flags);
    const [given, statement] = withSubject(repository, words.join(' '), 'No receipt or code was given');
    const place = await workplace(given, flags);
    const result = await confirm({ ...place, statement, note: shell.note });
    const { outcome, event, after } = result;
    shell.report(
      {
        ...{ command: 'confirm', site: place.site, outcome, kind: event.kind, update: updateOf(result) },
        ...{ confirmed: event.digest, assumed: after.assumed?.digest ?? null },
        inFlight: inFlight(after).map(({ sequence }) => sequence),
      },
      confirmLines(result, place.site),
    );
  });
}

/** Declares `withdraw`. */
export function addWithdraw(program: Command): void {
  addExportOptions(
    program
      .command('withdraw')
      .description('take back an update that will never be delivered, and remove its files')
      .argument('[repository]', 'directory of the mirror')
      .argument('[update]', 'its number, or the beginning of its id')
      .option('--with-later', 'also those that build on it'),
  ).action(
    async (
      repository: string | undefined,
      update: string | undefined,
      flags: ExportFlags & { readonly withLater?: boolean },
    ) => {
      const shell = createShell(flags);
      const [given, name] = withSubject(repository, update ?? '', 'No update was given');
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
    },
  );
}

/** With one argument the repository is that of the configuration. */
function withSubject(
  first: string | undefined,
  second: string,
  missing: string,
): [string | undefined, string] {
  if (second !== '') return [first, second];
  if (first !== undefined) return [undefined, first];
  throw new CondaDiffError('usage', missing);
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
