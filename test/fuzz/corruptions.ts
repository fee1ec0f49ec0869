import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DISCARD, readUpdate } from '../../importer/stage.js';
import { CondaDiffError } from '../../shared/errors.js';
import { type Manifest, targetOf } from '../../shared/manifest.js';
import { readBaseReference } from '../../shared/read-base.js';
import { readSignedManifest } from '../../shared/read-signed.js';
import { paddingBytes } from '../../shared/tar-entry.js';
import type { Trust } from '../../shared/trust.js';
import { apply, listing, type Site } from '../support/hostile-site.js';
import { Random } from '../support/random.js';
import { below, pick } from './mutate-bytes.js';
import { ARCHIVE, BASE, MANIFEST } from './mutate.js';

const NEVER = new AbortController().signal;

/** Which part of the positions lies in each file; most of the bytes are the archive's. */
const SHARES: Readonly<Record<string, number>> = {
  archive: 0.6,
  manifest: 0.16,
  base: 0.16,
  signature: 0.08,
};

export interface CorruptionReport {
  readonly seed: number;
  readonly updateBytes: number;
  /** Altered and detected, by file; of the archive also those in no file's content. */
  readonly positions: Readonly<Record<string, number>>;
  /** How many of the updates were applied, too. */
  readonly applied: number;
}

/** A signed update whose single bytes are altered. */
export interface Signed {
  readonly site: Site;
  readonly trust: Trust;
}

/**
 * Alters single bytes of an update, each of them to a random other value, and requires that each is detected and that
 * none changes the copy or what is around it.
 *
 * Bytes in the contents of different files are altered at once: every file is hashed by itself, and an archive is read
 * to its end and all wrong files are named, so each of them is detected for itself. All others are altered one by one.
 */
export async function corruptions(
  { site, trust }: Signed,
  { seed, count, applied }: { seed: number; count: number; applied: number },
): Promise<CorruptionReport> {
  const random = new Random(seed);
  const { update } = site;
  const { manifest } = await readSignedManifest(join(update, MANIFEST), trust);
  const before = [listing(site.world), listing(update)];
  const signature = `${MANIFEST}.${trust.keys[0]!.id}.sig`;
  const names: Readonly<Record<string, string>> = {
    archive: ARCHIVE,
    manifest: MANIFEST,
    base: BASE,
    signature,
  };
  const positions: Record<string, number> = {};
  for (const [what, name] of Object.entries(names)) {
    const file = join(update, name);
    const places = Array.from({ length: Math.round(count * SHARES[what]!) }, () =>
      below(random, statSync(file).size),
    );
    if (what === 'archive') Object.assign(positions, await corruptArchive(manifest, file, places, random));
    else {
      for (const at of places) await refusesDocuments(file, at, random, trust, what !== 'signature');
      positions[what] = places.length;
    }
  }
  for (let n = 0; n < applied; n++) {
    const file = join(update, pick(random, Object.values(names)));
    await altered(file, [below(random, statSync(file).size)], random, () =>
      refuses(apply(site, update, trust), file),
    );
  }
  assert.deepEqual([listing(site.world), listing(update)].map(withoutTimes), before.map(withoutTimes));
  const updateBytes = Object.values(names).reduce((sum, name) => sum + statSync(join(update, name)).size, 0);
  return { seed, updateBytes, positions, applied };
}

/** An altered document is refused with trust, and, where it is no signature, without. */
async function refusesDocuments(
  file: string,
  at: number,
  random: Random,
  trust: Trust,
  alsoUnsigned: boolean,
): Promise<void> {
  const manifestFile = join(file, '..', MANIFEST);
  const read = async (trusted: Trust | undefined): Promise<void> => {
    const { manifest } = await readSignedManifest(manifestFile, trusted);
    const base = await readBaseReference(manifest, manifestFile);
    if (base !== undefined) targetOf(manifest, base, manifestFile);
  };
  await altered(file, [at], random, async () => {
    await refuses(read(trust), `${file} at ${at}`);
    if (alsoUnsigned) await refuses(read(undefined), `${file} at ${at}`);
  });
}

async function corruptArchive(
  manifest: Manifest,
  file: string,
  places: readonly number[],
  random: Random,
): Promise<Record<string, number>> {
  const contents = contentsOf(manifest, statSync(file).size);
  const perFile = new Map<string, number[]>();
  const others: number[] = [];
  for (const at of places) {
    const path = contents(at);
    if (path === undefined) others.push(at);
    else perFile.set(path, [...(perFile.get(path) ?? []), at]);
  }
  const read = (): Promise<void> => readUpdate(manifest, join(file, '..'), DISCARD, NEVER);
  for (let round = [...perFile].filter(([, list]) => list.length > 0); round.length > 0;) {
    const chosen = round.map(([path, list]) => [path, list.pop()!] as const);
    const wrong = chosen.map(([path]) => path).sort();
    await altered(
      file,
      chosen.map(([, at]) => at),
      random,
      async () => {
        const { details } = await refuses(read(), file);
        assert.deepEqual(details.map((line) => line.replace(/: expected.*/, '')).sort(), wrong);
      },
    );
    round = round.filter(([, list]) => list.length > 0);
  }
  for (const at of others) await altered(file, [at], random, () => refuses(read(), `${file} at ${at}`));
  return { 'archive, contents': places.length - others.length, 'archive, other': others.length };
}

/** Which file's content a place in an archive is in, if any; all headers are of one block. */
function contentsOf({ files }: Manifest, size: number): (at: number) => string | undefined {
  const starts: { start: number; end: number; path: string }[] = [];
  let at = 0;
  for (const { path, size: bytes } of files) {
    starts.push({ start: at + 512, end: at + 512 + bytes, path });
    at += 512 + bytes + paddingBytes(bytes);
  }
  assert.equal(at + 1024, size, 'a header has more than one block');
  return (place) => starts.find(({ start, end }) => start <= place && place < end)?.path;
}

/** Alters bytes in place, and puts them back. */
async function altered<T>(
  file: string,
  places: readonly number[],
  random: Random,
  run: () => Promise<T>,
): Promise<T> {
  const descriptor = openSync(file, 'r+');
  const before = places.map((at) => {
    const byte = Buffer.alloc(1);
    readSync(descriptor, byte, 0, 1, at);
    return byte;
  });
  try {
    for (const [i, at] of places.entries())
      writeSync(descriptor, Buffer.of(before[i]![0]! ^ (1 + below(random, 255))), 0, 1, at);
    return await run();
  } finally {
    for (const [i, at] of places.entries()) writeSync(descriptor, before[i]!, 0, 1, at);
    closeSync(descriptor);
  }
}

async function refuses(promise: Promise<unknown>, what: string): Promise<CondaDiffError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof CondaDiffError, `${what}: ${String(error)}`);
    assert.match(error.code, /^(integrity|malformed)$/, what);
    return error;
  }
  return assert.fail(`${what} was altered and not refused`);
}

/** The update itself was written to and put right again. */
function withoutTimes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^(\S+ \S+ \S+ \S+) \S+/, '$1'));
}
