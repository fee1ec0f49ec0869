import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { confirmationCode } from '../../shared/confirmation-code.js';
import { encodeLineDocument } from '../../shared/line-document.js';
import { decodeReceipt, encodeReceipt, type Receipt } from '../../shared/receipt.js';
import { documentValidator } from '../../shared/schema.js';
import { hashOf } from '../support/arbitrary.js';
import { rejects } from '../support/refusal.js';

const [ID, DIGEST] = [hashOf('update'), hashOf('state')];
const RECEIPT: Receipt = {
  ...{ series: '0123456789abcdef', counter: 7, kind: 'import' },
  update: { id: ID, site: 'plant-b', sequence: 12 },
  state: { digest: DIGEST, count: 9, bytes: 34_773 },
  ...{ established: 'claimed', at: '2024-01-02T03:04:05Z', code: confirmationCode(ID, DIGEST) },
};

/** The lines of a receipt as parsed, without the checksum. */
function headerOf(receipt: Receipt): Record<string, unknown> {
  const parsed = JSON.parse(encodeReceipt(receipt).toString()) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(parsed).filter(([key]) => key !== 'checksum'));
}

/** A receipt of this content whose checksum is right: only the field's own check can refuse it. */
function altered(changes: Record<string, unknown>): Buffer {
  const header = Object.entries({ ...headerOf(RECEIPT), ...changes }).filter(
    ([, value]) => value !== undefined,
  );
  return Buffer.concat([...encodeLineDocument(Object.fromEntries(header), [])]);
}

describe('a receipt', () => {
  it('is read as it was written', async () => {
    const variants: Partial<Receipt>[] = [{}, { kind: 'undo', established: 'hashed', counter: 1 }];
    for (const variant of variants) {
      const receipt = { ...RECEIPT, ...variant };
      assert.deepEqual(await decodeReceipt(encodeReceipt(receipt), 'x'), receipt);
    }
  });

  it('has the published form, and a checksum that sha256sum recomputes', async () => {
    const bytes = encodeReceipt(RECEIPT);
    const document = JSON.parse(bytes.toString()) as { checksum: string };
    const validate = await documentValidator('receipt', 'malformed');
    assert.deepEqual(validate(document, 'receipt'), document);
    const sum = execFileSync('bash', ['-c', 'head -n -2 | sha256sum'], { input: bytes, encoding: 'utf8' });
    assert.equal(sum.slice(0, 64), document.checksum);
  });

  it('is refused when it is cut off or a byte is another', async () => {
    const good = encodeReceipt(RECEIPT);
    for (let at = 0; at < good.length; at++) {
      const flipped = Buffer.from(good);
      flipped[at]! ^= 1;
      for (const damaged of [flipped, good.subarray(0, at)])
        await rejects(decodeReceipt(damaged, 'x'), ['malformed', 'integrity']);
    }
  });

  const within = (key: 'update' | 'state', changes: object): Record<string, unknown> => ({
    [key]: { ...RECEIPT[key], ...changes },
  });
  type Case = readonly [field: string, changes: Record<string, unknown>, text: RegExp];
  const cases: readonly Case[] = [
    ['format', { format: 'conda-diff-reference' }, /not a conda-diff-receipt document/],
    ['version', { version: 2 }, /version 2, which this release does not know/],
    ['version', { version: 0 }, /'version' must be equal/],
    ['series', { series: 'x' }, /'series' must match pattern/],
    ['counter', { counter: 0 }, /'counter' must be >= 1/],
    ['counter', { counter: '7' }, /'counter' must be integer/],
    ['kind', { kind: 'apply' }, /'kind' must be equal to one of/],
    ['update.id', within('update', { id: hashOf('other') }), /code .* not that of its content/],
    ['update.id', within('update', { id: 'x' }), /'update.id' must match pattern/],
    ['update.site', within('update', { site: '../x' }), /'update.site' must match pattern/],
    ['update.sequence', within('update', { sequence: 0 }), /'update.sequence' must be >= 1/],
    ['update.more', within('update', { more: 1 }), /additional properties: 'more'/],
    ['state.digest', within('state', { digest: hashOf('other') }), /code .* not that of its content/],
    ['state.digest', within('state', { digest: 'E3' }), /'state.digest' must match pattern/],
    ['state.count', within('state', { count: -1 }), /'state.count' must be >= 0/],
    ['state.bytes', within('state', { bytes: 1.5 }), /'state.bytes' must be integer/],
    ['established', { established: 'believed' }, /'established' must be equal to one of/],
    ['at', { at: 'yesterday' }, /'at' must match pattern/],
    ['code', { code: confirmationCode(ID, ID) }, /expected [-0-9A-Z]{14}, found/],
    ['code', { code: 'O123-4567-89AB' }, /'code' must match pattern/],
    ['more', { more: 1 }, /additional properties: 'more'/],
    ...Object.keys(headerOf(RECEIPT)).map((key): Case => [
      `${key} left out`,
      { [key]: undefined },
      /required property|not a conda-diff/,
    ]),
  ];
  for (const [field, changes, text] of cases) {
    it(`a stored field is a checked field, ${field}: ${text.source}`, async () => {
      await rejects(decodeReceipt(altered(changes), 'receipt.json'), ['malformed', 'integrity'], text);
    });
  }

  it('is not followed by anything', async () => {
    await rejects(
      decodeReceipt(Buffer.concat([encodeReceipt(RECEIPT), Buffer.from('\n')]), 'x'),
      'malformed',
      /after the end of the document/,
    );
  });
});
