import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { locateManifest } from '../../shared/locate.js';
import { temporaryDirectory } from '../support/channel.js';
import { refuses } from '../support/refusal.js';
import { writeFiles } from '../support/update.js';

describe('locateManifest', () => {
  it('finds the manifest by itself, by its archives and by its directory', async (t) => {
    const folder = await temporaryDirectory(t);
    await writeFiles(folder, {
      ...{ 'a/update.tar': '', 'a/update.001.tar': '', 'a/update.1000.tar': '', 'a/update.base.json.gz': '' },
      ...{
        'a/update.manifest.json': '',
        'a/update.manifest.json.k.sig': '',
        'a/update.manifest.json.0a1b2c3d.partial': '',
      },
      ...{ 'b/week.01.tar': '', 'b/week.01.manifest.json': '' },
    });
    for (const given of [
      'a',
      'a/',
      'a/update.tar',
      'a/update.001.tar',
      'a/update.1000.tar',
      'a/update.manifest.json',
    ]) {
      assert.equal(locateManifest(join(folder, given)), join(folder, 'a/update.manifest.json'), given);
    }
    for (const given of ['b', 'b/week.01.tar']) {
      assert.equal(locateManifest(join(folder, given)), join(folder, 'b/week.01.manifest.json'), given);
    }
  });

  it('says what is missing or not clear', async (t) => {
    const folder = await temporaryDirectory(t);
    await writeFiles(folder, {
      'alone/update.tar': '',
      'two/a.manifest.json': '',
      'two/b.manifest.json': '',
    });
    await mkdir(join(folder, 'empty'));
    await mkdir(join(folder, 'odd/update.manifest.json'), { recursive: true });
    await writeFiles(folder, { 'odd/update.tar': '' });
    const at = (path: string) => () => locateManifest(join(folder, path));
    refuses(at('none/update.tar'), 'usage', /^No such update: .*none\/update\.tar\n/);
    refuses(at('none.manifest.json'), 'usage', /^No such update: /);
    refuses(
      at('alone/update.tar'),
      'usage',
      /not beside it\nexpected .*alone\/update\.manifest\.json\nCopy all files/,
    );
    refuses(at('alone'), 'usage', /There is no manifest in .*alone/);
    refuses(at('empty'), 'usage', /There is no manifest in .*empty/);
    refuses(at('two'), 'usage', /several manifests in .*two\na\.manifest\.json\nb\.manifest\.json\n/);
    refuses(at('odd/update.tar'), 'usage', /not beside it/);
  });
});
