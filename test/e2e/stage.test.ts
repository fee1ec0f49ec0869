import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { keyId, signatureName, signBytes } from '../../shared/signature.js';
import { hashOf } from '../support/arbitrary.js';
import { writeChannel } from '../support/channel.js';
import {
  applyUpdate,
  assertReference,
  assertSameTrees,
  createUpdate,
  init,
  prepared,
  type Refusal,
  refuse,
  type Sides,
  succeed,
  untouched,
  visibleTree,
} from './two-sides.js';

const noise = (name: string, bytes: number): string => {
  let text = '';
  for (let n = 0; text.length < bytes; n++) text += hashOf(`${name} ${n}`);
  return text.slice(0, bytes);
};
const at = (name: string): { name: string; files: Record<string, string> } => ({
  name,
  files: { noise: noise(name, 60_000) },
});

/** Three packages of some 65 kB each; a volume holds one of them. */
const LIMIT = '80k';
const CREATE = ['--volume-size', LIMIT, '--overwrite', '--allow-removals'];

/** The mirror with a first update of three volumes in the outbox, which was not carried yet. */
const sides = prepared(async (made) => {
  await writeChannel(made.mirror, { noarch: [at('a'), at('b'), at('c')] });
  await init(made, '--empty');
});

interface Brought extends Sides {
  readonly volumes: readonly string[];
  readonly manifest: string;
  readonly baseReference: string;
}

async function brought(t: TestContext): Promise<Brought> {
  const made = await sides(t);
  const { outputs } = await createUpdate(made, ...CREATE);
  assert.equal(outputs.volumes.length, 3);
  return { ...made, ...outputs };
}

/** A medium of its own for some files of an update. */
async function medium({ folder }: Sides, name: string, files: readonly string[]): Promise<string> {
  const directory = join(folder, 'media', name);
  await mkdir(directory, { recursive: true });
  for (const file of files) await copyFile(file, join(directory, basename(file)));
  return directory;
}

interface StagedNow {
  readonly updates: readonly {
    readonly staged: readonly string[];
    readonly kept: readonly string[];
    readonly missing: readonly { readonly number: number; readonly name: string }[];
  }[];
}

async function stage({ copy }: Sides, ...args: string[]): Promise<StagedNow['updates'][number]> {
  const { updates } = (
    await succeed('conda-diff-import', ['stage', copy, ...args, '--json'])
  ).json<StagedNow>();
  assert.equal(updates.length, 1);
  return updates[0]!;
}

const refused = ({ copy }: Sides, code: number, ...args: string[]): Promise<Refusal> =>
  refuse('conda-diff-import', ['stage', copy, ...args], code);

async function applyStaged(made: Sides, ...args: string[]): Promise<void> {
  await succeed('conda-diff-import', ['apply', '--staged', made.copy, '--json', ...args]);
}

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

describe('an update of three volumes, on a machine with one drive', { concurrency: 2 }, () => {
  for (const order of ORDERS) {
    test(`is collected in the order ${order.map((n) => n + 1).join(', ')} and applied`, async (t) => {
      const made = await brought(t);
      const { volumes, manifest, baseReference, copy } = made;
      const missing = new Set([1, 2, 3]);
      for (const [turn, n] of order.entries()) {
        // The manifest comes with the first disc only.
        const files = [volumes[n]!, ...(turn === 0 ? [manifest, baseReference] : [])];
        const disc = await medium(made, 'disc', files);
        const now = await stage(made, disc);
        missing.delete(n + 1);
        assert.deepEqual(now.staged, [basename(volumes[n]!)]);
        assert.deepEqual(
          now.missing.map(({ number }) => number),
          [...missing],
        );
        await rm(disc, { recursive: true });
        if (missing.size > 0) {
          const { text } = await untouched(copy, () =>
            refuse('conda-diff-import', ['apply', '--staged', copy], 14),
          );
          for (const number of missing)
            assert.ok(text.includes(`volume ${number} of 3: update.00${number}.tar`), text);
        }
      }
      await applyStaged(made);
      await assertSameTrees(made);
      assert.ok(!existsSync(join(copy, '.conda-diff/collected', 'update.manifest.json')));
      assert.deepEqual(await readdir(join(copy, '.conda-diff/collected')), []);
    });
  }

  test('is applied from one directory with all volumes, too', async (t) => {
    const made = await brought(t);
    await applyUpdate(made, dirname(made.manifest));
    await assertSameTrees(made);
  });

  test('is staged at once, checked, and then applied by the name of its directory', async (t) => {
    const made = await brought(t);
    const { copy } = made;
    const now = await stage(made, dirname(made.manifest));
    assert.deepEqual([now.staged.length, now.missing.length], [3, 0]);
    const checked = await untouched(join(copy, '.conda-diff/collected'), () =>
      succeed('conda-diff-import', ['check', '--staged', copy]),
    );
    assert.match(checked.stdout, /Update 1 is whole/);
    const [id = ''] = await readdir(join(copy, '.conda-diff/collected'));
    await applyUpdate(made, join(copy, '.conda-diff/collected', id));
    await assertSameTrees(made);
    assert.deepEqual(await readdir(join(copy, '.conda-diff/collected')), []);
  });

  test('what is staged already is skipped, and copied again if it was damaged here', async (t) => {
    const made = await brought(t);
    const { copy, volumes } = made;
    await stage(made, made.manifest, volumes[1]!);
    const again = await stage(made, dirname(made.manifest));
    assert.deepEqual(
      again.staged,
      [volumes[0]!, volumes[2]!].map((one) => basename(one)),
    );
    assert.deepEqual(again.kept, [basename(volumes[1]!)]);
    const [id = ''] = await readdir(join(copy, '.conda-diff/collected'));
    const kept = join(copy, '.conda-diff/collected', id, basename(volumes[1]!));
    const bytes = await readFile(kept);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(kept, bytes);
    // Nothing is believed twice: what was right when it was staged is verified again.
    const before = await visibleTree(copy);
    assert.match((await refuse('conda-diff-import', ['apply', '--staged', copy], 13)).text, /are damaged/);
    assert.deepEqual(await visibleTree(copy), before);
    assert.deepEqual((await stage(made, volumes[1]!)).staged, [basename(volumes[1]!)]);
    await applyStaged(made);
    await assertSameTrees(made);
  });

  test('a volume may have another name on its disc', async (t) => {
    const made = await brought(t);
    const disc = await medium(made, 'disc', [made.volumes[2]!]);
    await rename(join(disc, basename(made.volumes[2]!)), join(disc, 'third.tar'));
    await stage(made, made.manifest);
    assert.deepEqual((await stage(made, join(disc, 'third.tar'))).staged, [basename(made.volumes[2]!)]);
  });

  test('status tells what is staged; nothing but --discard and the import of it takes it away', async (t) => {
    const made = await brought(t);
    const { copy, volumes } = made;
    await writeChannel(join(made.folder, 'other'), { noarch: [at('z')] });
    await succeed('conda-diff-export', ['init', join(made.folder, 'other'), '--empty', '-q']);
    await stage(made, made.manifest, volumes[0]!);
    await succeed('conda-diff-import', ['recover', copy]);
    await refuse('conda-diff-import', ['apply', made.manifest.replace('update.', 'none.'), copy], 2);
    await rm(volumes[2]!);
    await refuse('conda-diff-import', ['apply', made.manifest, copy], 14);
    const { stdout } = await succeed('conda-diff-import', ['status', copy]);
    assert.match(stdout, /^Staged: \d+\.\d kB in \.conda-diff\/collected\/[0-9a-f]{12}…$/m);
    assert.match(
      stdout,
      /Of update 1, 2 of 3 volumes are missing:\n.*volume 2 of 3: update\.002\.tar\n.*volume 3 of 3/,
    );
    const status = (await succeed('conda-diff-import', ['status', copy, '--json'])).json<{
      staged: { bytes: number; volumes: number; update: { sequence: number } }[];
    }>();
    const [only] = status.staged;
    assert.equal(only?.update.sequence, 1);
    assert.equal(only.volumes, 3);
    assert.ok(only.bytes > (await readFile(volumes[0]!)).length);
    assert.match(
      (await refused(made, 2, '--discard', '7')).text,
      /Nothing is staged of an update '7'\nstaged: update 1/,
    );
    await succeed('conda-diff-import', ['stage', copy, '--discard', '1']);
    assert.deepEqual(await readdir(join(copy, '.conda-diff/collected')), []);
    assert.match((await succeed('conda-diff-import', ['stage', copy])).stdout, /Nothing is staged/);
    assert.match(
      (await refuse('conda-diff-import', ['apply', '--staged', copy], 2)).text,
      /Nothing is staged/,
    );
  });
});

/** Volume 2 is brought with the manifest, and something is wrong with it. */
const WRONG: Readonly<
  Record<
    string,
    {
      code: number;
      text: RegExp;
      spoil: (made: Brought, disc: string) => Promise<void> | void;
      isLater?: true;
    }
  >
> = {
  'is missing: named by the apply that needs it': {
    ...{ code: 14, text: /1 of 3 volumes of update 1 were not staged yet\nvolume 2 of 3: update\.002\.tar/ },
    isLater: true,
    spoil: (_, disc) => rm(join(disc, 'update.002.tar')),
  },
  'is cut off': {
    ...{ code: 13, text: /update\.002\.tar is cut off\nexpected \d+ bytes, found 10000/ },
    spoil: (_, disc) => truncate(join(disc, 'update.002.tar'), 10_000),
  },
  'is cut off before its first header ends': {
    ...{ code: 13, text: /update\.002\.tar is cut off\nexpected \d+ bytes, found 100/ },
    spoil: (_, disc) => truncate(join(disc, 'update.002.tar'), 100),
  },
  'is of another update': {
    ...{
      code: 14,
      text: /update\.002\.tar is (a volume|the archive) of another update\nexpected volume 2 of 3 of update/,
    },
    spoil: async (made, disc) => {
      await writeChannel(made.mirror, { noarch: [at('a'), at('b'), at('d')] });
      const { outputs } = await createUpdate(made, '-o', join(made.folder, 'later/'), ...CREATE);
      await copyFile(outputs.volumes[0]!, join(disc, 'update.002.tar'));
    },
  },
  'is volume 3': {
    ...{ code: 14, text: /Volume 3 is there twice, as .*update\.003\.tar and as .*update\.002\.tar/ },
    spoil: ({ volumes }, disc) => copyFile(volumes[2]!, join(disc, 'update.002.tar')),
  },
  'is damaged in the content of a file': {
    ...{
      code: 13,
      text: /update\.002\.tar is damaged\nexpected sha256 [0-9a-f]{64}, found [0-9a-f]{64}\nnoarch\/b-1\.0-0\.conda: expected sha256/,
    },
    spoil: (_, disc) => flip(join(disc, 'update.002.tar'), 2000),
  },
  'is damaged in a header': {
    ...{ code: 14, text: /update\.002\.tar does not hold what the manifest says/ },
    spoil: (_, disc) => flip(join(disc, 'update.002.tar'), 140),
  },
  'is no archive at all': {
    ...{ code: 13, text: /update\.002\.tar is cut off/ },
    spoil: (_, disc) => writeFile(join(disc, 'update.002.tar'), 'no archive'),
  },
};

async function flip(file: string, position: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[position]! ^= 1;
  await writeFile(file, bytes);
}

describe('a volume that', { concurrency: 2 }, () => {
  for (const [what, { code, text, spoil, isLater }] of Object.entries(WRONG)) {
    test(what, async (t) => {
      const made = await brought(t);
      const disc = await medium(made, 'disc', [made.manifest, made.baseReference, ...made.volumes]);
      await spoil(made, disc);
      await mkdir(made.copy);
      const before = await visibleTree(made.copy);
      if (isLater) {
        await stage(made, disc);
        const found = await refuse('conda-diff-import', ['apply', '--staged', made.copy], code);
        assert.match(found.text, text);
      } else {
        assert.match((await refused(made, code, disc)).text, text);
        const left = await readdir(join(made.copy, '.conda-diff'), { recursive: true });
        assert.ok(!left.some((name) => /002\.tar|partial/.test(name)), left.join());
      }
      assert.deepEqual(await visibleTree(made.copy), before);
      // The same disc, made again, completes it.
      await stage(made, dirname(made.manifest));
      await applyStaged(made);
      await assertReference(made.copy, (await createUpdateDigest(made)) ?? '');
    });
  }

  test('comes before its manifest, or is none', async (t) => {
    const made = await brought(t);
    const disc = await medium(made, 'disc', [made.volumes[0]!]);
    await mkdir(made.copy);
    const { text } = await refused(made, 14, join(disc, 'update.001.tar'));
    assert.match(
      text,
      /is a volume of another update, or its manifest is missing\nit says that it is volume 1 of 3 of update [0-9a-f]{12}/,
    );
    assert.match((await refused(made, 2, disc)).text, /There is nothing to stage in/);
    await writeFile(join(disc, 'notes.txt'), 'hello');
    assert.match((await refused(made, 14, join(disc, 'notes.txt'))).text, /is not a volume of an update/);
    assert.match((await refused(made, 2, join(disc, 'none'))).text, /No such file or directory/);
  });

  test('is of another export of the same update', async (t) => {
    const made = await brought(t);
    await stage(made, made.manifest, made.volumes[0]!);
    const again = ['--state-dir', join(made.folder, 'again')];
    await init(made, '--empty', ...again);
    const { outputs } = await createUpdate(
      made,
      ...again,
      '--volume-size',
      '200k',
      '-o',
      join(made.folder, 'second/'),
    );
    const disc = await medium(made, 'disc', [outputs.volumes[0]!]);
    await rename(join(disc, basename(outputs.volumes[0]!)), join(disc, 'x.tar'));
    assert.match(
      (await refused(made, 14, join(disc, 'x.tar'))).text,
      /is of another division of this update/,
    );
    assert.match(
      (await refused(made, 2, outputs.manifest)).text,
      /is another manifest of update 1 than the staged one[^]*--discard 1/,
    );
  });
});

/** The digest that the update in the outbox leads to. */
async function createUpdateDigest({ manifest }: Brought): Promise<string | undefined> {
  return /"target":\{"digest":"([0-9a-f]{64})"/.exec(await readFile(manifest, 'utf8'))?.[1];
}

describe('a staged update', { concurrency: 2 }, () => {
  async function signed(t: TestContext) {
    const made = await brought(t);
    await mkdir(join(made.folder, 'keys'));
    const pair = generateKeyPairSync('ed25519');
    const id = keyId(pair.publicKey);
    const trusted = join(made.folder, 'keys/own.public.pem');
    await writeFile(trusted, pair.publicKey.export({ type: 'spki', format: 'pem' }));
    const sign = async (): Promise<void> => {
      const bytes = await readFile(made.manifest);
      await writeFile(
        signatureName(made.manifest, id),
        signBytes(bytes, { id, key: pair.privateKey, file: '' }),
      );
    };
    return { ...made, sign, keys: ['--trusted-key', trusted], id };
  }

  test('is not taken over unless it is signed, where keys are trusted', async (t) => {
    const made = await signed(t);
    await mkdir(made.copy);
    const { text } = await refused(made, 13, ...made.keys, dirname(made.manifest));
    assert.match(text, /is not signed by a trusted key/);
    assert.ok(!existsSync(join(made.copy, '.conda-diff/collected')));
    await made.sign();
    await stage(made, ...made.keys, made.manifest, made.volumes[0]!);
    // A manifest that was staged without its signature, or was altered here, is not believed later.
    const [id = ''] = await readdir(join(made.copy, '.conda-diff/collected'));
    const kept = join(made.copy, '.conda-diff/collected', id, 'update.manifest.json');
    const signature = signatureName(kept, made.id);
    await rename(signature, `${signature}.aside`);
    const lone = await medium(made, 'disc', [made.volumes[1]!]);
    assert.match((await refused(made, 13, ...made.keys, lone)).text, /is not signed/);
    await rename(`${signature}.aside`, signature);
    await stage(made, ...made.keys, lone);
    await stage(made, ...made.keys, dirname(made.manifest));
    await applyStaged(made, ...made.keys);
    await assertSameTrees(made);
  });

  test('whose manifest was altered or exchanged here is refused, and can be discarded', async (t) => {
    const made = await brought(t);
    await stage(made, dirname(made.manifest));
    const collected = join(made.copy, '.conda-diff/collected');
    const [id = ''] = await readdir(collected);
    const kept = join(collected, id, 'update.manifest.json');
    const bytes = await readFile(kept);
    await writeFile(kept, Buffer.concat([bytes.subarray(0, -90), bytes.subarray(-89)]));
    const before = await visibleTree(made.copy);
    await refuse('conda-diff-import', ['apply', '--staged', made.copy], 14);
    assert.match(
      (await succeed('conda-diff-import', ['status', made.copy])).stdout,
      /^Staged: .*update\.manifest\.json.* line/m,
    );
    await writeFile(kept, bytes);
    await cp(join(collected, id), join(collected, '0'.repeat(64)), { recursive: true });
    await rm(join(collected, id), { recursive: true });
    assert.match(
      (await succeed('conda-diff-import', ['status', made.copy])).stdout,
      /is not the manifest of the update that was staged there/,
    );
    assert.deepEqual(await visibleTree(made.copy), before);
    await succeed('conda-diff-import', ['stage', made.copy, '--discard']);
    assert.deepEqual(await readdir(collected), []);
  });

  test('of which there are two must be named', async (t) => {
    const made = await brought(t);
    await writeChannel(made.mirror, { noarch: [at('a'), at('b'), at('d')] });
    const later = await createUpdate(made, '-o', join(made.folder, 'later/'), ...CREATE);
    await stage(made, dirname(made.manifest));
    await stage(made, dirname(later.outputs.manifest));
    const { text } = await refuse('conda-diff-import', ['apply', '--staged', made.copy], 2);
    assert.match(text, /More than one update is staged[^]*update 1[^]*update 2/);
    const command = /conda-diff-import (apply .*)$/m.exec(text)?.[1]?.split(' ') ?? [];
    await succeed('conda-diff-import', command);
    await applyStaged(made);
    await assertSameTrees(made);
  });
});
