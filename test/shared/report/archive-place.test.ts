import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { archivePlaces } from '../../../shared/report/archive-place.js';
import { temporaryDirectory } from '../../support/channel.js';
import { makeUpdate } from '../../support/update.js';

test('every shipped file is found where it is, in any volume, also behind long names', async (t) => {
  const folder = await temporaryDirectory(t);
  const long = Array.from({ length: 3 }, (_, i) => String(i).repeat(120)).join('/');
  // Around the length from which a header with its mark takes one more block
  const longer = [360, 380, 400, 420, 430].map((length) => `${'x'.repeat(200)}/${'y'.repeat(length - 200)}`);
  const after: Record<string, string> = {
    ...Object.fromEntries(longer.map((directory) => [`${directory}/repodata.json`, directory.slice(-9)])),
    'noarch/repodata.json': '{}',
    'noarch/a-1-0.conda': 'a'.repeat(511),
    'noarch/b-1-0.conda': 'b'.repeat(512),
    [`${long}/repodata.json`]: '{ }',
    [`${long}/repodata_from_packages.json`]: 'c'.repeat(513),
    [`${long}/c-1-0.conda`]: '',
    'keys/one': 'k',
  };
  const { manifest } = await makeUpdate(folder, {}, after, { perVolume: 4 });
  assert.equal(manifest.volumes.length, 3);
  for (const isWanted of [() => true, (path: string) => path.endsWith('repodata.json')]) {
    const places = archivePlaces(manifest, isWanted);
    const wanted = manifest.files.filter(({ path }) => isWanted(path));
    assert.deepEqual(places.map(({ file }) => file.path).sort(), wanted.map(({ path }) => path).sort());
    for (const { file, volume, offset } of places) {
      const bytes = await readFile(join(folder, volume));
      const content = bytes.toString('utf8', offset, offset + file.size);
      assert.equal(content, after[file.path], `${file.path} in ${volume}`);
    }
  }
});
