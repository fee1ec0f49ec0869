import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeManifest } from '../../shared/manifest.js';
import { encodeReference } from '../../shared/reference.js';
import { documentValidator, entryValidator, headerValidator, type SchemaName } from '../../shared/schema.js';
import { temporaryDirectory } from '../support/channel.js';
import { refuses } from '../support/refusal.js';
import { makeUpdate } from '../support/update.js';

describe('the published schemas', () => {
  it('hold for whole documents as conda-diff writes them', async (t) => {
    const { manifest, base } = await makeUpdate(
      await temporaryDirectory(t),
      { a: '1', b: '2' },
      { a: '3', c: '4' },
    );
    for (const [name, chunks] of [
      ['reference', encodeReference(base)],
      ['manifest', encodeManifest(manifest)],
    ] as const) {
      const document = JSON.parse(Buffer.concat([...chunks]).toString()) as Record<string, unknown>;
      const validate = await documentValidator(name, 'malformed');
      assert.deepEqual(validate(document, name), document);
      for (const key of Object.keys(document)) {
        const rest = Object.fromEntries(Object.entries(document).filter(([name]) => name !== key));
        refuses(() => validate(rest, name), 'malformed', new RegExp(`must have required property '${key}'`));
      }
      refuses(() => validate({ ...document, more: 1 }, name), 'malformed', /additional properties: 'more'/);
    }
  });

  it('compile strictly, and refuse what is no object', async () => {
    for (const name of [
      'reference',
      'manifest',
      'ledger',
      'config',
    ] as const satisfies readonly SchemaName[]) {
      const validate = await documentValidator(name, 'usage');
      for (const value of [null, [], 'x', 1]) refuses(() => validate(value, 'it'), 'usage', /^it: /);
    }
  });

  it('name the document and the field that is wrong', async () => {
    const header = await headerValidator('reference', ['entries']);
    refuses(
      () => header({ format: 'x' }, 'reference.json'),
      'malformed',
      /^reference\.json: must have required/,
    );
    const entry = await entryValidator('reference', 'entries');
    refuses(() => entry({ path: 'a', size: -1, sha256: '' }, 'f'), 'malformed', /^f: 'size' must be >= 0$/m);
  });
});
