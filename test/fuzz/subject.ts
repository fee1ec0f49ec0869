import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyId, signatureName, signBytes } from '../../shared/signature.js';
import type { Trust } from '../../shared/trust.js';
import { writeChannel } from '../support/channel.js';
import { command } from '../support/crossing.js';
import { makeSite, type Site } from '../support/hostile-site.js';
import { type Files, MANIFEST } from './mutate.js';

/** What is altered: a signed update for a site, and another one of the same mirror and key. */
export interface Subject {
  readonly site: Site;
  readonly original: Files;
  readonly other: Files;
  readonly trust: Trust;
}

/** @param folder must be empty */
export async function makeSubject(folder: string): Promise<Subject> {
  const site = await makeSite(folder);
  const mirror = join(folder, 'mirror');
  await writeChannel(
    mirror,
    { noarch: [{ name: 'stays', files: { a: 'a' } }, { name: 'more' }] },
    { zst: true },
  );
  await command('conda-diff-export', [
    'create',
    mirror,
    '-o',
    join(folder, 'other/update.tar'),
    '--allow-removals',
  ]);
  const trust = signAll([site.update, join(folder, 'other')]);
  mkdirSync(site.media);
  return {
    site,
    original: filesOf(site.update),
    other: filesOf(join(folder, 'other')),
    trust,
  };
}

/** Signs the updates in these directories with a new key. */
export function signAll(directories: readonly string[]): Trust {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const id = keyId(publicKey);
  for (const directory of directories) {
    const manifest = join(directory, MANIFEST);
    const signature = signBytes(readFileSync(manifest), { id, key: privateKey, file: 'key' });
    writeFileSync(signatureName(manifest, id), signature);
  }
  return { keys: [{ id, key: publicKey, file: 'key' }], required: 1 };
}

function filesOf(directory: string): Files {
  return new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]));
}
