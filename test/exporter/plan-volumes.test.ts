import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planVolumes } from '../../exporter/plan-volumes.js';
import { parseVolumeSize } from '../../exporter/volume-size.js';
import type { ShippedFile } from '../../shared/manifest.js';
import { BLOCK_BYTES, END_BYTES, paddingBytes, tarHeader } from '../../shared/tar-entry.js';
import { hashOf } from '../support/arbitrary.js';
import { refuses } from '../support/refusal.js';

const ID = hashOf('an update');
const file = (path: string, size: number): ShippedFile => ({
  ...{ path, size, sha256: hashOf(path), kind: 'artifact', mtime: 0 },
});

/** What an archive of these takes, headers of the mark that it really gets. */
function bytesOf({ files, mark }: ReturnType<typeof planVolumes>[number]): number {
  return files.reduce(
    (sum, one) => sum + tarHeader(one, mark).length + one.size + paddingBytes(one.size),
    END_BYTES,
  );
}

describe('planVolumes', () => {
  it('makes one volume with the plain name where nothing is said of a size, or all fits', () => {
    const files = [file('a', 1), file('b', 8 ** 11)];
    for (const limit of [undefined, 1e12])
      assert.deepEqual(planVolumes(ID, files, '/out/update.tar', limit), [
        {
          file: '/out/update.tar',
          mark: { owner: `update:${ID.slice(0, 12)}`, group: 'volume:1-of-1' },
          files,
        },
      ]);
    assert.deepEqual(planVolumes(ID, [], 'update.tar', END_BYTES)[0]?.files, []);
  });

  it('fills volumes in order, to the last byte', () => {
    const files = Array.from({ length: 7 }, (_, i) => file(`f${String(i)}`, 100));
    const three = END_BYTES + 3 * 2 * BLOCK_BYTES;
    const volumes = planVolumes(ID, files, 'update.tar', three);
    assert.deepEqual(
      volumes.map((volume) => [volume.file, volume.mark.group, volume.files.map(({ path }) => path).join()]),
      [
        ['update.001.tar', 'volume:1-of-3', 'f0,f1,f2'],
        ['update.002.tar', 'volume:2-of-3', 'f3,f4,f5'],
        ['update.003.tar', 'volume:3-of-3', 'f6'],
      ],
    );
    assert.equal(bytesOf(volumes[0]!), three);
    assert.equal(planVolumes(ID, files, 'update.tar', three - 1).length, 4);
  });

  it('holds every file once, in order, none over the limit, none emptier than it must be', () => {
    const files = fc.array(
      fc.record({ length: fc.integer({ min: 1, max: 900 }), size: fc.oneof(fc.nat(3000), fc.nat(2 ** 35)) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(files, fc.integer({ min: 5000, max: 2 ** 36 }), (sizes, limit) => {
        const all = sizes.map(({ length, size }, i) => file(`${'d/'.repeat(length / 2)}${String(i)}`, size));
        let volumes: ReturnType<typeof planVolumes>;
        try {
          volumes = planVolumes(ID, all, 'update.tar', limit);
        } catch {
          assert.ok(all.some(({ size }) => size + END_BYTES + 8 * BLOCK_BYTES > limit));
          return;
        }
        assert.deepEqual(
          volumes.flatMap((volume) => volume.files),
          all,
        );
        for (const [i, volume] of volumes.entries()) {
          assert.ok(bytesOf(volume) <= limit);
          const next = volumes[i + 1]?.files[0];
          if (next)
            assert.ok(bytesOf({ ...volume, files: [...volume.files, next] }) + 2 * BLOCK_BYTES > limit);
        }
      }),
    );
  });

  it('names every file that no volume can hold, and the size that would do', () => {
    const files = [file('small', 10), file('large', 10_000), file('larger', 20_000)];
    const { details, hint } = refuses(
      () => planVolumes(ID, files, 'update.tar', 5000),
      'usage',
      /^A volume of 5000 bytes cannot hold 2 files of the update/,
    );
    assert.deepEqual(details, [
      'large: it takes a volume of 11776 bytes',
      'larger: it takes a volume of 22016 bytes',
    ]);
    assert.match(hint ?? '', /--volume-size 22016/);
    assert.equal(planVolumes(ID, files, 'update.tar', 22016).length, 2);
    refuses(() => planVolumes(ID, files, 'update.tar', 22015), 'usage', /cannot hold 1 file of the update/);
    refuses(
      () => planVolumes(ID, [], 'update.tar', END_BYTES - 1),
      'usage',
      /cannot hold anything of .*\n.*--volume-size 1024/,
    );
  });
});

describe('parseVolumeSize', () => {
  it('takes bytes and decimal units', () => {
    for (const [text, bytes] of [
      ['1', 1],
      ['700M', 700_000_000],
      ['4.3G', 4_300_000_000],
      ['4.3 GB', 4_300_000_000],
      ['650k', 650_000],
      ['650K', 650_000],
      ['1.5T', 1_500_000_000_000],
      ['4294967295', 4_294_967_295],
      ['0.0000015G', 1500],
    ] as const)
      assert.equal(parseVolumeSize(text), bytes, text);
  });

  it('takes nothing else', () => {
    for (const text of [
      '',
      '0',
      '0.1',
      'G',
      '4.3',
      '-1',
      '4,3G',
      '4.3GiB',
      '4g',
      '1e9',
      '9999999T',
      ' 1G',
      '1G ',
      '٤G',
    ])
      assert.equal(parseVolumeSize(text), undefined, text);
  });
});
