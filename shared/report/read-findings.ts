import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { asIoError, CondaDiffError } from '../errors.js';
import { RepodataScanner } from '../repodata-scan.js';
import type { Entry } from '../state.js';
import {
  FINDINGS_FIELDS,
  type IndexFindings,
  IndexFindingsCollector,
  type RecordsWanted,
} from './index-findings.js';

/** Bytes of an index in a file: all of it, or a part of an archive. */
export interface IndexBytes {
  readonly file: string;
  readonly offset: number;
}

/** What reading an index came to; `other` it is not the index that was meant. */
export type IndexReading =
  | { readonly findings: IndexFindings }
  | { readonly problem: string }
  | { readonly other: { readonly size: number; readonly sha256: string } };

const READ_BYTES = 1 << 18;

/**
 * Reads a repodata.json in one go, hashing it on the way.
 *
 * @param entry what it must be
 * @throws CondaDiffError io
 */
export async function readFindings(
  { file, offset }: IndexBytes,
  directory: string,
  entry: Entry,
  wanted: RecordsWanted,
  signal: AbortSignal,
): Promise<IndexReading> {
  const collector = new IndexFindingsCollector(directory, wanted);
  const scanner = new RepodataScanner(entry.path, collector, FINDINGS_FIELDS);
  const hash = createHash('sha256');
  let size = 0;
  let problem: string | undefined;
  const guarded = (step: () => void): void => {
    if (problem === undefined) problem = problemOf(step);
  };
  for await (const chunk of chunksOf(file, offset, entry.size, signal)) {
    hash.update(chunk);
    size += chunk.length;
    guarded(() => scanner.push(chunk));
  }
  guarded(() => scanner.end());
  const sha256 = hash.digest('hex');
  if (size !== entry.size || sha256 !== entry.sha256) return { other: { size, sha256 } };
  return problem === undefined ? { findings: collector.findings() } : { problem };
}

async function* chunksOf(
  file: string,
  offset: number,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  const range = { start: offset, end: offset + size - 1, highWaterMark: READ_BYTES, signal };
  try {
    yield* createReadStream(file, range) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw asIoError(error, `Cannot read ${file}`);
  }
}

function problemOf(step: () => void): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof CondaDiffError && error.code === 'source') return error.message;
    throw error;
  }
}
