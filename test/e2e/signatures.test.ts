import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { listTree, writeChannel } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';
import {
  applyUpdate,
  type Created,
  createUpdate,
  init,
  prepared,
  refuse,
  run,
  type Sides,
  succeed,
  untouched,
} from './two-sides.js';

interface KeyPair {
  readonly id: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

interface Signed extends Sides {
  readonly created: Created;
  readonly online: KeyPair;
  readonly officer: KeyPair;
  readonly stranger: KeyPair;
}

const NAMES = ['online', 'officer', 'stranger'] as const;

async function keyOf({ folder }: Sides, name: string): Promise<KeyPair> {
  const publicKey = join(folder, 'keys', `${name}.public.pem`);
  const der = 'openssl pkey -pubin -outform DER | sha256sum | cut -c1-16';
  const id = execFileSync('sh', ['-c', der], { input: await readFile(publicKey), encoding: 'utf8' }).trim();
  return { id, publicKey, privateKey: join(folder, 'keys', `${name}.private.pem`) };
}

const sides = prepared(async (made) => {
  await writeChannel(made.mirror, { noarch: [{ name: 'a' }, { name: 'b' }] }, { zst: true });
  await mkdir(join(made.folder, 'keys'));
  for (const name of NAMES)
    await succeed('conda-diff-export', ['keygen', join(made.folder, 'keys', name), '-q']);
  await init(made, '--empty');
});

/** A mirror whose first update is signed with the key `online`. */
async function signed(t: TestContext): Promise<Signed> {
  const made = await sides(t);
  const [online, officer, stranger] = await Promise.all(NAMES.map((name) => keyOf(made, name)));
  assert.ok(online && officer && stranger);
  const created = await createUpdate(made, '--sign-key', online.privateKey);
  return { ...made, created, online, officer, stranger };
}

const skip = skipWithout('openssl', 'sha256sum', 'mkfifo');

describe('keygen', { skip }, () => {
  test('writes keys that OpenSSL reads, the private one for its owner only', async (t) => {
    const made = await sides(t);
    const pair = (
      await succeed('conda-diff-export', ['keygen', join(made.folder, 'mine'), '--json'])
    ).json<KeyPair>();
    assert.equal((await stat(pair.privateKey)).mode & 0o777, 0o600);
    assert.equal(basename(pair.privateKey), 'mine.private.pem');
    const derived = execFileSync('openssl', ['pkey', '-in', pair.privateKey, '-pubout'], {
      encoding: 'utf8',
    });
    assert.equal(derived, await readFile(pair.publicKey, 'utf8'));
    assert.match(await readFile(pair.privateKey, 'utf8'), /^-----BEGIN PRIVATE KEY-----\n/);
  });

  test('never overwrites a key, and never writes one into a repository', async (t) => {
    const made = await sides(t);
    for (const left of ['private', 'public']) {
      const name = join(made.folder, `half-${left}`);
      await writeFile(`${name}.${left}.pem`, 'precious');
      const { text } = await refuse('conda-diff-export', ['keygen', name], 2);
      assert.match(text, new RegExp(`never overwritten\n.*half-${left}\\.${left}\\.pem`));
      assert.equal(await readFile(`${name}.${left}.pem`, 'utf8'), 'precious');
      assert.equal((await readdir(made.folder)).filter((one) => one.startsWith(`half-${left}`)).length, 1);
    }
    for (const place of ['mirror/key', 'mirror/noarch/key', 'mirror/.conda-diff/key'])
      assert.match(
        (await refuse('conda-diff-export', ['keygen', join(made.folder, place)], 2)).text,
        /The keys would lie in the repository .*mirror/,
      );
    await refuse('conda-diff-export', ['keygen', join(made.folder, 'nowhere/key')], 2);
  });
});

describe('a signed update', { skip, concurrency: 2 }, () => {
  test('has a report that says of each signature whether it was verified', async (t) => {
    const { created, online, officer, folder } = await signed(t);
    const { manifest } = created.outputs;
    await succeed('conda-diff-export', ['sign', manifest, '--sign-key', officer.privateKey]);
    const report = join(folder, 'report');
    for (const format of ['html', 'markdown']) {
      const args = ['report', manifest, '--format', format, '-o', report, '--json'];
      const known = await succeed('conda-diff-import', [...args, '--trusted-key', online.publicKey]);
      assert.deepEqual(known.json<{ verified: string[] }>().verified, [online.id]);
      const text = await readFile(report, 'utf8');
      assert.match(text, new RegExp(`${online.id}\\.sig` + '`? \\(verified\\)'));
      assert.match(text, new RegExp(`${officer.id}\\.sig` + '`? \\(not verified\\)'));
      assert.doesNotMatch(text, /no trusted key was given/);
      const unknown = await succeed('conda-diff-import', args);
      assert.deepEqual(unknown.json<{ verified: string[] }>().verified, []);
      assert.doesNotMatch(await readFile(report, 'utf8'), /\(verified\)/);
      assert.match(await readFile(report, 'utf8'), /The signatures were not verified/);
    }
  });

  test('is verified by OpenSSL, and one that OpenSSL signed is accepted here', async (t) => {
    const { created, online, copy, folder } = await signed(t);
    const { manifest, signatures } = created.outputs;
    assert.deepEqual(signatures, [`${manifest}.${online.id}.sig`]);
    const verify = (signature: string): string =>
      execFileSync(
        'openssl',
        [
          'pkeyutl',
          '-verify',
          '-pubin',
          '-inkey',
          online.publicKey,
          '-rawin',
          '-in',
          manifest,
          '-sigfile',
          signature,
        ],
        { encoding: 'utf8', stdio: 'pipe' },
      );
    assert.match(verify(signatures[0] ?? ''), /Signature Verified Successfully/);
    const pem = join(folder, 'theirs');
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', pem], { stdio: 'pipe' });
    execFileSync('openssl', ['pkey', '-in', pem, '-pubout', '-out', join(folder, 'keys/theirs.public.pem')]);
    const theirs = await keyOf({ folder } as Sides, 'theirs');
    const args = ['pkeyutl', '-sign', '-inkey', pem, '-rawin', '-in', manifest];
    execFileSync('openssl', [...args, '-out', `${manifest}.${theirs.id}.sig`], { stdio: 'pipe' });
    const keys = ['--trusted-key', theirs.publicKey, '--trusted-key', online.publicKey];
    const checked = await succeed('conda-diff-import', ['check', manifest, copy, ...keys, '--json']);
    assert.deepEqual(checked.json<{ signatures: object }>().signatures, {
      required: 1,
      trusted: [online.id, theirs.id].sort(),
      others: [],
    });
    const text = await succeed('conda-diff-import', [
      'check',
      manifest,
      copy,
      '--trusted-key',
      theirs.publicKey,
    ]);
    assert.match(text.stdout, new RegExp(`\nSigned by ${theirs.id}, and others\n`));
  });

  test('is applied when trusted keys signed it, as many as are required', async (t) => {
    const made = await signed(t);
    const { created, online, officer, copy } = made;
    const both = [
      '--trusted-key',
      online.publicKey,
      '--trusted-key',
      officer.publicKey,
      '--require-signatures',
      '2',
    ];
    const { text } = await untouched(made.folder, () =>
      refuse('conda-diff-import', ['apply', created.outputs.manifest, copy, ...both], 13),
    );
    assert.match(
      text,
      new RegExp(`signed by 1 of 2 .*\nsigned by the trusted key ${online.id}\nnot signed by ${officer.id}`),
    );
    const args = ['sign', dirname(created.outputs.manifest), '--sign-key', officer.privateKey];
    const { stdout } = await succeed('conda-diff-export', args);
    assert.match(
      stdout,
      /^Signed update 1 of site 'default' \([0-9a-f]{12}\)\n {2}from state e3b0c44298fc to/,
    );
    assert.match(stdout, new RegExp(`Wrote: .*\\.${officer.id}\\.sig\n`));
    assert.equal((await applyUpdate(made, created.outputs.manifest, ...both)).outcome, 'apply');
  });

  test('is refused before it is parsed when it is unsigned, foreign or altered; nothing changes', async (t) => {
    const made = await signed(t);
    const { created, online, officer, stranger, copy } = made;
    const { manifest, signatures } = created.outputs;
    const [signature = ''] = signatures;
    const good = { manifest: await readFile(manifest), signature: await readFile(signature) };
    const apply = ['apply', manifest, copy, '--trusted-key', online.publicKey];
    const foreign = `${manifest}.${stranger.id}.sig`;
    const cases: readonly [what: string, prepare: () => Promise<unknown>, text: RegExp][] = [
      ['unsigned', () => rm(signature), /is not signed by a trusted key\nnot signed by/],
      [
        'signed by a stranger',
        async () =>
          rename(signature, join(made.folder, 'gone')).then(async () =>
            succeed('conda-diff-export', ['sign', manifest, '--sign-key', stranger.privateKey, '-q']),
          ),
        new RegExp(`signed by ${stranger.id}, which is not trusted`),
      ],
      [
        'a stranger under our name',
        () => rename(foreign, signature),
        /is not what was signed\n.*not the signature of key/,
      ],
      [
        'a byte of the manifest',
        () => writeFile(manifest, `${good.manifest.toString().slice(0, -1)} `),
        /is not what was signed/,
      ],
      ['no manifest at all', () => writeFile(manifest, 'not a manifest {{{'), /is not what was signed/],
      [
        'a byte of the signature',
        () =>
          writeFile(
            signature,
            good.signature.map((byte, i) => (i === 63 ? byte ^ 1 : byte)),
          ),
        /is not what was signed/,
      ],
      ['a signature of another length', () => writeFile(signature, ''), /expected 64 bytes, found 0/],
      [
        'a directory for a signature',
        async () => rm(signature).then(() => mkdir(signature)),
        /is not a regular file/,
      ],
    ];
    for (const [what, alter, text] of cases) {
      await rm(signature, { recursive: true, force: true });
      await writeFile(manifest, good.manifest);
      await writeFile(signature, good.signature);
      await alter();
      const found = await untouched(made.folder, () => refuse('conda-diff-import', apply, 13));
      assert.match(found.text, text, what);
      const report = [
        'report',
        manifest,
        '--trusted-key',
        online.publicKey,
        '-o',
        join(made.folder, 'r.html'),
      ];
      await refuse('conda-diff-import', report, 13);
    }
    await rm(signature, { recursive: true });
    execFileSync('mkfifo', [signature]);
    assert.match((await refuse('conda-diff-import', apply, 13)).text, /is not a regular file/);
    await rm(signature);
    await writeFile(signature, good.signature);
    await refuse('conda-diff-import', ['apply', manifest, copy, '--trusted-key', officer.publicKey], 13);
    await applyUpdate(made, manifest, '--trusted-key', officer.publicKey, '--trusted-key', online.publicKey);
  });

  test('says with check how it is signed where nothing is trusted', async (t) => {
    const { created, online, copy } = await signed(t);
    const { stdout } = await succeed('conda-diff-import', ['check', created.outputs.manifest, copy]);
    assert.match(
      stdout,
      new RegExp(`Signed by ${online.id}; that was not checked, as no --trusted-key was given`),
    );
    await rm(created.outputs.signatures[0] ?? '');
    const bare = await succeed('conda-diff-import', ['check', created.outputs.manifest, copy]);
    assert.match(bare.stdout, /It is not signed\n/);
  });

  test('is withdrawn with its signatures', async (t) => {
    const made = await signed(t);
    const output = join(made.folder, 'place', 'week.tar');
    await createUpdate(made, '--base', 'empty', '-o', output, '--sign-key', made.officer.privateKey);
    assert.equal((await readdir(dirname(output))).filter((name) => name.endsWith('.sig')).length, 1);
    await writeChannel(made.mirror, { noarch: [{ name: 'c' }] }, { zst: true });
    await createUpdate(made, '-o', output, '--overwrite', '--allow-removals');
    assert.deepEqual((await readdir(dirname(output))).sort(), [
      'week.base.json.gz',
      'week.manifest.json',
      'week.tar',
    ]);
  });
});

describe('keys and settings', { skip, concurrency: 2 }, () => {
  test('are never taken from a repository or from where the update lies', async (t) => {
    const made = await signed(t);
    const { created, online, mirror, copy } = made;
    const manifest = created.outputs.manifest;
    const beside = join(dirname(manifest), 'key.pem');
    await copyFile(online.publicKey, beside);
    const check = ['check', manifest, copy];
    const refused = async (args: readonly string[]): Promise<string> =>
      (await refuse('conda-diff-import', args, 2)).text;
    assert.match(
      await refused([...check, '--trusted-key', beside]),
      /lies with the update: it proves nothing/,
    );
    await applyUpdate(made, manifest);
    for (const place of [join(copy, 'k.pem'), join(copy, 'noarch/k.pem'), join(copy, '.conda-diff/k.pem')]) {
      await copyFile(online.publicKey, place);
      assert.match(await refused([...check, '--trusted-key', place]), /lies in the repository/, place);
      await rm(place);
    }
    const inside = join(mirror, 'noarch/k.pem');
    await copyFile(online.privateKey, inside);
    const create = ['create', mirror, '-o', made.outbox, '--sign-key', inside];
    assert.match((await refuse('conda-diff-export', create, 2)).text, /The key .* lies in the repository/);
    await rm(inside);
    const settings = `trusted-keys: [${online.publicKey}]\n`;
    for (const [place, text] of [
      [join(dirname(manifest), 'conda-diff.yaml'), /The configuration .* lies with the update/],
      [join(copy, 'noarch/settings.yaml'), /The configuration .* lies in the repository/],
    ] as const) {
      await writeFile(place, settings);
      assert.match(await refused([...check, '--config', place]), text);
      await rm(place);
    }
  });

  test('are read from a configuration, and flags win', async (t) => {
    const made = await signed(t);
    const { created, online, officer, copy, folder } = made;
    const config = join(folder, 'keys', 'conda-diff.yaml');
    await writeFile(config, 'trusted-keys:\n  - officer.public.pem\nrequire-signatures: 1\n');
    const check = ['check', created.outputs.manifest, copy, '--config', config];
    await refuse('conda-diff-import', check, 13);
    await succeed('conda-diff-import', [...check, '--trusted-key', online.publicKey]);
    await refuse(
      'conda-diff-import',
      [...check, '--trusted-key', online.publicKey, '--require-signatures', '2'],
      2,
    );
    await writeFile(config, 'sign-keys:\n  - officer.private.pem\n');
    await succeed('conda-diff-export', ['sign', created.outputs.manifest, '--config', config]);
    await succeed('conda-diff-import', [
      'check',
      created.outputs.manifest,
      copy,
      '--trusted-key',
      officer.publicKey,
    ]);
  });

  test('that others can read are pointed out', async (t) => {
    const made = await signed(t);
    await chmod(made.officer.privateKey, 0o644);
    const sign = ['sign', made.created.outputs.manifest, '--sign-key', made.officer.privateKey];
    const { stderr } = await run('conda-diff-export', sign, 0);
    assert.match(stderr, /Others can read the private key .*: chmod 600 /);
  });

  test('sign nothing that is no manifest, and ask for a key', async (t) => {
    const { created, officer } = await signed(t);
    const { manifest } = created.outputs;
    assert.match((await refuse('conda-diff-export', ['sign', manifest], 2)).text, /No key was given/);
    const before = await readFile(manifest);
    await writeFile(manifest, before.subarray(0, -30));
    await refuse('conda-diff-export', ['sign', manifest, '--sign-key', officer.privateKey], 14);
    assert.equal(
      (await listTree(dirname(manifest))).filter(({ path }) => path.includes(officer.id)).length,
      0,
    );
  });
});
