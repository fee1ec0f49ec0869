import { readFile } from 'node:fs/promises';
import { asIoError } from '../shared/errors.js';
import { decodeReceipt, type Receipt } from '../shared/receipt.js';

/**
 * Reads a receipt file.
 *
 * @throws CondaDiffError malformed or integrity, when it is not whole; io
 */
export async function readReceipt(file: string): Promise<Receipt> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw asIoError(error, `Cannot read ${file}`);
  });
  return decodeReceipt(bytes, file);
}
