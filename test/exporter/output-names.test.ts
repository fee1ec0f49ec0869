import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  looksLikeVolume,
  namesOfManifest,
  outputNames,
  outputsAmong,
  partialsAmong,
  volumeFile,
} from '../../exporter/output-names.js';
import { locateManifest } from '../../shared/locate.js';
import { temporaryDirectory } from '../support/channel.js';
import { writeFiles } from '../support/update.js';
import { basename, join } from 'node:path';

describe('the names of an update', () => {
  it('stand beside each other, and follow from each other', () => {
    const names = outputNames('/out/week.1.tar');
    assert.deepEqual(names, {
      archive: '/out/week.1.tar',
      manifest: '/out/week.1.manifest.json',
      baseReference: '/out/week.1.base.json.gz',
    });
    assert.deepEqual(namesOfManifest(names.manifest), names);
  });

  it('have the number of a volume where there are several, and lead back to the manifest', async (t) => {
    assert.equal(volumeFile('/out/update.tar', 1, 1), '/out/update.tar');
    assert.equal(volumeFile('/out/update.tar', 1, 2), '/out/update.001.tar');
    assert.equal(volumeFile('/out/update.tar', 1000, 1000), '/out/update.1000.tar');
    const folder = await temporaryDirectory(t);
    const names = outputNames(join(folder, 'update.tar'));
    await writeFiles(folder, { [basename(names.manifest)]: '' });
    for (const [number, count] of [
      [1, 1],
      [7, 9],
      [1234, 1234],
    ] as const) {
      const volume = volumeFile(names.archive, number, count);
      await writeFiles(folder, { [basename(volume)]: '' });
      assert.equal(locateManifest(volume), names.manifest);
      assert.equal(looksLikeVolume(volume), count > 1);
    }
  });

  it('are found among others: volumes from 001 on without a gap, the last first', () => {
    const names = outputNames('/out/update.tar');
    const signature = 'update.manifest.json.0123456789abcdef.sig';
    const others = [
      'update.004.tar',
      'update.20240131.tar',
      'update.0001.tar',
      'x.001.tar',
      'update.manifest.json.sig',
    ];
    const volumes = ['update.001.tar', 'update.002.tar'];
    assert.deepEqual(
      outputsAmong(names, [...volumes, ...others, signature, 'update.base.json.gz', 'update.manifest.json']),
      [
        ...['update.manifest.json', 'update.base.json.gz', signature],
        ...['update.002.tar', 'update.001.tar'],
      ],
    );
    assert.deepEqual(outputsAmong(names, others), []);
    assert.deepEqual(outputsAmong(names, ['update.002.tar', 'update.tar']), ['update.tar']);
  });

  it('are known in what an interrupted run left', () => {
    const names = outputNames('/out/update.tar');
    const ours = [
      'update.tar',
      'update.003.tar',
      'update.manifest.json',
      'update.manifest.json.0123456789abcdef.sig',
    ];
    const partial = ours.map((name) => `${name}.0a1b2c3d.partial`);
    const others = [
      'update.0003.tar.0a1b2c3d.partial',
      'x.tar.0a1b2c3d.partial',
      'update.tar.partial',
      ...ours,
    ];
    assert.deepEqual(partialsAmong(names, [...others, ...partial]), partial);
  });
});
