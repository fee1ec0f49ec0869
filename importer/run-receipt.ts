import { resolve } from 'node:path';
import { writeFileAtomically } from '../shared/atomic-file.js';
import { type CommonOptions, createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { encodeReceipt } from '../shared/receipt.js';
import { requireUntracked } from '../shared/present-state.js';
import { lastReceipt, receiptOf } from './copy-history.js';
import { logLines, receiptLines } from './describe.js';
import { readCopyLedger } from './note-event.js';
import { existingPlace } from './place.js';

/** `receipt`: shows the last receipt again. */
export async function runReceipt(
  repository: string | undefined,
  flags: CommonOptions & { readonly output?: string },
): Promise<void> {
  const shell = createShell(flags);
  const place = await existingPlace(repository, flags);
  const receipt = lastReceipt(await readCopyLedger(place.stateDirectory));
  if (receipt === undefined) throw noReceipt(place.repository);
  const { output } = flags;
  if (output !== undefined) {
    requireUntracked(place.repository, output, 'Write it to another place');
    await writeFileAtomically(resolve(output), [encodeReceipt(receipt)]);
  }
  const document = { command: 'receipt', receipt, output: output === undefined ? null : resolve(output) };
  shell.data(document, [...(output === undefined ? [] : [`Wrote: ${output}`]), ...receiptLines(receipt)]);
}

/** `log`: lists imports and undos. */
export async function runLog(repository: string | undefined, flags: CommonOptions): Promise<void> {
  const shell = createShell(flags);
  const place = await existingPlace(repository, flags);
  const ledger = await readCopyLedger(place.stateDirectory);
  const { events } = ledger;
  const described = events.map((event) => ({
    ...receiptOf(ledger, event),
    from: event.from,
    again: event.again,
  }));
  shell.data({ command: 'log', events: described }, logLines(events));
}

function noReceipt(repository: string): CondaDiffError {
  return new CondaDiffError('usage', `There is no receipt: nothing was imported into ${repository} yet`, {
    hint: `Where the state directory was lost, import the last update again, or carry a reference over: conda-diff-import reference ${repository}`,
  });
}
