import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { AnySchema } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
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

  const codes = {
    reference: 'malformed',
    manifest: 'malformed',
    ledger: 'integrity',
    config: 'usage',
    journal: 'malformed',
    retired: 'malformed',
    receipt: 'malformed',
    'copy-ledger': 'malformed',
  } as const;
  for (const name of Object.keys(codes) as SchemaName[]) {
    it(`${name}: is valid and strict, and refuses what is no object`, async () => {
      const text = await readFile(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8');
      new Ajv2020({ strict: true }).compile(JSON.parse(text) as AnySchema);
      const validate = await documentValidator(name, codes[name]);
      for (const value of [null, [], 'x', 1]) refuses(() => validate(value, 'it'), codes[name], /^it: /);
    });
  }

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
