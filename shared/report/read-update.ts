import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asIoError, CondaDiffError } from '../errors.js';
import { type FileHash, hashFile } from '../hashing.js';
import { type Manifest, targetOf } from '../manifest.js';
import { readBaseReference } from '../read-base.js';
import { decodeManifest, readSignedBytes, readSignedManifest } from '../read-signed.js';
import type { Trust } from '../trust.js';
import { readIndexes } from './read-indexes.js';
import { makeReport, type Report, type UpdateFileFound } from './report.js';

/** Where the update is whose report is made. */
export interface ReportOptions {
  /** Path of the manifest; the other files of the update lie beside it. */
  readonly manifest: string;
  /** A mirror or copy that may hold indexes that the update does not: each is used where it is the right one. */
  readonly repository: string | undefined;
  /** Whose signatures the manifest must have; `undefined` where nothing is trusted. */
  readonly trust?: Trust | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads an update and makes its report. Of the archive only the indexes are read. Whatever is not there makes the report
 * say less, and say so; whatever is there and not right is an error.
 *
 * @throws CondaDiffError malformed, integrity, usage (no such manifest), io
 */
export async function readReport(options: ReportOptions): Promise<Report> {
  const { manifest, found, verified } = await readOnce(options);
  const directory = dirname(options.manifest);
  const base = await readBaseReference(manifest, options.manifest);
  const states = base && { base: base.state, target: targetOf(manifest, base, options.manifest) };
  const volumes = manifest.volumes.map((volume) => foundBeside(directory, volume));
  const { findings, unread } = await readIndexes(options, manifest, states, volumes);
  return makeReport({
    manifest,
    manifestFile: { name: basename(options.manifest), ...found },
    volumes,
    baseReference: { ...manifest.baseReference, found: base !== undefined },
    signatures: signaturesBeside(options.manifest),
    verified,
    states,
    targetIndexes: findings.filter(({ of }) => of === 'target').map(({ found }) => found),
    baseIndexes: findings.filter(({ of }) => of === 'base').map(({ found }) => found),
    unread,
  });
}

/** The manifest, and the hash of it; where something is trusted, both are of the bytes whose signatures were verified. */
async function readOnce({ manifest: file, trust }: ReportOptions): Promise<{
  readonly manifest: Manifest;
  readonly found: FileHash;
  readonly verified: readonly string[];
}> {
  if (trust === undefined) {
    const { manifest } = await readSignedManifest(file, trust);
    return { manifest, found: await hashFile(file), verified: [] };
  }
  const { bytes, signatures } = await readSignedBytes(file, trust);
  const found = { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  return { manifest: await decodeManifest(bytes, file), found, verified: signatures.trusted };
}

/** @throws CondaDiffError integrity, when it is there with another size */
function foundBeside(directory: string, volume: Omit<UpdateFileFound, 'found'>): UpdateFileFound {
  const { name, size, sha256 } = volume;
  const file = join(directory, name);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats !== undefined && stats.size !== size) {
    throw new CondaDiffError('integrity', `${file} is not the archive that the manifest names`, {
      details: [`expected ${String(size)} bytes, found ${String(stats.size)}`],
      hint: 'Copy the archive again from its source',
    });
  }
  return { name, size, sha256, found: stats !== undefined };
}

const SIGNATURE = /\.[0-9a-f]{16}\.sig$/;

function signaturesBeside(manifest: string): string[] {
  const name = basename(manifest);
  try {
    return readdirSync(dirname(manifest))
      .filter((file) => file.startsWith(name) && SIGNATURE.test(file.slice(name.length)))
      .sort();
  } catch (error) {
    throw asIoError(error, `Cannot list ${dirname(manifest)}`);
  }
}
