import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asIoError, CondaDiffError } from '../errors.js';
import { hashFile } from '../hashing.js';
import { targetOf } from '../manifest.js';
import { readBaseReference } from '../read-base.js';
import { readSignedManifest } from '../read-signed.js';
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
  const { manifest } = await readSignedManifest(options.manifest, options.trust);
  const directory = dirname(options.manifest);
  const base = await readBaseReference(manifest, options.manifest);
  const states = base && { base: base.state, target: targetOf(manifest, base, options.manifest) };
  const volumes = manifest.volumes.map((volume) => foundBeside(directory, volume));
  const { findings, unread } = await readIndexes(options, manifest, states, volumes);
  return makeReport({
    manifest,
    manifestFile: { name: basename(options.manifest), ...(await hashFile(options.manifest)) },
    volumes,
    baseReference: { ...manifest.baseReference, found: base !== undefined },
    signatures: signaturesBeside(options.manifest),
    states,
    targetIndexes: findings.filter(({ of }) => of === 'target').map(({ found }) => found),
    baseIndexes: findings.filter(({ of }) => of === 'base').map(({ found }) => found),
    unread,
  });
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
