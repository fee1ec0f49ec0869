import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  keyId,
  parsePrivateKey,
  parsePublicKey,
  SIGNATURE_BYTES,
  signatureName,
  signBytes,
  signerOf,
  verifies,
} from '../../shared/signature.js';
import { temporaryDirectory } from '../support/channel.js';
import { refuses } from '../support/refusal.js';
import { skipWithout } from '../support/run-command.js';

/** The example of RFC 8410, section 10. */
const PRIVATE = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`;
const PUBLIC = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;
const MESSAGE = Buffer.from('the exact bytes');
const skip = skipWithout('openssl');

const openssl = (cwd: string, ...args: string[]): string =>
  execFileSync('openssl', args, { cwd, encoding: 'utf8', stdio: 'pipe' });

describe('keys', () => {
  it('have one id for both halves, from the public one', () => {
    const [own, other] = [parsePrivateKey(PRIVATE, 'k'), parsePublicKey(PUBLIC, 'p')];
    assert.equal(own.id, other.id);
    assert.match(own.id, /^[0-9a-f]{16}$/);
    assert.notEqual(own.id, keyId(generateKeyPairSync('ed25519').publicKey));
  });

  it('have the id that OpenSSL and sha256sum give', { skip }, async (t) => {
    const folder = await temporaryDirectory(t);
    await writeFile(join(folder, 'p.pem'), PUBLIC);
    const line = 'openssl pkey -pubin -in p.pem -outform DER | sha256sum | cut -c1-16';
    const id = execFileSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8' });
    assert.equal(id.trim(), parsePublicKey(PUBLIC, 'p').id);
  });

  it('are refused when they are not what they should be, with the file and what to do', () => {
    const rsa = generateKeyPairSync('rsa', {
      modulusLength: 1024,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const encrypted = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
    }).privateKey;
    const publicly = (pem: string) => () => parsePublicKey(pem, 'p.pem');
    const privately = (pem: string) => () => parsePrivateKey(pem, 'k.pem');
    refuses(
      publicly(PRIVATE),
      'usage',
      /^p\.pem is a private key\n.*public half.*\n.*openssl pkey -in p\.pem -pubout/,
    );
    refuses(publicly(PUBLIC + PRIVATE), 'usage', /is a private key/);
    refuses(publicly(encrypted), 'usage', /is a private key/);
    refuses(
      publicly(rsa.publicKey),
      'usage',
      /is not an Ed25519 key\nfound a key of the type rsa\n.*keygen <name>/,
    );
    refuses(publicly(''), 'usage', /^p\.pem is not a public key in PEM/);
    refuses(publicly(PUBLIC.replace('MCow', 'MCpw')), 'usage', /is not a public key in PEM/);
    refuses(privately(PUBLIC), 'usage', /^k\.pem is a public key; it takes the private one to sign/);
    refuses(privately(rsa.privateKey), 'usage', /is not an Ed25519 key/);
    refuses(privately(encrypted), 'usage', /k\.pem is encrypted; .*\n.*Sign with OpenSSL/);
    refuses(privately('hello'), 'usage', /k\.pem is not a private key in PEM\n.*keygen/);
  });
});

describe('a signature', () => {
  const [key, publicKey] = [parsePrivateKey(PRIVATE, 'k'), parsePublicKey(PUBLIC, 'p')];

  it('is right for exactly these bytes and this key', () => {
    const signature = signBytes(MESSAGE, key);
    assert.equal(signature.length, SIGNATURE_BYTES);
    assert.deepEqual(signBytes(MESSAGE, key), signature, 'the same bytes and key give another signature');
    assert.ok(verifies(MESSAGE, signature, publicKey));
    for (let i = 0; i < MESSAGE.length; i++) {
      const altered = Buffer.from(MESSAGE);
      altered[i]! ^= 1;
      assert.ok(!verifies(altered, signature, publicKey), `byte ${String(i)}`);
    }
    for (let i = 0; i < SIGNATURE_BYTES; i++) {
      const altered = Buffer.from(signature);
      altered[i]! ^= 1;
      assert.ok(!verifies(MESSAGE, altered, publicKey), `byte ${String(i)} of the signature`);
    }
    for (const wrong of [signature.subarray(1), Buffer.concat([signature, signature]), Buffer.alloc(0)])
      assert.ok(!verifies(MESSAGE, wrong, publicKey));
    const other = { ...publicKey, key: generateKeyPairSync('ed25519').publicKey };
    assert.ok(!verifies(MESSAGE, signature, other));
  });

  it('is verified by OpenSSL, and one that OpenSSL made is right here', { skip }, async (t) => {
    const folder = await temporaryDirectory(t);
    for (const [name, bytes] of [
      ['k.pem', PRIVATE],
      ['p.pem', PUBLIC],
      ['m', MESSAGE],
      ['ours', signBytes(MESSAGE, key)],
    ] as const)
      await writeFile(join(folder, name), bytes);
    const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', 'p.pem', '-rawin', '-in', 'm', '-sigfile'];
    assert.match(openssl(folder, ...verify, 'ours'), /Signature Verified Successfully/);
    await writeFile(join(folder, 'wrong'), signBytes(Buffer.from('other bytes'), key));
    assert.throws(() => openssl(folder, ...verify, 'wrong'));
    openssl(folder, 'genpkey', '-algorithm', 'ed25519', '-out', 'theirs.pem');
    openssl(folder, 'pkey', '-in', 'theirs.pem', '-pubout', '-out', 'theirs.pub');
    openssl(folder, 'pkeyutl', '-sign', '-inkey', 'theirs.pem', '-rawin', '-in', 'm', '-out', 'theirs');
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    const theirs = parsePublicKey(await read('theirs.pub'), 'theirs.pub');
    const signature = await readFile(join(folder, 'theirs'));
    assert.ok(verifies(MESSAGE, signature, theirs));
    assert.deepEqual(signBytes(MESSAGE, parsePrivateKey(await read('theirs.pem'), 'k')), signature);
    assert.ok(!verifies(MESSAGE, signature, publicKey));
  });

  it('has a name that tells whose it is, and of what', () => {
    const name = signatureName('update.manifest.json', key.id);
    assert.equal(name, `update.manifest.json.${key.id}.sig`);
    assert.equal(signerOf(name, 'update.manifest.json'), key.id);
    for (const other of [
      'update.manifest.json',
      'update.manifest.json.sig',
      'update.manifest.json.officer.sig',
      `update.manifest.json.${key.id.toUpperCase()}X.sig`,
      `update.manifest.json.x.${key.id}.sig.partial`,
      `week.manifest.json.${key.id}.sig`,
    ])
      assert.equal(signerOf(other, 'update.manifest.json'), undefined, other);
  });
});
