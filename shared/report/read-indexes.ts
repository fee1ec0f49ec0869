import { dirname, join } from 'node:path';
import { CondaDiffError } from '../errors.js';
import { fingerprintOfFile } from '../fingerprint.js';
import type { Manifest } from '../manifest.js';
import type { State } from '../state.js';
import { type ArchivePlace, archivePlaces } from './archive-place.js';
import type { IndexFindings, RecordsWanted } from './index-findings.js';
import { type IndexSource, indexSources, recordsWanted } from './index-sources.js';
import { type IndexReading, readFindings } from './read-findings.js';
import type { ReportOptions } from './read-update.js';
import type { UnreadIndex, UpdateFileFound } from './report.js';

/** One index that was read. */
export interface Read {
  readonly of: IndexSource['of'];
  readonly found: IndexFindings;
}

/**
 * Reads every index that a report wants, from where it is: the archive, or the repository.
 *
 * @param states base and target, if the base reference is there
 * @param volumes the archives of the update; what is not there is not read
 * @throws CondaDiffError integrity, io
 */
export async function readIndexes(
  options: ReportOptions,
  manifest: Manifest,
  states: { readonly base: State; readonly target: State } | undefined,
  volumes: readonly UpdateFileFound[],
): Promise<{ findings: Read[]; unread: UnreadIndex[] }> {
  const wanted = recordsWanted(manifest, states?.target);
  const sources = indexSources(manifest, states);
  const shipped = new Set(sources.filter((one) => one.shipped).map(({ entry }) => entry.path));
  const present = new Set(volumes.filter(({ found }) => found).map(({ name }) => name));
  const places = new Map(
    archivePlaces(manifest, (path) => shipped.has(path))
      .filter(({ volume }) => present.has(volume))
      .map((place) => [place.file.path, place]),
  );
  const findings: Read[] = [];
  const unread: UnreadIndex[] = [];
  for (const source of sources) {
    options.signal.throwIfAborted();
    const place = source.shipped ? places.get(source.entry.path) : undefined;
    const reading = source.shipped
      ? await readShipped(options, source, place, wanted.target)
      : await readKept(options, source, wanted[source.of]);
    if ('findings' in reading) findings.push({ of: source.of, found: reading.findings });
    else unread.push({ path: source.entry.path, of: source.of, reason: reading.problem });
  }
  return { findings, unread };
}

type Reading = Exclude<IndexReading, { other: unknown }>;

/** @throws CondaDiffError integrity, when the archive holds something else there */
async function readShipped(
  { manifest, signal }: ReportOptions,
  { directory, entry }: IndexSource,
  place: ArchivePlace | undefined,
  wanted: RecordsWanted,
): Promise<Reading> {
  if (place === undefined) return { problem: 'the archive that holds it was not there' };
  const file = join(dirname(manifest), place.volume);
  const reading = await readFindings({ file, offset: place.offset }, directory, entry, wanted, signal);
  if (!('other' in reading)) return reading;
  throw new CondaDiffError('integrity', `${file} does not hold what the manifest says`, {
    details: [`${entry.path}: expected sha256 ${entry.sha256}, found sha256 ${reading.other.sha256}`],
    hint: 'Copy the archive again from its source',
  });
}

/** An index that the update does not ship: the repository may have it. */
async function readKept(
  { repository, signal }: ReportOptions,
  { directory, entry }: IndexSource,
  wanted: RecordsWanted,
): Promise<Reading> {
  if (repository === undefined) return { problem: 'the update does not hold it' };
  const file = join(repository, entry.path);
  const there = fingerprintOfFile(file) !== undefined;
  const reading = there
    ? await readFindings({ file, offset: 0 }, directory, entry, wanted, signal)
    : { problem: `${repository} does not have it` };
  return 'other' in reading ? { problem: `${repository} has another one` } : reading;
}
