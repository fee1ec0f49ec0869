import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readConfig } from '../../shared/config.js';
import { temporaryDirectory } from '../support/channel.js';
import { rejects } from '../support/refusal.js';

describe('readConfig', () => {
  it('is empty without a file, and from an empty file', async (t) => {
    assert.deepEqual(await readConfig(undefined), {});
    const file = join(await temporaryDirectory(t), 'conda-diff.yaml');
    await writeFile(file, '# nothing\n');
    assert.deepEqual(await readConfig(file), {});
  });

  it('takes paths as relative to the file, and keeps words and globs', async (t) => {
    const folder = await temporaryDirectory(t);
    const file = join(folder, 'conda-diff.yaml');
    const text = [
      'repository: mirror',
      'output: ../outbox/',
      'base: b.json',
      'state-dir: /var/state',
      'ignore: ["**/*.bak"]',
      'include: []',
    ];
    await writeFile(file, text.join('\n'));
    assert.deepEqual(await readConfig(file), {
      repository: join(folder, 'mirror'),
      output: `${join(folder, '../outbox')}/`,
      base: join(folder, 'b.json'),
      stateDir: '/var/state',
      ignore: ['**/*.bak'],
      include: [],
    });
    for (const base of ['assumed', 'confirmed', 'empty', '7', '615c47b40f13']) {
      await writeFile(file, `base: '${base}'\nsite: lab\n`);
      assert.deepEqual(await readConfig(file), { base, site: 'lab' });
    }
  });

  it('takes the paths of a site as relative to the file, too', async (t) => {
    const folder = await temporaryDirectory(t);
    const file = join(folder, 'conda-diff.yaml');
    const own = [
      'output: out/',
      'base: b.json',
      'ignore: [a/**]',
      'volume-size: 1G',
      'receipt-keys: [k.pem]',
    ];
    await writeFile(
      file,
      [
        'undo: false',
        'gc-older-than: 7d',
        'sites:',
        '  a: {}',
        '  b:',
        ...own.map((line) => `    ${line}`),
      ].join('\n'),
    );
    assert.deepEqual(await readConfig(file), {
      undo: false,
      gcOlderThan: '7d',
      sites: {
        a: {},
        b: {
          output: `${join(folder, 'out')}/`,
          base: join(folder, 'b.json'),
          ignore: ['a/**'],
          volumeSize: '1G',
          receiptKeys: [join(folder, 'k.pem')],
        },
      },
    });
  });

  const wrong: readonly [text: string, message: RegExp][] = [
    ['repositry: x', /there is no setting 'repositry'\nDid you mean 'repository'\?/],
    ['volumes: 3', /there is no setting 'volumes'\nThe settings are repository, site, output/],
    ['__proto__: {}', /there is no setting '__proto__'/],
    ['sites: [a]', /'sites' must be object/],
    ['sites: { a: 3 }', /'sites.a' must be object/],
    ['sites: { .a: {} }', /'sites' must match pattern/],
    ['sites: { a: { bse: empty } }', /there is no setting 'sites.a.bse'\nDid you mean 'base'\?/],
    [
      'sites: { a: { repository: m } }',
      /there is no setting 'sites.a.repository'\nThe settings are output, base/,
    ],
    ['sites: { __proto__: {} }', /'sites' must match pattern/],
    ['undo: no thanks', /'undo' must be boolean/],
    ['keep-references: 0', /'keep-references' must be >= 1/],
    ['gc-older-than: 7', /'gc-older-than' must be string/],
    ['repository: 3', /'repository' must be string/],
    ['repository: ""', /'repository' must NOT have fewer/],
    ['ignore: "*.bak"', /'ignore' must be array/],
    ['ignore: [1]', /'ignore.0' must be string/],
    ['- a', /must be object/],
    ['hello', /must be object/],
    ['42', /must be object/],
    ['a: [', /is not YAML/],
    ['base: a\nbase: b', /is not YAML/],
  ];
  for (const [text, message] of wrong) {
    it(`refuses ${JSON.stringify(text)}`, async (t) => {
      const file = join(await temporaryDirectory(t), 'conda-diff.yaml');
      await writeFile(file, text);
      const error = await rejects(readConfig(file), 'usage', message);
      assert.ok(error.message.startsWith(file), error.message);
    });
  }

  it('names the file that cannot be read', async () => {
    await rejects(
      readConfig('/nowhere/conda-diff.yaml'),
      'io',
      /Cannot read \/nowhere\/conda-diff.yaml: ENOENT/,
    );
  });
});
