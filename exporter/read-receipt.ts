import { readSignedBytes } from '../shared/read-signed.js';
import { readWhole } from '../shared/read-whole.js';
import { decodeReceipt, type Receipt } from '../shared/receipt.js';
import type { Trust } from '../shared/trust.js';

/** Far more than a receipt has. */
const MAX_RECEIPT_BYTES = 1 << 16;

const UNSIGNED = [
  'Carry the .sig files of the receipt over beside it. If there are none, have it signed on the other side:',
  '  conda-diff-import receipt <repository> -o receipt.json --sign-key <private key>',
].join('\n');

/**
 * Reads a receipt file. Where something is trusted, the bytes that are parsed are those that were found to be signed.
 *
 * @throws CondaDiffError integrity, when it is not signed as trust asks; malformed or integrity, when it is not whole; io
 */
export async function readReceipt(file: string, trust: Trust | undefined): Promise<Receipt> {
  const bytes =
    trust === undefined
      ? await readWhole(file, MAX_RECEIPT_BYTES, 'malformed')
      : (await readSignedBytes(file, trust, UNSIGNED)).bytes;
  return decodeReceipt(bytes, file);
}
