import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LineageEntry } from '../shared/lineage.js';
import { readIfThere } from '../shared/read-document.js';
import { encodeReceipt, type Receipt } from '../shared/receipt.js';
import { type Workbench, writeDocument } from './commit.js';
import { type NewEvent, type Noted, receiptOf, withEvent } from './copy-history.js';
import { receiptFile, receiptsDirectory } from './sign-receipt.js';
import { type CopyLedger, decodeCopyLedger, EMPTY_LEDGER, encodeCopyLedger } from './copy-ledger.js';

function ledgerFile(stateDirectory: string): string {
  return join(stateDirectory, 'copy-ledger.json');
}

/**
 * Reads what a copy remembers; a ledger that is not there is empty.
 *
 * @throws CondaDiffError malformed or integrity, when it is damaged; io
 */
export async function readCopyLedger(stateDirectory: string): Promise<CopyLedger> {
  return (await readIfThere(ledgerFile(stateDirectory), decodeCopyLedger)) ?? EMPTY_LEDGER;
}

/**
 * Notes an event durably: first in the ledger, then as a receipt that follows from it. Both may be done again; an
 * event never gets a second receipt, and no two get the same counter.
 *
 * @param stateDirectory is there
 * @throws CondaDiffError malformed or integrity, when the ledger is damaged; io
 */
export async function noteEvent(
  bench: Workbench,
  stateDirectory: string,
  event: NewEvent,
  lineage: readonly LineageEntry[],
): Promise<Receipt> {
  const before = await readCopyLedger(stateDirectory);
  const noted = withEvent(before, event, lineage, highestReceipt(stateDirectory));
  if (noted.ledger !== before)
    await writeDocument(bench, ledgerFile(stateDirectory), encodeCopyLedger(noted.ledger));
  return keepReceipt(bench, stateDirectory, noted);
}

/** Writes the receipt of an event, unless it is there already. */
export async function keepReceipt(
  bench: Workbench,
  stateDirectory: string,
  { ledger, event }: Noted,
): Promise<Receipt> {
  const directory = receiptsDirectory(stateDirectory);
  const receipt = receiptOf(ledger, event);
  const bytes = encodeReceipt(receipt);
  const file = receiptFile(stateDirectory, receipt);
  if (existsSync(file) && readFileSync(file).equals(bytes)) return receipt;
  if (!existsSync(directory)) {
    await bench.disk.makeDirectory(directory, 0o700);
    await bench.disk.syncDirectory(stateDirectory);
  }
  await writeDocument(bench, file, [bytes]);
  return receipt;
}

/** The highest counter among the receipts that are there; 0 for none. */
function highestReceipt(stateDirectory: string): number {
  const directory = receiptsDirectory(stateDirectory);
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return Math.max(0, ...names.map((name) => Number(/^([1-9]\d{0,14})\.json$/.exec(name)?.[1] ?? 0)));
}
