import { resolve } from 'node:path';
import { writeFileAtomically } from '../shared/atomic-file.js';
import { type CommonOptions, createShell } from '../shared/cli-shell.js';
import { CondaDiffError } from '../shared/errors.js';
import { encodeReceipt } from '../shared/receipt.js';
import { requireUntracked } from '../shared/present-state.js';
import { signKeys } from '../shared/sign-keys.js';
import { lastReceipt, receiptOf } from './copy-history.js';
import { logLines, receiptLines } from './describe.js';
import { readCopyLedger } from './note-event.js';
import { existingPlace } from './place.js';
import type { ReceiptFlags } from './receipt-commands.js';
import { receiptFile, signReceipt } from './sign-receipt.js';
import { shellWord } from '../shared/shell-word.js';

/** `receipt`: shows the last receipt again, writes a copy of it, and signs both. */
export async function runReceipt(repository: string | undefined, flags: ReceiptFlags): Promise<void> {
  const shell = createShell(flags);
  const place = await existingPlace(repository, flags);
  const keys = await signKeys(flags, place.config, place, shell.note);
  const receipt = lastReceipt(await readCopyLedger(place.stateDirectory));
  if (receipt === undefined) throw noReceipt(place.repository);
  const { output } = flags;
  if (output !== undefined) {
    requireUntracked(place, output, 'Write it to another place');
    await writeFileAtomically(resolve(output), [encodeReceipt(receipt)]);
  }
  const file = output === undefined ? receiptFile(place.stateDirectory, receipt) : resolve(output);
  const signed = await signReceipt(file, receipt, keys, () => undefined);
  const wrote = [...(output === undefined ? [] : [output]), ...signed.map((one) => one.file)];
  const document = {
    ...{ command: 'receipt', receipt, output: output === undefined ? null : resolve(output) },
    signatures: signed.map((one) => one.file),
  };
  shell.data(document, [...wrote.map((one) => `Wrote: ${one}`), ...receiptLines(receipt)]);
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
    hint: `Where the state directory was lost, import the last update again, or carry a reference over: conda-diff-import reference ${shellWord(repository)}`,
  });
}
