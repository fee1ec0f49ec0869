import { dirname, join } from 'node:path';
import { CondaDiffError } from '../shared/errors.js';
import { isThere } from '../shared/is-there.js';
import type { Manifest } from '../shared/manifest.js';
import { requireStatedBase } from '../shared/read-base.js';
import { decodeManifest, readSignedBytes, signersBeside } from '../shared/read-signed.js';
import { readWhole } from '../shared/read-whole.js';
import { MAX_SIGNED_BYTES, SIGNATURE_BYTES, signatureName } from '../shared/signature.js';
import type { Trust } from '../shared/trust.js';
import { collectedDirectory, COLLECTED_MANIFEST } from './collected.js';
import { makeOwnDirectory, type Workbench, writeDocument } from './commit.js';
import { copyStated } from './copy-stated.js';
import { shellWord } from '../shared/shell-word.js';

/** A manifest as it was read from a medium and found right. */
export interface Taken {
  readonly manifest: Manifest;
  readonly bytes: Buffer;
  /** Where it was read. */
  readonly file: string;
}

/**
 * Reads a manifest whose update is to be collected: the bytes that are verified are those that are parsed, and those that
 * will be kept.
 *
 * @throws CondaDiffError integrity, when it is not signed as trust asks; malformed or integrity, when it is damaged; io
 */
export async function takeManifest(file: string, trust: Trust | undefined): Promise<Taken> {
  const bytes =
    trust === undefined
      ? await readWhole(file, MAX_SIGNED_BYTES, 'malformed')
      : (await readSignedBytes(file, trust)).bytes;
  const manifest = await decodeManifest(bytes, file);
  requireNames(manifest, file);
  return { manifest, bytes, file };
}

/** What is kept side by side must not have one name. */
function requireNames({ volumes, baseReference }: Manifest, file: string): void {
  const strange = [
    ...volumes.flatMap(({ name }) => (name.endsWith('.tar') ? [] : [name])),
    ...(baseReference.name.endsWith('.base.json.gz') ? [] : [baseReference.name]),
  ];
  if (strange.length === 0) return;
  throw new CondaDiffError(
    'malformed',
    `${file} gives its volumes or its base reference other names than conda-diff`,
    {
      details: strange,
      hint: 'Apply it from one directory instead',
    },
  );
}

/**
 * Keeps a manifest with its signatures, and the base reference if that lies beside it; the manifest comes last, so that
 * it is there only with what it was believed for.
 *
 * @throws CondaDiffError usage, when another manifest of this update is kept; integrity, when the base reference is not
 *   the one that it names; io
 */
export async function keepManifest(bench: Workbench, { manifest, bytes, file }: Taken): Promise<void> {
  const { disk, layout } = bench;
  const directory = collectedDirectory(layout, manifest.id);
  const kept = join(directory, COLLECTED_MANIFEST);
  const isKept = isThere(kept);
  if (isKept && !(await readWhole(kept, MAX_SIGNED_BYTES, 'malformed')).equals(bytes))
    throw isAnother(layout.repository, manifest, file);
  await makeOwnDirectory(bench, layout.collected);
  if (!isThere(directory)) {
    await disk.makeDirectory(directory, 0o700);
    await disk.syncDirectory(layout.collected);
  }
  await keepBase(bench, directory, manifest, file);
  for (const id of signersBeside(file)) {
    const signature = await readWhole(signatureName(file, id), 1 << 16, 'integrity');
    const own = signatureName(kept, id);
    if (signature.length === SIGNATURE_BYTES && !isThere(own)) await writeDocument(bench, own, [signature]);
  }
  if (!isKept) await writeDocument(bench, kept, [bytes]);
}

async function keepBase(
  bench: Workbench,
  directory: string,
  { baseReference: stated }: Manifest,
  manifestFile: string,
): Promise<void> {
  const [from, to] = [join(dirname(manifestFile), stated.name), join(directory, stated.name)];
  if (isThere(to) || !isThere(from)) return;
  requireStatedBase(from, stated, await copyStated(bench, from, to, stated));
}

function isAnother(repository: string, { sequence }: Manifest, file: string): CondaDiffError {
  return new CondaDiffError(
    'usage',
    `${file} is another manifest of update ${String(sequence)} than the staged one`,
    {
      hint: [
        'The update was made again. To collect this one instead, discard what was staged of the other:',
        `  conda-diff-import stage ${shellWord(repository)} --discard ${String(sequence)}`,
      ].join('\n'),
    },
  );
}
