import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { Receipt } from '../../shared/receipt.js';
import { writeChannel } from '../support/channel.js';
import { skipWithout } from '../support/run-command.js';
import {
  applyUpdate,
  createUpdate,
  init,
  prepared,
  refuse,
  type Sides,
  succeed,
  untouched,
} from './two-sides.js';

const skip = skipWithout('openssl');

interface Keys {
  readonly id: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

const sides = prepared(async (made) => {
  await writeChannel(made.mirror, { noarch: [{ name: 'a' }, { name: 'b' }] });
  await init(made, '--empty');
  await createUpdate(made);
});

/** A first update, applied with the receipt signed; the key is made on the air-gapped side. */
async function applied(
  t: TestContext,
): Promise<Sides & Keys & { receipt: string; signature: string; update: string }> {
  const made = await sides(t);
  await mkdir(join(made.folder, 'keys'));
  const keys = (
    await succeed('conda-diff-import', ['keygen', join(made.folder, 'keys/copy'), '--json'])
  ).json<Keys>();
  const update = join(made.outbox, 'default-1');
  await applyUpdate(made, update, '--sign-key', keys.privateKey);
  const receipt = join(made.copy, '.conda-diff/receipts/1.json');
  return { ...made, ...keys, receipt, signature: `${receipt}.${keys.id}.sig`, update };
}

const confirm = (made: Sides, ...args: string[]): Promise<unknown> =>
  succeed('conda-diff-export', ['confirm', made.mirror, ...args]);
const refused = async (made: Sides, code: number, ...args: string[]): Promise<string> =>
  (
    await untouched(join(made.mirror, 'noarch'), () =>
      refuse('conda-diff-export', ['confirm', made.mirror, ...args], code),
    )
  ).text;

describe('a signed receipt', { skip, concurrency: 2 }, () => {
  test('is verified by OpenSSL and confirmed; one that OpenSSL signed is, too', async (t) => {
    const made = await applied(t);
    const { receipt, signature, publicKey, folder } = made;
    const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', publicKey, '-rawin', '-in', receipt];
    const said = execFileSync('openssl', [...verify, '-sigfile', signature], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    assert.match(said, /Signature Verified Successfully/);
    await confirm(made, receipt, '--trusted-key', publicKey);
    const pem = join(folder, 'keys/theirs.pem');
    const own = join(folder, 'keys/theirs.public.pem');
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', pem], { stdio: 'pipe' });
    execFileSync('openssl', ['pkey', '-in', pem, '-pubout', '-out', own]);
    const der = `openssl pkey -pubin -in ${own} -outform DER | sha256sum | cut -c1-16`;
    const id = execFileSync('sh', ['-c', der], { encoding: 'utf8' }).trim();
    const sign = ['pkeyutl', '-sign', '-inkey', pem, '-rawin', '-in', receipt];
    execFileSync('openssl', [...sign, '-out', `${receipt}.${id}.sig`], { stdio: 'pipe' });
    await confirm(made, receipt, '--trusted-key', own);
    await confirm(
      made,
      receipt,
      '--trusted-key',
      own,
      '--trusted-key',
      publicKey,
      '--require-signatures',
      '2',
    );
  });

  test('is refused where it is unsigned, of another key, or altered', async (t) => {
    const made = await applied(t);
    const { receipt, signature, publicKey, id, folder } = made;
    const stranger = (
      await succeed('conda-diff-export', ['keygen', join(folder, 'keys/stranger'), '--json'])
    ).json<Keys>();
    const theirs = ['--trusted-key', stranger.publicKey];
    const ours = ['--trusted-key', publicKey];
    const foreign = await refused(made, 13, receipt, ...theirs);
    assert.match(foreign, /1\.json is not signed by a trusted key/);
    assert.ok(foreign.includes(`signed by ${id}, which is not trusted`), foreign);
    assert.match(foreign, /conda-diff-import receipt <repository> -o receipt\.json --sign-key/);
    // A signature under the name of a key that did not make it
    await copyFile(signature, `${receipt}.${stranger.id}.sig`);
    assert.match(
      await refused(made, 13, receipt, ...theirs),
      /is not what was signed\n.*is not the signature of key/,
    );
    const bytes = await readFile(receipt);
    for (const position of [20, bytes.length >> 1, bytes.length - 3]) {
      const altered = Buffer.from(bytes);
      altered[position]! ^= 1;
      await writeFile(receipt, altered);
      assert.match(await refused(made, 13, receipt, ...ours), /is not what was signed/);
    }
    await writeFile(receipt, bytes);
    const right = await readFile(signature);
    right[5]! ^= 1;
    await writeFile(signature, right);
    assert.match(await refused(made, 13, receipt, ...ours), /is not what was signed/);
    await appendFile(signature, 'x');
    assert.match(await refused(made, 13, receipt, ...ours), /expected 64 bytes, found 65/);
    await rm(signature);
    assert.match(await refused(made, 13, receipt, ...ours), /is not signed by a trusted key/);
    const { code } = JSON.parse(
      (await readFile(receipt, 'utf8')).split('\n')[0]!.replace(/,$/, '}'),
    ) as Receipt;
    assert.match(await refused(made, 13, code, ...ours), /A code is not signed/);
    await confirm(made, code);
  });

  test('is asked for by the configuration, made again by receipt, and made by undo and recover', async (t) => {
    const made = await applied(t);
    const { copy, folder, privateKey, publicKey, id, signature, update } = made;
    const [online, airGapped] = [join(folder, 'keys/online.yaml'), join(folder, 'keys/air-gapped.yaml')];
    await writeFile(online, `receipt-keys: [copy.public.pem]\n`);
    await writeFile(airGapped, `sign-keys: [copy.private.pem]\n`);
    await rm(signature);
    const carried = join(folder, 'receipt.json');
    await succeed('conda-diff-import', ['receipt', copy, '-o', carried]);
    assert.match(await refused(made, 13, carried, '--config', online), /is not signed by a trusted key/);
    const { signatures } = (
      await succeed('conda-diff-import', ['receipt', copy, '-o', carried, '--config', airGapped, '--json'])
    ).json<{ signatures: string[] }>();
    assert.deepEqual(signatures, [`${carried}.${id}.sig`]);
    await confirm(made, carried, '--config', online);
    await succeed('conda-diff-import', ['undo', copy, '--config', airGapped]);
    await confirm(made, join(copy, '.conda-diff/receipts/2.json'), '--trusted-key', publicKey);
    // An import that was performed and not noted
    await succeed('conda-diff-import', ['apply', update, copy]);
    const own = join(copy, '.conda-diff');
    await rename(join(own, 'last-import.json'), join(own, 'committed.json'));
    const [third = ''] = (await readdir(join(own, 'receipts'))).filter((name) => name === '3.json');
    await rm(join(own, 'receipts', third));
    await succeed('conda-diff-import', ['recover', copy, '--sign-key', privateKey]);
    await confirm(made, join(own, 'receipts/3.json'), '--trusted-key', publicKey);
  });

  test('no key is taken from beside the receipt, or from the repository', async (t) => {
    const made = await applied(t);
    const { receipt, publicKey, privateKey, folder, copy } = made;
    await mkdir(join(folder, 'carried'));
    const [file, key] = [join(folder, 'carried/1.json'), join(folder, 'carried/key.pem')];
    await copyFile(receipt, file);
    await copyFile(publicKey, key);
    assert.match(await refused(made, 2, file, '--trusted-key', key), /lies with the update|lies with/);
    await copyFile(privateKey, join(copy, 'key.pem'));
    const args = ['receipt', copy, '--sign-key', join(copy, 'key.pem')];
    assert.match((await refuse('conda-diff-import', args, 2)).text, /lies in the repository/);
  });
});
