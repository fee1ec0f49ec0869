import { join } from 'node:path';
import { encodeReceipt, type Receipt } from '../shared/receipt.js';
import type { Key } from '../shared/signature.js';
import { writeSignatures, type WrittenSignature } from '../shared/write-signatures.js';

/** Where the receipts of a copy are kept. */
export function receiptsDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'receipts');
}

/** Where a receipt is kept. */
export function receiptFile(stateDirectory: string, { counter }: Pick<Receipt, 'counter'>): string {
  return join(receiptsDirectory(stateDirectory), `${String(counter)}.json`);
}

/**
 * Signs the exact bytes of a receipt beside it. May be done again: the same key and receipt give the same signature.
 *
 * @param file where the receipt lies
 * @param note told of each signature
 * @throws CondaDiffError io
 */
export async function signReceipt(
  file: string,
  receipt: Receipt,
  keys: readonly Key[],
  note: (line: string) => void,
): Promise<WrittenSignature[]> {
  const written = await writeSignatures(file, encodeReceipt(receipt), keys);
  for (const one of written) note(`Signed the receipt with key ${one.id}: ${one.file}`);
  return written;
}
