import { confirmationCode } from './confirmation-code.js';
import { CondaDiffError } from './errors.js';
import { encodeLineDocument } from './line-document.js';
import { LineDocumentDecoder } from './line-document-decoder.js';
import { checkFormat, type Totals } from './reference.js';
import { headerValidator } from './schema.js';

/** The statement of an air-gapped copy of what it holds after an import or an undo. */
export interface Receipt {
  /** Names the ledger of the copy that it is from, 16 hex digits: a ledger that was begun anew begins another one. */
  readonly series: string;
  /** Counts the receipts of a series, from 1. */
  readonly counter: number;
  readonly kind: 'import' | 'undo';
  /** The update that was imported or undone. */
  readonly update: { readonly id: string; readonly site: string; readonly sequence: number };
  /** What the copy holds now. */
  readonly state: Totals;
  /** `hashed`: every file of the state was hashed for this receipt; `claimed`: some stand by their records. */
  readonly established: 'claimed' | 'hashed';
  /** ISO 8601, UTC, whole seconds. */
  readonly at: string;
  /** {@link confirmationCode} of update id and state digest. */
  readonly code: string;
}

/** The bytes of a receipt. */
export function encodeReceipt(receipt: Receipt): Buffer {
  const { series, counter, kind, update, state, established, at, code } = receipt;
  const header = {
    format: 'conda-diff-receipt',
    version: 1,
    ...{ series, counter, kind },
    update: { id: update.id, site: update.site, sequence: update.sequence },
    state: { digest: state.digest, count: state.count, bytes: state.bytes },
    ...{ established, at, code },
  };
  return Buffer.concat([...encodeLineDocument(header, [])]);
}

/**
 * Reads a receipt.
 *
 * @param name the file, for messages
 * @throws CondaDiffError malformed; integrity, when checksum or code do not fit its content
 */
export async function decodeReceipt(bytes: Uint8Array, name: string): Promise<Receipt> {
  const validate = await headerValidator<Receipt & { format: string; version: number }>('receipt', []);
  let receipt: Receipt | undefined;
  const decoder = new LineDocumentDecoder(name, [], {
    header: (value) => {
      checkFormat(value, name, 'conda-diff-receipt');
      const { series, counter, kind, update, state, established, at, code } = validate(value, name);
      receipt = { series, counter, kind, update, state, established, at, code };
    },
    entry: () => undefined,
  });
  decoder.push(bytes);
  decoder.end();
  return checkCode(receipt as Receipt, name);
}

function checkCode(receipt: Receipt, name: string): Receipt {
  const expected = confirmationCode(receipt.update.id, receipt.state.digest);
  if (receipt.code === expected) return receipt;
  throw new CondaDiffError('integrity', `${name} has a confirmation code that is not that of its content`, {
    details: [`expected ${expected}, found ${receipt.code}`],
    hint: 'Copy the receipt again from its source, or print it there with: conda-diff-import receipt <repository>',
  });
}
